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
-- time: the waker's is what the idle CPU needs until the woken thread runs.

source("(toy)", "")
struct("vcpu", { pending = flag() })

local function vcpu(v)
	loop(function()
		burn(uniform(us(1), us(50)))
		store(v.task.state, TASK_INTERRUPTIBLE)
		if load(v.pending) then
			store(v.task.state, TASK_RUNNING)
		elseif deactivate(v.task) then
			switch_out(v.task)
		end
		store(v.pending, false)
	end)
end

local function device(v)
	loop(function()
		delay(exponential(us(100)))
		store(v.pending, true)
		try_to_wake_up(v.task)
	end)
end

if kernel_name() then
	local v = object("vcpu", "vcpu0", {})
	local latency = uniform(us(5), us(20))
	local free = {}

	kvm.hw = object("hw", "machine")
	for op in spairs(timing.ops) do
		free[op] = { 0, 0 }
	end
	host {
		cpus = 1, slice = ms(1000), switch = ns(0), irq = ns(0),
		idle_shallow = latency, idle_deep = latency,
		idle_deep_after = ms(1000), timer_slack = ns(0), ops = free,
	}
	actor { type = "thread", name = "vcpu0", run = vcpu, args = { v },
		task = "task", object = v }
	actor { type = "hw", name = "device", run = device, args = { v } }
end

return {
	name	 = "toy",
	about	 = "the sleep/wake toy of the benchmarks",
	deadline = ms(1),
	duration = ms(1000),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "any" } },
}
