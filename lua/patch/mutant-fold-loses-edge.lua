-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an edge that the guest did not take is not latched again when its list
-- register is folded.
-- Caught by: scenarios/gallery/two-at-once.lua (v4.14)

function K.vgic_fold_lr(lr)
	local irq = load(lr.irq)

	if irq == NULL then
		return
	end
	spin_lock(irq.lock)
	store(irq.active, load(lr.active))
	if not load(lr.pending) and load(irq.level) then
		store(irq.pending_latch, false)
	end
	spin_unlock(irq.lock)
	K.vgic_clear_lr(lr)
end
