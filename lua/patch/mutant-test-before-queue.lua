-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the condition is tested before the task is queued and marked
-- sleeping, and not again after.
-- Caught by: scenarios/ode/kick-wakes.lua (v4.14)

function K.block_wait(vcpu)
	K.kvm_arch_vcpu_blocking(vcpu)
	loop(function()
		if K.kvm_vcpu_check_block(vcpu) then
			return true
		end
		K.prepare_to_swait(vcpu.wq, vcpu)
		K.schedule(vcpu)
	end)
	K.finish_swait(vcpu.wq, vcpu)
	K.kvm_arch_vcpu_unblocking(vcpu)
end
