-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: KVM_IRQ_LINE kicks without a request.  4.14 gets away with it: the
-- line itself is in the predicate, and is read after the mode is set.  On
-- top of ode-3 it bites.
-- Caught by: scenarios/ode/line-while-waiting.lua (v4.14+ode-3)

function K.vcpu_interrupt_line(vcpu, level)
	local old

	if level then
		old = test_and_set_bit(HCR_VI, vcpu.irq_lines)
	else
		old = test_and_clear_bit(HCR_VI, vcpu.irq_lines)
	end
	if old ~= level then
		K.kvm_vcpu_kick(vcpu)
	end
end
