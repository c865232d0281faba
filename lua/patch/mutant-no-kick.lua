-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an injection makes the request and does not kick.
-- Caught by: scenarios/ode/kick-wakes.lua (v4.14)

function K.vgic_request_irq(vcpu)
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
end
