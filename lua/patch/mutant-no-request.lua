-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an injection kicks without a request (4.12 and before).

function K.vgic_request_irq(vcpu)
	K.kvm_vcpu_kick(vcpu)
end
