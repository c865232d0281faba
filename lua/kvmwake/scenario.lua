-- SPDX-License-Identifier: GPL-2.0-or-later
-- scenario{}: checks everything first, so that a mistake is reported at the
-- scenario's line; only then objects and actors are made.  The kernel has been
-- loaded before: it declared its structs and defined its paths.

local c = kvm.check

local quantities = { missed = true, late = true, spurious = true,
		     futile = true, storm = true, failed = true }
local found = { "missed", "spurious", "failed", "storm" }	-- by an exploration
-- What only an exploration finds, and is never expected unless named.
local only_explored = { "race", "lock_order" }
local memories = { "sc", "tso", "arm64" }

local function is_expectation(v, what, level)
	if math.type(v) == "integer" and v >= 0 then
		return
	end
	c.one_of("never", "sometimes", "always", "any")(v, what, level + 1)
end

local function each_kernel(v, what, level, schema)
	local n = 0

	if type(v) ~= "table" then
		c.error(what, "a table of kernels", level + 1)
	end
	for name, e in spairs(v) do
		c.is_kernel(name, what .. "'s key", level + 1)
		c.table(e, schema, what .. "[\"" .. name .. "\"]", level + 1)
		n = n + 1
	end
	if n == 0 then
		c.error(what, "at least one kernel", level + 1)
	end
end

local expect_schema = {}
for q in spairs(quantities) do
	expect_schema[q] = is_expectation
end
for _, q in ipairs(only_explored) do
	expect_schema[q] = c.one_of("never", "sometimes")
end

local function is_expect(v, what, level)
	each_kernel(v, what, level + 1, expect_schema)
end

-- What an exploration looks for, in any memory or in one alone.
local found_schema = {}
for _, q in ipairs(found) do
	found_schema[q] = c.one_of("never", "sometimes", "any")
end
for _, q in ipairs(only_explored) do
	found_schema[q] = c.one_of("never", "sometimes")
end
found_schema.broken = c.array_of(c.is_string)	-- invariants: "I2"
local explored_schema = {}
for q, f in spairs(found_schema) do
	explored_schema[q] = f
end
for _, memory in ipairs(memories) do
	explored_schema[memory] = function(v, what, level)
		c.table(v, found_schema, what, level + 1)
	end
end

local function is_explored(v, what, level)
	each_kernel(v, what, level + 1, explored_schema)
end

local is_range = c.range(0, 1000000)
local timing_schema = {}
for key, default in spairs(timing) do
	timing_schema[key] = type(default) == "table" and is_range or c.is_time
end
function timing_schema.ops(v, what, level)
	local ops = {}
	for op in spairs(timing.ops) do
		ops[op] = is_range
	end
	c.table(v, ops, what, level + 1)
end

local function is_vm(v, what, level)
	c.table(v, kvm.vm_schema, what, level + 1)
end

local is_guest = c.one_or_array(c.is_function)
local is_actors = c.array_of(function(v, what, level)
	if type(v) ~= "table" or not v.kind then
		c.error(what, "device{}, thread{} or hardirq{}", level + 1)
	end
end)

local explore_schema = {
	vm = is_vm, guest = is_guest, on_irq = c.is_function,
	actors = is_actors, expect = is_explored,
	preemptions = c.between(0, 255),
	every = function(v, what, level)
		c.table(v, explored_schema, what, level + 1)
	end,
}

local scenario_schema = {
	name = c.is_name, about = c.is_string, claims = c.array_of(c.is_string),
	vm = is_vm,
	host = function(v, what, level)
		c.table(v, { cpus = c.between(1, 256), slice = c.is_time }, what,
		      level + 1)
	end,
	guest = is_guest, on_irq = c.is_function, actors = is_actors,
	explore = function(v, what, level)
		c.table(v, explore_schema, what, level + 1)
	end,
	timing = function(v, what, level)
		c.table(v, timing_schema, what, level + 1)
	end,
	deadline = c.is_time, duration = c.is_time, runs = c.between(1, 1000000000),
	expect = is_expect,
}

local function check_spis(vm, level)
	local spis = vm.spis or {}

	if spis.count then
		c.table(spis, { count = c.between(1, 988), name = c.is_string,
			      level = c.is_boolean }, "vm.spis", level + 1)
		return
	end
	for i, t in ipairs(spis) do
		c.table(t, kvm.spi_schema, "vm.spis[" .. i .. "]", level + 1)
		if not t.name then
			error("vm.spis[" .. i .. "]: name is missing", level + 1)
		end
		if (t.target or 0) >= vm.vcpus then
			error("vm.spis[" .. i .. "].target: no such vCPU",
			      level + 1)
		end
	end
end

-- Two of these that are called the same.
local function check_names(list, what, level)
	local seen = {}

	for _, t in ipairs(list) do
		if t.name and seen[t.name] then
			error(what .. ": two are called \"" .. t.name .. "\"",
			      level + 1)
		end
		seen[t.name or 0] = true
	end
end

local function check_vm(vm, level)
	check_spis(vm, level + 1)
	check_names(vm.spis or {}, "vm.spis", level + 1)
	for _, n in ipairs(vm.off or {}) do
		if n >= vm.vcpus then
			error("vm.off: no such vCPU: " .. n, level + 1)
		end
	end
	for _, key in ipairs { "spis", "sgis" } do
		if vm.irqchip == "user" and vm[key] then
			error("vm." .. key .. ": needs vm.irqchip = \"vgic\"",
			      level + 1)
		end
	end
end

local function check_scenario(s, level)
	c.table(s, scenario_schema, "scenario", level + 1)
	for _, key in ipairs { "name", "about", "vm", "guest", "expect" } do
		if s[key] == nil then
			error("scenario: " .. key .. " is missing", level + 1)
		end
	end
	if not s.vm.vcpus then
		error("scenario.vm: vcpus is missing", level + 1)
	end
	if type(s.guest) == "table" and #s.guest ~= s.vm.vcpus then
		error("scenario.guest: expected one function for all or one " ..
		      "for each of " .. s.vm.vcpus .. " vCPUs", level + 1)
	end
	for i, t in ipairs(s.actors or {}) do
		if (t.on or 0) >= s.vm.vcpus then
			error("scenario.actors[" .. i .. "].on: no such vCPU",
			      level + 1)
		end
	end
	check_names(s.actors or {}, "scenario.actors", level + 1)
	check_vm(s.vm, level + 1)
end

local function merge_timing(t)
	for key, v in spairs(t or {}) do
		if key == "ops" then
			for op, range in spairs(v) do
				timing.ops[op] = range
			end
		else
			timing[key] = v
		end
	end
end

local function configure_host(s)
	local threads = s.vm.vcpus

	for _, t in ipairs(s.actors or {}) do
		threads = threads + (t.kind == "thread" and 1 or 0)
	end
	local cpus = s.host and s.host.cpus or threads

	if cpus == threads and threads > 256 then
		error("scenario: " .. threads .. " vCPUs and threads, and " ..
		      "at most 256 CPUs: say host = { cpus = ... }", 0)
	end
	kvm.overcommitted = cpus < threads
	host {
		cpus = cpus, slice = s.host and s.host.slice or ms(3),
		switch = timing.switch, irq = timing.irq,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after,
		timer_slack = timing.timer_slack, ops = timing.ops,
		store_drain = timing.store_drain,
		load_window = timing.load_window,
	}
end

local function build(s)
	local vm, threads = s.vm, {}

	kvm.nr_vcpus = vm.vcpus
	kvm.irqchip_in_kernel = vm.irqchip ~= "user"
	kvm.nr_lr = kvm.irqchip_in_kernel and (vm.nr_lr or 4) or 0
	kvm.has_timer = vm.timer or false
	kvm.has_ptimer = vm.ptimer or false
	kvm.has_pmu = vm.pmu or false
	kvm.has_gicv4 = vm.gicv4 or false
	kvm.has_pmr = vm.pmr or false
	kvm.wfi_traps_pending = vm.wfi_traps_pending ~= false
	kvm.halt_poll = vm.halt_poll
	kvm.on_irq = s.on_irq
	merge_timing(s.timing)
	kvm.make_vm(vm)
	kvm.peer = kvm.make_peer()
	for n = 0, vm.vcpus - 1 do
		threads[n] = kvm.make_vcpu(n, kvm.vcpu[n],
			type(s.guest) == "table" and s.guest[n + 1] or s.guest)
	end
	for _, t in ipairs(s.actors or {}) do
		kvm.make_actor(t, threads)
	end
	configure_host(s)
end

-- --- explored ---------------------------------------------------------

-- What a run that goes all ways finds: "always" is in no single one of them,
-- and what is counted or timed is not looked for.
local function as_explored(how)
	if how == nil or how == "never" or how == "any" then
		return how
	end
	return how == 0 and "never" or "sometimes"
end

local function overlay(e, over)
	for _, list in ipairs { found, only_explored } do
		for _, q in ipairs(list) do
			e[q] = over and over[q] or e[q]
		end
	end
	e.broken = over and over.broken or e.broken
end

-- What is expected of an exploration: what its own part says of this kernel,
-- else of every kernel, each for this memory or for any, else what is expected
-- of runs.
local function explored_expect(s, over, memory)
	local expect, every = {}, over.every or {}

	for kernel, e in spairs(s.expect) do
		expect[kernel] = {}
		for _, q in ipairs(found) do
			expect[kernel][q] = as_explored(e[q])
		end
		for _, q in ipairs(only_explored) do
			expect[kernel][q] = e[q]
		end
	end
	for kernel in spairs(over.expect or {}) do
		expect[kernel] = expect[kernel] or {}
	end
	for kernel, e in spairs(expect) do
		local own = over.expect and over.expect[kernel] or {}

		overlay(e, every)
		overlay(e, every[memory])
		overlay(e, own)
		overlay(e, own[memory])
	end
	return expect
end

-- The scenario as it is explored: its explore{} in place of its own.
local function explored(s, memory)
	local t, over = {}, s.explore or {}

	for key, v in spairs(s) do
		t[key] = over[key] or v
	end
	for _, key in ipairs { "on_irq", "actors" } do
		t[key] = t[key] or over[key]
	end
	t.expect = s.expect
	check_scenario(t, 3)
	t.expect = explored_expect(s, over, memory)
	t.preemptions = over.preemptions
	return t
end

-- A run that fails is never expected unless that is said: as in explorations.
local function never_fails(expect)
	for _, e in spairs(expect) do
		for q in spairs(quantities) do
			if e[q] ~= nil then
				e.failed = e.failed or "never"
			end
		end
	end
end

function scenario(s)
	check_scenario(s, 2)
	if exploring() then
		s = explored(s, exploring())
	else
		never_fails(s.expect)
	end
	s.deadline = s.deadline or ms(1)
	s.duration = s.duration or ms(100)
	s.runs = s.runs or 1000
	s.predicate, s.atoms = kvm.observed.predicate, kvm.observed.atoms
	if kernel_name() then
		if table_says(0) then
			kvm.decide_by_table()
		end
		build(s)
	end
	return s
end
