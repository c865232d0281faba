-- SPDX-License-Identifier: GPL-2.0-or-later
-- Two threads and a variable that is declared guarded; tests/explore/race.sh
-- says how each of them accesses it.

local first, second = "locked", "locked"

source("(race)", "")
struct("shared", { lock = lock(), x = guarded(count(3)) })
local m = kernel_name() and object("shared", "m", {})

local access = {
	locked = function(store_it)
		spin_lock(m.lock)
		store_it()
		spin_unlock(m.lock)
	end,
	plain = function(store_it) store_it() end,
	once = function() WRITE_ONCE(m.x, 2) end,
	reads = function() load(m.x) end,
	reads_once = function() READ_ONCE(m.x) end,
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
	actor { type = "thread", name = "a", run = function()
		access[first](function() store(m.x, 1) end)
	end }
	actor { type = "thread", name = "b", run = function()
		access[second](function() store(m.x, 2) end)
	end }
end

if kernel_name() then
	build()
end

return {
	name	 = "race",
	about	 = "two accesses to what is declared guarded",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { race = "never" } },
}
