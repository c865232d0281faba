-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: with a userspace irqchip, KVM_RUN does not return for a timer's output.
-- Caught by: scenarios/gallery/idle-tick-user.lua (v4.14)

function K.kvm_timer_should_notify_user(vcpu)
	return false
end
