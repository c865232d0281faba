-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an injection makes the request and does not kick.

function K.vgic_request_irq(vcpu)
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
end
