-- SPDX-License-Identifier: GPL-2.0-or-later
-- Who waits until an interrupt's handler has ended sees what that CPU had
-- stored by then, and need not wait for what its thread stores later: that may
-- still be late when the thread has looked, and found nothing.
-- tests/explore/weak.sh says when the thread stores.

local when = "later"

source("(ended)", "")
struct("shared", {
	x = flag(), y = flag(), z = flag(), irq = handler(),
})
struct("result", {
	handled = arch(flag()), unseen = arch(flag()), done = arch(flag()),
})
local m = kernel_name() and object("shared", "m", {})
local r = kernel_name() and object("result", "r", {})

local function thread()
	if when == "later" then
		raise(m.irq)
	end
	WRITE_ONCE(m.x, true)
	if when == "before" then
		raise(m.irq)
	end
	if not READ_ONCE(m.y) then
		store(r.unseen, true)
	end
	store(r.done, true)
end

local function handle()
	WRITE_ONCE(m.z, true)
	store(r.handled, true)
end

local function waiter()
	await(r.handled, true)
	WRITE_ONCE(m.y, true)
	smp_mb()
	await_idle(m.irq)
	if not READ_ONCE(m.z) then
		fail("the handler's own store is late")
	end
	if not READ_ONCE(m.x) then
		await(r.done, true)
		if load(r.unseen) then
			fail("late")
		end
	end
end

oracle {
	deliverable = function() return false end,
	pending = function(v) return false end,
	waits = function(v) return 0 end,
}

if kernel_name() then
	kvm.hw = object("hw", "machine")
	host {
		cpus = 2, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after, ops = timing.ops,
	}
	local t = actor { type = "thread", name = "thread", run = thread }
	actor { type = "thread", name = "waiter", run = waiter }
	actor { type = "hardirq", name = "irq", home = t, handler = "irq",
		object = m, run = handle }
end

return {
	name	 = "ended",
	about	 = "what is stored before an interrupt's end, and after it",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { failed = "never" } },
}
