-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: KVM_IRQ_LINE makes the request and does not kick.
-- Caught by: scenarios/ode/line-while-waiting.lua (v4.14)

function K.vcpu_interrupt_line(vcpu, level)
	local old

	if level then
		old = test_and_set_bit(HCR_VI, vcpu.irq_lines)
	else
		old = test_and_clear_bit(HCR_VI, vcpu.irq_lines)
	end
	if old ~= level then
		K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
	end
end
