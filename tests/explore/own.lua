-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt on the own CPU sees what its thread has stored, by program
-- order; nobody else need: raising it waits for nothing, nor does taking it.
-- tests/explore/weak.sh says what the thread does, and who looks.

local how, who, barrier = "off_raised", "stores", "nothing"

source("(own)", "")
struct("shared", { x = flag(), y = flag(), irq = handler(), other = handler() })
local m = kernel_name() and object("shared", "m", {})

local first = {
	-- A device raises it.
	off = function()
		local_irq_disable()
		WRITE_ONCE(m.x, true)
		local_irq_enable()
	end,
	on_raised = function()
		WRITE_ONCE(m.x, true)
		raise(m.irq)
	end,
	off_raised = function()
		local_irq_disable()
		WRITE_ONCE(m.x, true)
		raise(m.irq)
		local_irq_enable()
	end,
	-- The interrupt of another CPU comes when all before it is visible.
	other_raised = function()
		WRITE_ONCE(m.x, true)
		raise(m.other)
	end,
}

local function look()
	if READ_ONCE(m.y) then
		smp_rmb()
		if not READ_ONCE(m.x) then
			fail("late")
		end
	end
end

local interrupt = {
	stores = function()
		if READ_ONCE(m.x) then
			if barrier == "smp_wmb" then
				smp_wmb()
			end
			WRITE_ONCE(m.y, true)
		elseif how ~= "off" then
			fail("not even here")
		end
	end,
	pends = function() end,
}

local observer = {
	stores = look,
	pends = function()
		if is_pending(m.irq) or is_pending(m.other) then
			smp_rmb()
			if not READ_ONCE(m.x) then
				fail("late")
			end
		end
	end,
}

oracle {
	deliverable = function() return false end,
	pending = function(v) return false end,
	waits = function(v) return 0 end,
}

if kernel_name() then
	kvm.hw = object("hw", "machine")
	host {
		cpus = 3, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after, ops = timing.ops,
	}
	local t = actor { type = "thread", name = "thread",
			  run = function() first[how]() end }
	local o = actor { type = "thread", name = "observer",
			  run = function() observer[who]() end }
	actor { type = "hardirq", name = "irq", home = t, handler = "irq",
		object = m, run = function() interrupt[who]() end }
	actor { type = "hardirq", name = "other", home = o, handler = "other",
		object = m, run = function() interrupt.stores() end }
	if how == "off" then
		actor { type = "hw", name = "device",
			run = function() raise(m.irq) end }
	end
end

return {
	name	 = "own",
	about	 = "an interrupt on the own CPU, and a store before it",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { failed = "never" } },
}
