-- SPDX-License-Identifier: GPL-2.0-or-later
-- Two vCPUs that never get out of their wait; tests/explore/storm.sh says
-- what they do, and who might end it.

local how, who = "kicks", "nobody"

source("(storm)", "")
struct("vcpu", { kicked = flag(), queued = flag() })
struct("end", { is = flag(), lock = lock() })
local over = kernel_name() and object("end", "over", {})

local function sleep(v)
	store(v.task.state, TASK_INTERRUPTIBLE)
	smp_mb()
	if not load(v.kicked) and deactivate(v.task) then
		switch_out(v.task)
	end
	store(v.task.state, TASK_RUNNING)
	store(v.kicked, false)
end

local function kick(v)
	store(v.kicked, true)
	smp_mb()
	try_to_wake_up(v.task)
end

local function until_over(body)
	loop(function()
		body()
		if load(over.is) then
			return true
		end
	end)
end

local vcpu = {
	kicks = function(v, other)
		until_over(function()
			sleep(v)
			kick(other)
		end)
	end,
	-- Each round is a toss.
	tosses = function(v, other)
		loop(function()
			sleep(v)
			kick(other)
			if choice(2) == 1 then
				return true
			end
		end)
	end,
	-- A round may be longer.
	dawdles = function(v, other)
		until_over(function()
			sleep(v)
			if choice(2) == 1 then
				smp_mb()
			end
			kick(other)
		end)
	end,
	locks = function(v, other)
		until_over(function()
			sleep(v)
			spin_lock(over.lock)
			kick(other)
			spin_unlock(over.lock)
		end)
	end,
	spins = function(v, other)
		until_over(function() smp_mb() end)
	end,
	-- One kicks, and needs not be kicked for that.
	pesters = function(v, other)
		until_over(function() kick(other) end)
	end,
	sleeps = function(v, other)
		until_over(function() sleep(v) end)
	end,
	once = function(v, other)
		sleep(v)
		kick(other)
	end,
}

local function finish()
	store(over.is, true)
end

local ends = {
	once = function() finish() end,
	-- A device that acts for ever: perhaps not for an hour.
	seldom = function()
		loop(function()
			delay(us(10))
			finish()
		end)
	end,
	under_lock = function()
		spin_lock(over.lock)
		finish()
		spin_unlock(over.lock)
	end,
}

oracle {
	deliverable = function() return false end,
	pending = function(v) return false end,
	waits = function(v) return load(v.hw_wfi) and 1 or 0 end,
}

local function build()
	local v, does = {}, {}

	kvm.hw = object("hw", "machine")
	host {
		cpus = 3, slice = ms(3), irq = timing.irq,
		switch = timing.switch, timer_slack = timing.timer_slack,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after, ops = timing.ops,
	}
	v[0] = object("vcpu", "vcpu0", { hw_wfi = true, kicked = true })
	v[1] = object("vcpu", "vcpu1", { hw_wfi = true })
	does[0], does[1] = how, how
	if how == "pesters" then
		does[1] = "sleeps"
	end
	for n = 0, 1 do
		actor { type = "thread", name = "vcpu" .. n,
			run = vcpu[does[n]], args = { v[n], v[1 - n] },
			task = "task", object = v[n] }
	end
	if who ~= "nobody" then
		actor { type = who == "seldom" and "hw" or "thread",
			name = "who", run = ends[who] }
	end
end

if kernel_name() then
	build()
end

return {
	name	 = "storm",
	about	 = "two vCPUs that wait for ever",
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "never" } },
}
