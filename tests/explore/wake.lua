-- SPDX-License-Identifier: GPL-2.0-or-later
-- Block and wake, with the two barriers that pair: set_current_state()'s
-- between the sleeper's state and its look at the condition, and that of
-- 5e0018b3e39e between the waker's condition and its look at the queue.
-- tests/explore/weak.sh and tests/cli/memory.sh take one or the other away.

source("(wake)", "")
struct("vcpu", {
	line	= arch(flag()),		-- the architecture's
	pending	= flag(),		-- the kernel's: the condition
	queued	= flag(),		-- on its queue, under wq.lock
})

local function prepare_to_swait(v)
	local_irq_disable()
	spin_lock(v.wq.lock)
	store(v.queued, true)
	store(v.task.state, TASK_INTERRUPTIBLE)
	smp_mb()			-- sleeper
	spin_unlock(v.wq.lock)
	local_irq_enable()
end

local function sleeper(v)
	loop(function()
		prepare_to_swait(v)
		if load(v.pending) then
			return true
		end
		if deactivate(v.task) then
			switch_out(v.task)
		end
	end)
	store(v.task.state, TASK_RUNNING)
	store(v.hw_wfi, false)
end

local function waker(v)
	store(v.line, true)
	store(v.pending, true)
	smp_mb()			-- waker
	if load(v.queued) then
		local_irq_disable()
		spin_lock(v.wq.lock)
		if load(v.queued) then
			try_to_wake_up(v.task)
			store(v.queued, false)
		end
		spin_unlock(v.wq.lock)
		local_irq_enable()
	end
end

oracle {
	deliverable = function() return false end,
	pending = function(v) return load(v.line) end,
	waits = function(v) return load(v.hw_wfi) and 1 or 0 end,
}

local function build()
	kvm.hw = object("hw", "machine")
	host {
		cpus = 2, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after, ops = timing.ops,
		store_drain = timing.store_drain,
		load_window = timing.load_window,
	}
	local v = object("vcpu", "vcpu0", { hw_wfi = true })

	actor { type = "thread", name = "vcpu0", run = sleeper, args = { v },
		task = "task", object = v }
	actor { type = "thread", name = "waker", run = waker, args = { v } }
end

if kernel_name() then
	build()
end

return {
	name	 = "wake",
	about	 = "a sleeper, a waker and their barriers",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "never", failed = "never" } },
}
