-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: who has been kicked is not kicked again before it has been in the guest
-- (s390's kicked_mask, until 2021): a wake-up for nothing uses the kick up.
-- Caught by: scenarios/gallery/woken-in-vain.lua (v4.14)

struct("vcpu", { kicked = word { "KICKED" } })

local kvm_vcpu_kick = K.kvm_vcpu_kick

function K.kvm_vcpu_kick(vcpu)
	if not test_and_set_bit(KICKED, vcpu.kicked) then
		kvm_vcpu_kick(vcpu)
	end
end

local hw_run_guest = K.hw_run_guest

function K.hw_run_guest(vcpu)
	clear_bit(KICKED, vcpu.kicked)
	return hw_run_guest(vcpu)
end
