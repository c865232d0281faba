-- SPDX-License-Identifier: GPL-2.0-or-later
-- device{}, thread{} and hardirq{}: who acts on the VM from outside.

local c = kvm.check

local function is_times(v, what, level)
	if v ~= "forever" then
		c.between(1, 255)(v, what, level + 1)
	end
end

local actor_schema = {
	name = c.is_string, at = c.is_time, times = is_times, run = c.is_function,
}
local hardirq_schema = {
	name = c.is_string, at = c.is_time, times = is_times, run = c.is_function,
	on = c.between(0, 63), event = c.is_function,
}

local function actor_of(kind, schema)
	return function(t)
		c.table(t, schema, kind, 2)
		for _, key in ipairs { "name", "run" } do
			if t[key] == nil then
				error(kind .. ": " .. key .. " is missing", 2)
			end
		end
		t.kind = kind
		return t
	end
end

-- device: the outside world; needs no CPU.
device = actor_of("device", actor_schema)
-- thread: a host thread; competes for a CPU.
thread = actor_of("thread", actor_schema)
-- hardirq: a host interrupt on the CPU of vCPU number `on`; event() is what
-- happens in hardware when it is raised.
hardirq = actor_of("hardirq", hardirq_schema)

-- A line of its own for each handler of the scenario, and the guest's memory.
struct("line", { irq = handler(), left = count(255) })
struct("guest_flag", { value = arch(flag()) })	-- seen at once

-- What an actor does over and over.
local function repeated(t, line, what)
	local function once()
		if t.at then
			delay(t.at)
		end
		what()
	end

	if t.times == nil or t.times == 1 then
		return once
	elseif t.times == "forever" then
		return function()
			loop(function() once() end)
		end
	end
	return function()
		loop(function()
			local left = load(line.left)
			if left == 0 then
				return true
			end
			once()
			store(line.left, left - 1)
		end)
	end
end

function kvm.make_actor(t, threads)
	local line = object("line", t.name, {
		left = math.type(t.times) == "integer" and t.times or 0,
	})
	local function work()
		if t.kind ~= "hardirq" then
			return t.run(kvm)
		end
		if t.event then
			t.event(kvm)
		end
		raise(line.irq)
	end

	if t.kind == "hardirq" then
		actor {
			type = "hardirq", name = t.name, object = line,
			handler = "irq", home = threads[t.on or 0],
			run = function() t.run(kvm) end,
		}
	end
	actor {
		type = t.kind == "thread" and "thread" or "hw",
		name = t.kind == "hardirq" and t.name .. "-source" or t.name,
		run = repeated(t, line, work),
	}
end
