-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the prune after an exit drops what is not pending any more, but
-- forgets to look whether the rest still has the same target.
-- Caught by: scenarios/ode/migrated-at-prune.lua (v4.14+kick-on-migration)

function K.vgic_prune_irq(vcpu, irq)
	spin_lock(irq.lock)
	if K.vgic_target_oracle(irq) == NULL then
		list_del(vcpu.ap_list, irq)
		store(irq.vcpu, NULL)
	end
	spin_unlock(irq.lock)
	return false
end
