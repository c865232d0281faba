-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: after the gap between irq_lock and ap_list_lock, an injection does
-- not look again whether the interrupt is on a list already, or whose.
-- Caught by: scenarios/gallery/injection-race.lua (v4.14)

function K.vgic_add_to_list(irq, vcpu)
	list_add_tail(vcpu.ap_list, irq)
	store(irq.vcpu, vcpu)
	spin_unlock(irq.lock)
	spin_unlock(vcpu.ap_list_lock)
	return true
end
