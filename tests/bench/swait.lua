-- SPDX-License-Identifier: GPL-2.0-or-later
-- Waiting on a simple wait queue as v4.14 does it, list and all: one vCPU
-- waits for a condition, wakers make it true and call kvm_vcpu_wake_up().
--
-- Only the kernel's paths for that take part.  The next line makes it larger
-- or smaller; `tests/bench/wakers 1 WAKERS swait` does.
local nr_vcpus, nr_wakers = 1, 3

source("(swait)", "")
struct("vcpu", { pending = arch(flag()) })

local function vcpu_thread(v)
	loop(function()
		K.prepare_to_swait(v.wq, v)
		if load(v.pending) then
			return true
		end
		if deactivate(v.task) then
			switch_out(v.task)
		end
	end)
	K.finish_swait(v.wq, v)
	store(v.hw_wfi, false)
end

local function waker(v)
	store(v.pending, true)
	K.kvm_vcpu_wake_up(v)
end

oracle {
	deliverable = function() return false end,
	pending = function(v) return load(v.pending) end,
	waits = function(v) return load(v.hw_wfi) and 1 or 0 end,
}

local function build()
	local v = {}

	kvm.hw = object("hw", "machine")
	host {
		cpus = nr_vcpus + nr_wakers, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after, ops = timing.ops,
	}
	for n = 0, nr_vcpus - 1 do
		v[n] = object("vcpu", "vcpu" .. n, { hw_wfi = true })
		actor { type = "thread", name = "vcpu" .. n,
			run = vcpu_thread, args = { v[n] }, task = "task",
			object = v[n] }
	end
	for i = 0, nr_wakers - 1 do
		actor { type = "thread", name = "waker" .. i, run = waker,
			args = { v[i % nr_vcpus] } }
	end
end

if kernel_name() then
	build()
end

return {
	name	 = "swait",
	about	 = "swait, list and all: " .. nr_wakers .. " wakers",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "never", failed = "never" } },
}
