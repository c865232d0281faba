-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: a migrated interrupt keeps its old vCPU in irq->vcpu.

function K.vgic_migrate_irq(irq, from, to)
	K.vgic_lock_two_lists(from, to)
	spin_lock(irq.lock)
	if K.vgic_target_oracle(irq) == to then
		list_del(from.ap_list, irq)
		list_add_tail(to.ap_list, irq)
	end
	spin_unlock(irq.lock)
	spin_unlock(to.ap_list_lock)
	spin_unlock(from.ap_list_lock)
end
