-- SPDX-License-Identifier: GPL-2.0-or-later
-- The prelude: what a scenario file can say, and the VM that it gets.
--
-- scenario{} checks everything first, so that a mistake is reported at the
-- scenario's line; only then it makes objects and actors.  The kernel has
-- been loaded before: it declared its structs and defined its paths.

-- The VM.  A scenario's functions get this table as `vm`.
kvm = {
	vcpu = {}, irq = {}, spi = {}, spi_names = {}, sgi = {}, line = {},
	pmu = {}, vlpi = {}, flag = {},
	-- Functions (a, thread, vcpu) by which kernels and patches add actors
	-- to each vCPU; a(suffix, type, home, handler, run) makes one.
	vcpu_makers = {},
}

-- --- did you mean -----------------------------------------------------

local function distance(a, b)
	local row = {}

	for j = 0, #b do
		row[j] = j
	end
	for i = 1, #a do
		local diagonal = row[0]
		row[0] = i
		for j = 1, #b do
			local cost = a:byte(i) == b:byte(j) and 0 or 1
			local best = math.min(diagonal + cost, row[j] + 1,
					      row[j - 1] + 1)
			diagonal, row[j] = row[j], best
		end
	end
	return row[#b]
end

function kvm.did_you_mean(word, words)
	local best, best_distance = nil, math.max(2, #word // 3) + 1

	for _, w in ipairs(words) do
		local d = distance(word, w)
		if d < best_distance then
			best, best_distance = w, d
		end
	end
	return best and ": did you mean \"" .. best .. "\"?" or ""
end

-- --- validators -------------------------------------------------------
-- A schema maps a key to a function (value, what, level) that complains, or
-- to true for anything.

local function bad(what, expected, level)
	error(what .. ": expected " .. expected, level + 1)
end

local function check(t, schema, what, level)
	local keys = {}

	if type(t) ~= "table" then
		bad(what, "a table", level + 1)
	end
	for k in spairs(schema) do
		keys[#keys + 1] = k
	end
	for k, v in spairs(t) do
		local f = schema[k]
		if not f then
			error(what .. ": unknown key \"" .. tostring(k) .. "\"" ..
			      kvm.did_you_mean(tostring(k), keys), level + 1)
		end
		if f ~= true then
			f(v, what .. "." .. tostring(k), level + 1)
		end
	end
end

local function of_type(name)
	return function(v, what, level)
		if type(v) ~= name then
			bad(what, "a " .. name, level + 1)
		end
	end
end
local is_string, is_boolean, is_function =
	of_type("string"), of_type("boolean"), of_type("function")

local function is_time(v, what, level)
	if not is_duration(v) then
		bad(what, "a duration, such as us(10)", level + 1)
	end
end

local function between(low, high)
	return function(v, what, level)
		if math.type(v) ~= "integer" or v < low or v > high then
			bad(what, "a whole number from " .. low .. " to " .. high,
			    level + 1)
		end
	end
end

local function one_of(...)
	local words = { ... }

	return function(v, what, level)
		for _, w in ipairs(words) do
			if v == w then
				return
			end
		end
		bad(what, "one of " .. table.concat(words, ", "), level + 1)
	end
end

local function array_of(element)
	return function(v, what, level)
		if type(v) ~= "table" then
			bad(what, "an array", level + 1)
		end
		for i, e in ipairs(v) do
			element(e, what .. "[" .. i .. "]", level + 1)
		end
	end
end

local function one_or_array(element)
	local array = array_of(element)

	return function(v, what, level)
		(type(v) == "table" and array or element)(v, what, level + 1)
	end
end

-- --- actors of the scenario -------------------------------------------

local function is_times(v, what, level)
	if v ~= "forever" then
		between(1, 255)(v, what, level + 1)
	end
end

local actor_schema = {
	name = is_string, at = is_time, times = is_times, run = is_function,
}
local hardirq_schema = {
	name = is_string, at = is_time, times = is_times, run = is_function,
	on = between(0, 63), event = is_function,
}

local function actor_of(kind, schema)
	return function(t)
		check(t, schema, kind, 2)
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
struct("guest_flag", { value = flag() })

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
			once()
			store(line.left, left - 1)
			if left == 1 then
				return true
			end
		end)
	end
end

local function make_actor(t, threads)
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

-- --- the VM -----------------------------------------------------------

local spi_schema = {
	name = is_string, level = is_boolean, target = between(0, 63),
	enabled = is_boolean, priority = between(0, 3),
}
local vm_schema = {
	vcpus = between(1, 64), irqchip = one_of("vgic", "user"),
	pmu = is_boolean, timer = is_boolean, nr_lr = between(1, 16),
	spis = true, sgis = between(0, 16), gicv4 = is_boolean,
	wfi_traps_pending = is_boolean, off = array_of(between(0, 63)),
	halt_poll = is_time, flags = array_of(is_string), pmr = is_boolean,
}

-- What a scenario's function does with an interrupt of a device.
local function new_spi(irq)
	return {
		ref = irq,
		-- An edge: latched now, injected when the thread gets to it.
		pulse = function()
			store(irq.hw_latch, true)
			K.kvm_vgic_inject_irq(irq, true)
		end,
		-- A line that the VMM drives by KVM_IRQ_LINE.
		assert = function() K.vmm_line(irq, true) end,
		deassert = function() K.vmm_line(irq, false) end,
		-- irqfd without resampling: the line goes up and down.
		irqfd = function()
			store(irq.hw_line, true)
			K.kvm_vgic_inject_irq(irq, true)
			store(irq.hw_line, false)
			K.kvm_vgic_inject_irq(irq, false)
		end,
	}
end

local function new_irq(name, source, target, t)
	local irq = object("irq", name, {
		source = source, hw_target = target, target_vcpu = target,
		level = source == SOURCE_LEVEL or source == SOURCE_TIMER
			or source == SOURCE_PMU,
		hw_prio = t and t.priority or 2,
		hw_enabled = not t or t.enabled ~= false,
		enabled = not t or t.enabled ~= false,
	})
	kvm.irq[#kvm.irq + 1] = irq
	return irq
end

-- An array of SPIs, or { count = 64, ... } for so many alike, spread over
-- the vCPUs.
local function make_spis(spis, nr_vcpus)
	local list = spis

	if spis.count then
		list = {}
		for i = 1, spis.count do
			list[i] = {
				name = (spis.name or "spi") .. i - 1,
				level = spis.level, target = (i - 1) % nr_vcpus,
			}
		end
	end
	for _, t in ipairs(list) do
		kvm.spi[t.name] = new_spi(new_irq(t.name,
			t.level and SOURCE_LEVEL or SOURCE_EDGE,
			kvm.vcpu[t.target or 0], t))
		kvm.spi_names[#kvm.spi_names + 1] = t.name
	end
end

local function make_private_irqs(n, vcpu, sgis)
	kvm.sgi[n] = {}
	for i = 0, sgis - 1 do
		kvm.sgi[n][i] = new_irq("vcpu" .. n .. ".sgi" .. i,
					SOURCE_SGI, vcpu)
	end
	if kvm.has_timer then
		init(vcpu, "vtimer_irq",
		     new_irq("vcpu" .. n .. ".timer", SOURCE_TIMER, vcpu))
	end
	if kvm.has_pmu then
		init(vcpu, "pmu_irq",
		     new_irq("vcpu" .. n .. ".pmu", SOURCE_PMU, vcpu))
	end
end

-- The VMM's view of one vCPU: its input line, its PMU, its virtual LPIs.
local function make_handles(n, vcpu)
	kvm.line[n] = {
		assert = function() K.vmm_cpu_line(vcpu, true) end,
		deassert = function() K.vmm_cpu_line(vcpu, false) end,
	}
	kvm.pmu[n] = {
		overflow = function() K.hw_pmu_overflow(vcpu) end,
		event = function() K.hw_pmu_output(vcpu, true) end,
	}
	kvm.vlpi[n] = { arrive = function() K.hw_vlpi_arrives(vcpu) end }
end

-- A signal to a vCPU thread: kernel/signal.c, signal_wake_up().
function kvm.signal(self, n)
	K.signal_wake_up(self.vcpu[n])
end

local function make_vm(vm)
	local off = {}

	for _, n in ipairs(vm.off or {}) do
		off[n] = true
	end
	struct("vcpu", { lr = array(math.max(kvm.nr_lr, 1), "lr") })
	kvm.hw = object("hw", "machine")
	kvm.arch = object("kvm", "kvm",
			  { vgic_enabled = kvm.irqchip_in_kernel })
	for n = 0, vm.vcpus - 1 do
		kvm.vcpu[n] = object("vcpu", "vcpu" .. n, {
			hw_off = off[n] or false, power_off = off[n] or false,
			regs = not off[n], hw_pmr = 4,
		})
	end
	if kvm.irqchip_in_kernel then
		for n = 0, vm.vcpus - 1 do
			make_private_irqs(n, kvm.vcpu[n], vm.sgis or 0)
		end
		make_spis(vm.spis or {}, vm.vcpus)
	end
	for n = 0, vm.vcpus - 1 do
		make_handles(n, kvm.vcpu[n])
	end
	for _, name in ipairs(vm.flags or {}) do
		kvm.flag[name] = object("guest_flag", name)
	end
end

-- --- scenario ---------------------------------------------------------

local quantities = { missed = true, late = true, spurious = true,
		     futile = true, storm = true, failed = true }

local function is_expectation(v, what, level)
	if math.type(v) == "integer" and v >= 0 then
		return
	end
	one_of("never", "sometimes", "always", "any")(v, what, level + 1)
end

local function is_expect(v, what, level)
	local schema, n = {}, 0

	for q in spairs(quantities) do
		schema[q] = is_expectation
	end
	if type(v) ~= "table" then
		bad(what, "a table of kernels", level + 1)
	end
	for name, e in spairs(v) do
		is_string(name, what .. "'s key", level + 1)
		check(e, schema, what .. "[\"" .. name .. "\"]", level + 1)
		n = n + 1
	end
	if n == 0 then
		bad(what, "at least one kernel", level + 1)
	end
end

local timing_schema = {}
for key in spairs(timing) do
	timing_schema[key] = key ~= "ops" and is_time or function(v, what, level)
		local ops = {}
		for op in spairs(timing.ops) do
			ops[op] = array_of(between(0, 1000000))
		end
		check(v, ops, what, level + 1)
	end
end

local scenario_schema = {
	name = is_string, about = is_string, claims = array_of(is_string),
	vm = function(v, what, level) check(v, vm_schema, what, level + 1) end,
	host = function(v, what, level)
		check(v, { cpus = between(1, 256), slice = is_time }, what,
		      level + 1)
	end,
	guest = one_or_array(is_function), on_irq = is_function,
	actors = array_of(function(v, what, level)
		if type(v) ~= "table" or not v.kind then
			bad(what, "device{}, thread{} or hardirq{}", level + 1)
		end
	end),
	timing = function(v, what, level)
		check(v, timing_schema, what, level + 1)
	end,
	deadline = is_time, duration = is_time, runs = between(1, 1000000000),
	expect = is_expect,
}

local function check_spis(vm, level)
	local spis = vm.spis or {}

	if spis.count then
		check(spis, { count = between(1, 988), name = is_string,
			      level = is_boolean }, "vm.spis", level + 1)
		return
	end
	for i, t in ipairs(spis) do
		check(t, spi_schema, "vm.spis[" .. i .. "]", level + 1)
		if not t.name then
			error("vm.spis[" .. i .. "]: name is missing", level + 1)
		end
		if (t.target or 0) >= vm.vcpus then
			error("vm.spis[" .. i .. "].target: no such vCPU",
			      level + 1)
		end
	end
end

local function check_scenario(s, level)
	check(s, scenario_schema, "scenario", level + 1)
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
	check_spis(s.vm, level + 1)
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

	kvm.overcommitted = cpus < threads
	host {
		cpus = cpus, slice = s.host and s.host.slice or ms(3),
		switch = timing.switch, irq = timing.irq,
		idle_shallow = timing.idle_shallow,
		idle_deep = timing.idle_deep,
		idle_deep_after = timing.idle_deep_after,
		timer_slack = timing.timer_slack, ops = timing.ops,
	}
end

local function build(s)
	local vm, threads = s.vm, {}

	kvm.nr_vcpus = vm.vcpus
	kvm.irqchip_in_kernel = vm.irqchip ~= "user"
	kvm.nr_lr = kvm.irqchip_in_kernel and (vm.nr_lr or 4) or 0
	kvm.has_timer = vm.timer or false
	kvm.has_pmu = vm.pmu or false
	kvm.has_gicv4 = vm.gicv4 or false
	kvm.wfi_traps_pending = vm.wfi_traps_pending ~= false
	kvm.halt_poll = vm.halt_poll
	kvm.on_irq = s.on_irq
	merge_timing(s.timing)
	make_vm(vm)
	for n = 0, vm.vcpus - 1 do
		threads[n] = kvm.make_vcpu(n, kvm.vcpu[n],
			type(s.guest) == "table" and s.guest[n + 1] or s.guest)
	end
	for _, t in ipairs(s.actors or {}) do
		make_actor(t, threads)
	end
	configure_host(s)
end

function scenario(s)
	check_scenario(s, 2)
	s.deadline = s.deadline or ms(1)
	s.duration = s.duration or ms(100)
	s.runs = s.runs or 1000
	if kernel_name() then
		build(s)
	end
	return s
end

include("kvmwake/timing")
include("kvmwake/hw")
include("kvmwake/oracle")
include("kvmwake/guest")
