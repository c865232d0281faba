-- SPDX-License-Identifier: GPL-2.0-or-later
-- A vCPU that sleeps with a timer, and two entries of a list; each has an
-- invariant, and tests/explore/promela.sh says what breaks it.

local lists, sleeps, enters, who = "locked", "armed", "off", "nobody"

source("(holds)", "")
struct("vcpu", { armable = flag(), timer = handler() })
struct("box", { lock = lock(), list = list("item", "link"), seen = flag() })
struct("item", { link = link("item"), on = flag() })
local v = kernel_name() and object("vcpu", "vcpu0", {})
local box = kernel_name() and object("box", "box", {})
local one = kernel_name() and object("item", "one", {})
local two = kernel_name() and object("item", "two", {})

invariant("listed", {
	about = "what says that it is on the list is on it",
	of = "item",
	holds = function(item)
		if spin_is_locked(box.lock) then
			return true
		end
		local is = list_for_each(box.list, function(i)
			if i == item then
				return true
			end
		end)
		return (is == true) == load(item.on)
	end,
})
invariant("timer", {
	about = "a vCPU that sleeps has a timer",
	of = "vcpu", when = "asleep", eventually = "host",
	holds = function(vcpu)
		return not load(vcpu.armable) or is_armed(vcpu.timer) or
		       is_pending(vcpu.timer)
	end,
})
invariant("off", {
	about = "it has none when it enters its guest",
	of = "vcpu", when = "entry",
	holds = function(vcpu) return not is_armed(vcpu.timer) end,
})

local function add(item)
	spin_lock(box.lock)
	list_add_tail(box.list, item)
	if lists == "late" then
		spin_unlock(box.lock)
		store(item.on, true)
	else
		store(item.on, true)
		spin_unlock(box.lock)
	end
end

local function vcpu()
	store(v.armable, true)
	store(v.task.state, TASK_INTERRUPTIBLE)
	if sleeps == "armed" then
		arm(v.timer, us(5))
	end
	if deactivate(v.task) then
		switch_out(v.task)
	end
	store(v.task.state, TASK_RUNNING)
	store(v.armable, false)
	if enters == "off" then
		cancel(v.timer)
	end
	guest_enter()
end

-- It never has enough.
local function device()
	loop(function()
		delay(us(10))
		store(box.seen, true)
	end)
end

oracle {
	deliverable = function() return false end,
	pending = function() return false end,
	waits = function() return 0 end,
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
	local t = actor { type = "thread", name = "vcpu0", run = vcpu,
			  task = "task", object = v }
	actor { type = "guest", name = "vcpu0-guest", home = t, object = v,
		run = function() guest_exit(EXIT_SHUTDOWN) end }
	actor { type = "hardirq", name = "vcpu0-timer", home = t,
		handler = "timer", object = v,
		run = function() try_to_wake_up(v.task) end }
	actor { type = "thread", name = "first", run = function() add(one) end }
	actor { type = "thread", name = "second",
		run = function() add(two) end }
	actor { type = "thread", name = "waker",
		run = function() try_to_wake_up(v.task) end }
	if who ~= "nobody" then
		actor { type = "hw", name = "device", run = device }
	end
end

return {
	name	 = "holds",
	about	 = "a vCPU that sleeps with a timer, and a list",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "never" } },
}
