-- SPDX-License-Identifier: GPL-2.0-or-later
-- Not a proposal: asserts what the mail's point 4 says of its context 1, that
-- who is in kvm_vcpu_block() waits for interrupts.

source("virt/kvm/kvm_main.c", "check-block")

local check_block = K.kvm_vcpu_check_block

function K.kvm_vcpu_check_block(vcpu)
	if not load(vcpu.hw_wfi) then
		fail("kvm_vcpu_block() of a vCPU that does not wait for interrupts")
	end
	return check_block(vcpu)
end
