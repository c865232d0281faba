-- SPDX-License-Identifier: GPL-2.0-or-later
-- A kernel of four lines, for what the tool prints: a golden file must not
-- change when a path of a real kernel does.
--
-- v4.14 tests for the interrupt before the task is marked sleeping, so a
-- wake-up in between is lost; v4.14+ode tests after it.

source("golden.c", "v0")
struct("vcpu", { seen = flag(), wfi = handler() })

local tests_first = kernel_name() == "v4.14"

function K.vcpu_block(v)
	if tests_first and load(v.seen) then
		return
	end
	burn(us(1))
	store(v.task.state, TASK_INTERRUPTIBLE)
	if not tests_first and load(v.seen) then
		store(v.task.state, TASK_RUNNING)
	elseif deactivate(v.task) then
		switch_out(v.task)
	end
end

local function vcpu(v)
	burn(us(10))
	store(v.hw_wfi, true)
	mark("wait", v)
	K.vcpu_block(v)
	mark("verdict", v)
	guest_enter()
end

local function guest(v)
	store(v.hw_wfi, false)
	store(v.hw_vlpi, false)
	guest_exit(EXIT_SHUTDOWN)
end

local function device(v)
	delay(uniform(us(1), us(30)))
	store(v.hw_vlpi, true)
	store(v.seen, true)
	try_to_wake_up(v.task)
end

if kernel_name() then
	local v = object("vcpu", "vcpu0", { hw_pmr = 4 })

	kvm.hw = object("hw", "machine")
	host { cpus = 1, slice = ms(3), idle_shallow = us(3), idle_deep = us(3),
	       idle_deep_after = ms(1), irq = ns(100), switch = ns(500),
	       timer_slack = ns(0), ops = timing.ops,
	       store_drain = timing.store_drain,
	       load_window = timing.load_window }
	local t = actor { type = "thread", name = "vcpu0", run = vcpu,
			  args = { v }, task = "task", object = v }
	actor { type = "guest", name = "vcpu0-guest", run = guest,
		args = { v }, home = t, object = v }
	actor { type = "hw", name = "device", run = device, args = { v } }
end

return {
	name	 = "golden",
	about	 = "an interrupt beside the test for it",
	deadline = us(50),
	duration = ms(1),
	runs	 = 300,
	claims	 = { "M1" },
	expect	 = {
		["v4.14"] = { missed = "sometimes", spurious = "never" },
		["v4.14+ode"] = { missed = "never", spurious = "never" },
	},
}
