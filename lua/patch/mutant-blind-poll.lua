-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: halt polling burns its window and never looks.
-- Caught by: scenarios/gallery/halt-polling.lua (v4.14), timed

function K.halt_poll(vcpu)
	local stop = ktime_get() + load(vcpu.halt_poll_ns)

	return loop(function()
		burn(timing.poll)
		if not (ktime_get() < stop) then
			return false
		end
	end)
end
