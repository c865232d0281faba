-- SPDX-License-Identifier: GPL-2.0-or-later
-- The sleep/wake toy: the smallest thing that sleeps and is woken.
--
-- A vCPU runs for U(1, 50) us and then sleeps, unless an interrupt is
-- pending, which it takes at once; a device raises an interrupt after an
-- exponential time of mean 100 us, again and again; a waker needs U(5, 20) us
-- from the interrupt until the sleeping vCPU runs.  toy_ns3.cc and
-- toy_simpy.py are the same toy.
--
-- No path of a kernel takes part, and nothing but the three durations takes
-- time.  The oracle watches, as in any scenario.

source("(toy)", "")
struct("vcpu", { waker = handler() })

local function vcpu(v)
	loop(function()
		burn(uniform(us(1), us(50)))
		store(v.hw_wfi, true)
		mark("wait", v)
		loop(function()
			store(v.task.state, TASK_INTERRUPTIBLE)
			if load(v.hw_vlpi) then
				return true
			end
			if deactivate(v.task) then
				switch_out(v.task)
			end
		end)
		store(v.task.state, TASK_RUNNING)
		store(v.hw_vlpi, false)
		store(v.hw_wfi, false)
	end)
end

local function device(v)
	loop(function()
		delay(exponential(us(100)))
		store(v.hw_vlpi, true)
		if load(v.hw_wfi) then
			raise(v.waker, uniform(us(5), us(20)))
		end
	end)
end

local function waker(v)
	try_to_wake_up(v.task)
end

if kernel_name() then
	local v = object("vcpu", "vcpu0", { hw_pmr = 4 })
	local free = {}

	kvm.hw = object("hw", "machine")
	for op in spairs(timing.ops) do
		free[op] = { 0, 0 }
	end
	host {
		cpus = 1, slice = ms(1000), switch = ns(0), irq = ns(0),
		idle_shallow = ns(0), idle_deep = ns(0),
		idle_deep_after = ms(1000), timer_slack = ns(0), ops = free,
	}
	actor { type = "thread", name = "vcpu0", run = vcpu, args = { v },
		object = v, task = "task" }
	actor { type = "hw", name = "device", run = device, args = { v } }
	actor { type = "hw", name = "waker", run = waker, args = { v },
		object = v, handler = "waker" }
end

return {
	name	 = "toy",
	about	 = "the sleep/wake toy of the benchmarks",
	deadline = ms(1),
	duration = ms(1000),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "never" } },
}
