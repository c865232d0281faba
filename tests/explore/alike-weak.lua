-- SPDX-License-Identifier: GPL-2.0-or-later
-- Two CPUs that do the same, each with an object of its own: store buffering
-- between them, and a lock that orders what is read late.  With a barrier in
-- place of the line "early" neither reads what is old.

source("(alike)", "")
struct("side", {
	x = count(3), lock = lock(), guarded = count(3),
	zero = arch(flag()),
})
local side = {}
for i = 1, 2 do
	side[i] = kernel_name() and object("side", "side" .. i, {})
end
oracle { waits = function() return 0 end,
	pending = function() return false end,
	deliverable = function() return false end }

local function cpu(own, other)
	WRITE_ONCE(own.x, 1)
	-- early
	if READ_ONCE(other.x) == 0 then
		store(own.zero, true)
	end
	spin_lock(own.lock)
	WRITE_ONCE(own.guarded, 1)
	spin_unlock(own.lock)
	spin_lock(other.lock)
	if READ_ONCE(other.x) == 1 then
		WRITE_ONCE(other.guarded, 2)
	end
	spin_unlock(other.lock)
	smp_mb()
	if load(own.zero) and load(other.zero) then
		fail("both")
	end
end

local function build()
	kvm.hw = object("hw", "machine")
	host { cpus = 8, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after,
		store_drain = timing.store_drain,
		load_window = timing.load_window, ops = timing.ops }
	for i = 1, 2 do
		actor { type = "thread", name = "cpu" .. i, run = function()
			cpu(side[i], side[3 - i])
		end }
	end
end
if kernel_name() then build() end

return { name = "alike", about = "store buffering",
	deadline = ms(1), duration = ms(1), runs = 1,
	expect = { ["v4.14"] = { failed = "never" } } }
