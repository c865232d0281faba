-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an injection kicks without a request (4.12 and before).
-- Caught by: scenarios/gallery/pulse-at-entry.lua (v4.14)

function K.vgic_request_irq(vcpu)
	K.kvm_vcpu_kick(vcpu)
end
