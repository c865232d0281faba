-- SPDX-License-Identifier: GPL-2.0-or-later
-- Not a proposal: asserts what the mail's point 4 says of its context 2, that
-- a vCPU whose runnable() kvm_vcpu_on_spin() asks is stopped or waits.

source("virt/kvm/kvm_main.c", "check-on-spin")

function K.check_waits(vcpu)
	if not load(vcpu.hw_wfi) and not load(vcpu.power_off)
	   and not load(vcpu.pause) then
		fail("runnable() is asked of a vCPU that neither waits nor is stopped")
	end
end

function K.yield_to_vcpu(me, vcpu)
	if vcpu == me or not load(vcpu.preempted) then
		return false
	end
	if not list_empty(vcpu.wq.list) then
		K.check_waits(vcpu)
		mark("context 2", vcpu)
		if not K.kvm_arch_vcpu_runnable(vcpu) then
			return false
		end
	end
	mark("yield_to", vcpu)
	yield_cpu()
	return true
end
