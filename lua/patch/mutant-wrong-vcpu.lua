-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an injection kicks vCPU 0, whoever the interrupt is for.
-- Caught by: scenarios/gallery/ipi-ping-pong.lua (v4.14)

function K.vgic_request_irq(vcpu)
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
	K.kvm_vcpu_kick(kvm.vcpu[0])
end
