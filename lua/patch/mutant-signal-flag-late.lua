-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: a signal wakes first and is pending afterwards.
-- Caught by: scenarios/gallery/signal-while-waiting.lua (v4.14), explored

function K.signal_wake_up(vcpu)
	if not try_to_wake_up(vcpu.task) then
		raise(vcpu.ipi)
	end
	store(vcpu.task.sigpending, true)
end
