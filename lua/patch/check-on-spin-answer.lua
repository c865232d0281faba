-- SPDX-License-Identifier: GPL-2.0-or-later
-- Not a proposal: asserts what the mail's point 4 concludes of its context 2:
-- where kvm_vcpu_on_spin() asks, runnable() is "not waiting, or ...".  So it is
-- never false of a vCPU that neither waits nor is stopped, before and after.

source("virt/kvm/kvm_main.c", "check-on-spin-answer")

local function waits(vcpu)
	return load(vcpu.hw_wfi) or load(vcpu.power_off) or load(vcpu.pause)
end

local function runnable(vcpu)
	local waited = waits(vcpu)

	if K.kvm_arch_vcpu_runnable(vcpu) then
		return true
	end
	if not waited and not waits(vcpu) then
		fail("runnable() is false of a vCPU that neither waits nor is stopped")
	end
	return false
end

function K.yield_to_vcpu(me, vcpu)
	if vcpu == me or not load(vcpu.preempted) then
		return false
	end
	if not list_empty(vcpu.wq.list) and not runnable(vcpu) then
		return false
	end
	mark("yield_to", vcpu)
	yield_cpu()
	return true
end
