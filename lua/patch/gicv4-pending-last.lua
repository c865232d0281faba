-- SPDX-License-Identifier: GPL-2.0-or-later
-- c971968071d3 "KVM: arm/arm64: GICv4: Use pending_last as a scheduling
-- hint": the patch that the mail names in its point 3.

requires("gicv4")

source("virt/kvm/arm/vgic/vgic.c", "v4.15")

local pending_irq = K.kvm_vgic_vcpu_pending_irq

function K.kvm_vgic_vcpu_pending_irq(vcpu)
	if load(kvm.arch.vgic_enabled) and load(vcpu.pending_last) then
		return true
	end
	return pending_irq(vcpu)
end
