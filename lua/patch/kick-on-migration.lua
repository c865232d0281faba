-- SPDX-License-Identifier: GPL-2.0-or-later
-- "KVM: arm/arm64: VGIC: Kick new VCPU on interrupt migration" (4.17): after
-- all locks are dropped, the vCPU that got the interrupt is told.

source("virt/kvm/arm/vgic/vgic.c", "v4.17")

local vgic_migrate_irq = K.vgic_migrate_irq

function K.vgic_migrate_irq(irq, from, to)
	vgic_migrate_irq(irq, from, to)
	K.vgic_request_irq(to)
end
