-- SPDX-License-Identifier: GPL-2.0-or-later
-- 9009782a4937 "KVM: arm/arm64: vgic: Consider priority and active state for
-- pending irq" (5.0): what is masked, or active already, ends no wait.  VMCR is
-- read before the lock; here it is hardware's, not a copy that may be stale.

source("virt/kvm/arm/vgic/vgic.c", "v5.0")

function K.kvm_vgic_vcpu_pending_irq(vcpu)
	if not load(kvm.arch.vgic_enabled) then
		return false
	end
	local pmr = load(vcpu.hw_pmr)
	spin_lock(vcpu.ap_list_lock)
	local hit = list_for_each(vcpu.ap_list, function(irq)
		spin_lock(irq.lock)
		local pending = K.irq_is_pending(irq) and load(irq.enabled)
				and not load(irq.active)
				and load(irq.priority) < pmr
		spin_unlock(irq.lock)
		if pending then
			return true
		end
	end)
	spin_unlock(vcpu.ap_list_lock)
	return hit == true
end
