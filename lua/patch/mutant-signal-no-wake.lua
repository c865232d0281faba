-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: a signal takes a vCPU out of its guest, and does not wake it.
-- Caught by: scenarios/gallery/signal-while-waiting.lua (v4.14)

function K.signal_wake_up(vcpu)
	store(vcpu.task.sigpending, true)
	raise(vcpu.ipi)
end
