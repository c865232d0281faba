-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: kvm_vcpu_check_block() does not ask for the timers (b57de4ffd7c6, which
-- a userspace irqchip did not survive): who was woken for one sleeps again.
-- Caught by: scenarios/gallery/idle-tick-user.lua (v4.14)

function K.kvm_cpu_has_pending_timer(vcpu)
	return false
end
