-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: who queues an interrupt keeps its lock while it takes the list's,
-- which everybody else takes first.

function K.vgic_queue_irq_unlock(irq)
	local vcpu = K.vgic_target_oracle(irq)

	if vcpu == NULL or load(irq.vcpu) ~= NULL then
		spin_unlock(irq.lock)
		if vcpu ~= NULL then
			K.vgic_request_irq(vcpu)
		end
		return true
	end
	spin_lock(vcpu.ap_list_lock)
	if K.vgic_add_to_list(irq, vcpu) then
		K.vgic_request_irq(vcpu)
	end
	return true
end
