-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an interrupt that was pending when it is enabled is put on no list.
-- Caught by: scenarios/gallery/enabled-late.lua (v4.14)

function K.vgic_mmio_write_senable(vcpu, irq)
	spin_lock(irq.lock)
	store(irq.enabled, true)
	spin_unlock(irq.lock)
end
