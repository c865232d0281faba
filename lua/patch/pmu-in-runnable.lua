-- SPDX-License-Identifier: GPL-2.0-or-later
-- The mail's other way to repair point 5: pending state of its own for the
-- PMU, checked by runnable().

source("virt/kvm/arm/arm.c", "pmu-in-runnable")

local runnable = K.kvm_arch_vcpu_runnable

function K.kvm_arch_vcpu_runnable(vcpu)
	if K.kvm_pmu_overflow_status(vcpu) and not load(vcpu.power_off)
	   and not load(vcpu.pause) then
		return true
	end
	return runnable(vcpu)
end
