-- SPDX-License-Identifier: GPL-2.0-or-later
-- A reader that has seen something late may still read what was old before:
-- its set_bit() is later than all that the writer sends, and yet it may read
-- the flag as it was, and with it old data.  That both values of the flag
-- are read alike makes no difference, because of the barrier behind.  Another
-- barrier, instead of the line "early", makes what is old unreadable.

source("(stale)", "")
struct("shared", {
	flag = count(3), data = flag(), seen = word({ "SEEN" }), other = flag(),
})
struct("result", { unseen = arch(flag()), done = arch(flag()) })
local m = kernel_name() and object("shared", "m", { flag = 1 })
local r = kernel_name() and object("result", "r", {})

local function writer()
	WRITE_ONCE(m.data, true)
	smp_wmb()
	WRITE_ONCE(m.flag, 2)
	smp_mb()
	if not test_bit(SEEN, m.seen) and not READ_ONCE(m.other) then
		store(r.unseen, true)
	end
	smp_mb()
	store(r.done, true)
end

local function reader()
	set_bit(SEEN, m.seen)
	-- early
	WRITE_ONCE(m.other, true)
	if READ_ONCE(m.flag) ~= 0 then
		smp_rmb()
		if not READ_ONCE(m.data) then
			await(r.done, true)
			if load(r.unseen) then
				fail("old")
			end
		end
	end
end

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
	actor { type = "thread", name = "writer", run = writer }
	actor { type = "thread", name = "reader", run = reader }
end

if kernel_name() then
	build()
end

return {
	name	 = "stale",
	about	 = "what is old is read late",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { failed = "never" } },
}
