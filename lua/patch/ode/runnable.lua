-- SPDX-License-Identifier: GPL-2.0-or-later
-- kvm_arch_vcpu_runnable() of 4.14 taken apart, so that the proposals of the
-- mail can each replace a part, in any order and combination:
--
--	runnable(v) = (!W_i || I) && !W_u
--
-- As it stands here it loads what 4.14 loads, in the same order.

if kvm.ode_runnable then
	return
end
kvm.ode_runnable = true

source("virt/kvm/arm/arm.c", "ode")

-- W_i: without proposal 2 a caller is taken to wait for interrupts.
function K.vcpu_halted(vcpu)
	return true
end

-- I
function K.vcpu_interrupts_pending(vcpu)
	return any(vcpu.irq_lines) or K.kvm_vgic_vcpu_pending_irq(vcpu)
end

-- W_u
function K.vcpu_stopped(vcpu)
	return load(vcpu.power_off) or load(vcpu.pause)
end

function K.kvm_arch_vcpu_runnable(vcpu)
	return (not K.vcpu_halted(vcpu) or K.vcpu_interrupts_pending(vcpu))
	       and not K.vcpu_stopped(vcpu)
end
