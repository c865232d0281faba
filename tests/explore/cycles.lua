-- SPDX-License-Identifier: GPL-2.0-or-later
-- Four threads that take two locks each, in orders that are two cycles; and a
-- fifth lock that is taken late, inside of others.

source("(cycles)", "")
local all = {}
for name in ("abcde"):gmatch(".") do
	struct(name, { lock = lock() })
end
for name in ("abcde"):gmatch(".") do
	all[name] = kernel_name() and object(name, name, {})
end

-- takes[thread]: in which order
local takes = { "ab", "ba", "cd", "dc" }

local function nested(order)
	if order == "" then
		return
	end
	spin_lock(all[order:sub(1, 1)].lock)
	nested(order:sub(2))
	spin_unlock(all[order:sub(1, 1)].lock)
end

oracle {
	deliverable = function() return false end,
	pending = function(v) return false end,
	waits = function(v) return 0 end,
}

if kernel_name() then
	kvm.hw = object("hw", "machine")
	host {
		cpus = 4, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after, ops = timing.ops,
	}
	for i, order in ipairs(takes) do
		actor { type = "thread", name = "t" .. i,
			run = function() nested(order) end }
	end
end

return {
	name	 = "cycles",
	about	 = "locks that are taken in more than one order",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { lock_order = "never", failed = "any" } },
}
