-- SPDX-License-Identifier: GPL-2.0-or-later
-- The sleep/wake protocol and nothing else: vCPUs that wait, each on its own
-- queue, and wakers that inject and kick, each one of the vCPUs.
--
--	vCPU	queue, state, barrier -> condition? -> schedule, round again
--		finish_swait -> mode = IN, barrier -> mode = OUTSIDE
--	waker	condition, under the distributor's lock -> kick:
--		barrier, sleeper? -> queue's lock, wake, dequeue
--		else mode: IN -> EXITING, IPI
--
-- No path of a kernel takes part; the names are the kernel's.  There is one
-- sleeper on a queue at most, so the list is a flag.  This line makes it
-- larger or smaller; `tests/bench/wakers VCPUS WAKERS` does.
local nr_vcpus, nr_wakers = 2, 4

source("(wakers)", "")
struct("vcpu", {
	pending	= arch(flag()),		-- the condition
	queued	= flag(),		-- on its queue, under wq.lock
})
struct("dist", { lock = lock() })

local dist = kernel_name() and object("dist", "dist", {})

local function prepare_to_swait(v)
	spin_lock(v.wq.lock)
	store(v.queued, true)
	store(v.task.state, TASK_INTERRUPTIBLE)
	spin_unlock(v.wq.lock)
	smp_mb()
end

local function finish_swait(v)
	store(v.task.state, TASK_RUNNING)
	if load(v.queued) then
		spin_lock(v.wq.lock)
		store(v.queued, false)
		spin_unlock(v.wq.lock)
	end
end

local function kvm_vcpu_block(v)
	loop(function()
		prepare_to_swait(v)
		if load(v.pending) then
			return true
		end
		if deactivate(v.task) then
			switch_out(v.task)
		end
	end)
	finish_swait(v)
end

local function vcpu_thread(v)
	kvm_vcpu_block(v)
	store(v.mode, IN_GUEST_MODE)
	smp_mb()
	store(v.hw_wfi, false)
	store(v.mode, OUTSIDE_GUEST_MODE)
end

local function swake_up(v)
	spin_lock(v.wq.lock)
	if load(v.queued) then
		try_to_wake_up(v.task)
		store(v.queued, false)
	end
	spin_unlock(v.wq.lock)
end

local function kvm_vcpu_wake_up(v)
	smp_mb()
	if load(v.queued) then
		swake_up(v)
		return true
	end
	return false
end

local function kvm_vcpu_kick(v)
	if kvm_vcpu_wake_up(v) then
		return
	end
	if cmpxchg(v.mode, IN_GUEST_MODE, EXITING_GUEST_MODE) ==
	   IN_GUEST_MODE then
		raise(v.ipi)
	end
end

local function waker(v)
	spin_lock(dist.lock)
	store(v.pending, true)
	spin_unlock(dist.lock)
	kvm_vcpu_kick(v)
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
		local thread = actor { type = "thread", name = "vcpu" .. n,
			run = vcpu_thread, args = { v[n] }, task = "task",
			object = v[n] }
		actor { type = "hardirq", name = "ipi" .. n, home = thread,
			run = function() end, handler = "ipi", object = v[n] }
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
	name	 = "wakers",
	about	 = nr_vcpus .. " vCPUs wait, " .. nr_wakers .. " wakers",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "never", failed = "never" } },
}
