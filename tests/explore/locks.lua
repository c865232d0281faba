-- SPDX-License-Identifier: GPL-2.0-or-later
-- Two threads, an interrupt and three locks; tests/explore/locks.sh says what
-- each of them does.

local first, second, third = "ab", "ab", "nothing"

source("(locks)", "")
struct("left", { lock = lock() })
struct("right", { lock = lock() })
struct("gate", { lock = lock(), open = flag(), irq = handler() })
local a = kernel_name() and object("left", "a", {})
local a2 = kernel_name() and object("left", "a2", {})
local b = kernel_name() and object("right", "b", {})
local g = kernel_name() and object("gate", "g", {})

local function nested(x, y)
	return function()
		spin_lock(x.lock)
		spin_lock(y.lock)
		spin_unlock(y.lock)
		spin_unlock(x.lock)
	end
end

local does = {
	nothing = function() end,
	ab = function() nested(a, b)() end,
	ba = function() nested(b, a)() end,
	a2b = function() nested(a2, b)() end,
	aa2 = function() nested(a, a2)() end,
	a2a = function() nested(a2, a)() end,
	-- Never at the same time as the other.
	ab_first = function()
		nested(a, b)()
		store(g.open, true)
	end,
	ba_then = function()
		await(g.open, true)
		nested(b, a)()
	end,
	gated_ab = function()
		spin_lock(g.lock)
		nested(a, b)()
		spin_unlock(g.lock)
	end,
	gated_ba = function()
		spin_lock(g.lock)
		nested(b, a)()
		spin_unlock(g.lock)
	end,
	a = function()
		spin_lock(a.lock)
		spin_unlock(a.lock)
	end,
	b = function()
		spin_lock(b.lock)
		spin_unlock(b.lock)
	end,
	a_off = function()
		local_irq_disable()
		spin_lock(a.lock)
		spin_unlock(a.lock)
		local_irq_enable()
	end,
	ab_off = function()
		local_irq_disable()
		nested(a, b)()
		local_irq_enable()
	end,
	a_on_inside = function()
		local_irq_disable()
		spin_lock(a.lock)
		local_irq_enable()
		spin_unlock(a.lock)
	end,
	b_holds_a = function()
		spin_lock(b.lock)
		local_irq_disable()
		spin_lock(a.lock)
		spin_unlock(a.lock)
		local_irq_enable()
		spin_unlock(b.lock)
	end,
}

oracle {
	deliverable = function() return false end,
	pending = function(v) return false end,
	waits = function(v) return 0 end,
}

local function build()
	kvm.hw = object("hw", "machine")
	host {
		cpus = 2, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after, ops = timing.ops,
	}
	actor { type = "thread", name = "one",
		run = function() does[first]() end }
	actor { type = "thread", name = "two",
		run = function() does[second]() end }
	if third == "nothing" then
		return
	end
	-- On a thread that holds no lock: nobody waits for ever.
	local idle = actor { type = "thread", name = "three",
			      run = function() end }
	actor { type = "hardirq", name = "irq", home = idle, handler = "irq",
		object = g, run = function() does[third]() end }
	actor { type = "hw", name = "device", run = function() raise(g.irq) end }
end

if kernel_name() then
	build()
end

return {
	name	 = "locks",
	about	 = "three locks, taken in some order",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { lock_order = "never", failed = "any" } },
}
