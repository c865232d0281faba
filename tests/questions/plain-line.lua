-- SPDX-License-Identifier: GPL-2.0-or-later
-- A waker without a lock, an ordered atomic or a request: a plain store, then
-- the wake-up.  What orders the two is the barrier of swq_has_sleeper() alone.

source("virt/kvm/arm/arm.c", "plain-line")

function K.vcpu_interrupt_line(vcpu, level)
	if level then
		store(vcpu.irq_lines, 1 << HCR_VI)
		K.kvm_vcpu_wake_up(vcpu)
	else
		store(vcpu.irq_lines, 0)
	end
end
