-- SPDX-License-Identifier: GPL-2.0-or-later
-- The VM's objects: vCPUs, interrupts, and what a scenario's functions can do
-- with them.

local c = kvm.check

kvm.spi_schema = {
	name = c.is_string, level = c.is_boolean, target = c.between(0, 63),
	enabled = c.is_boolean, priority = c.between(0, 3),
}
kvm.vm_schema = {
	vcpus = c.between(1, 64), irqchip = c.one_of("vgic", "user"),
	pmu = c.is_boolean, timer = c.is_boolean,
	ptimer = c.is_boolean, nr_lr = c.between(1, 16),
	spis = true, sgis = c.between(0, 16), gicv4 = c.is_boolean,
	wfi_traps_pending = c.is_boolean, off = c.array_of(c.between(0, 63)),
	halt_poll = c.is_time, flags = c.array_of(c.is_string), pmr = c.is_boolean,
}

-- What a scenario's function does with an interrupt of a device.  What rises on
-- an edge-triggered one is latched; a level-triggered one is pending while its
-- line is up.
local function new_spi(irq, name, is_level)
	local line = is_level and K.vmm_line or K.vmm_edge

	return {
		ref = irq,
		-- An edge: latched now, injected when the thread gets to it.
		pulse = is_level and function()
			error("pulse() of \"" .. name .. "\", which is level" ..
			      "-triggered: assert() and deassert(), or irqfd()", 2)
		end or function()
			store(irq.hw_latch, true)
			K.kvm_vgic_inject_irq(irq, true)
		end,
		-- A line that the VMM drives by KVM_IRQ_LINE.
		assert = function() line(irq, true) end,
		deassert = function() line(irq, false) end,
		-- irqfd without resampling: the line goes up and down.
		irqfd = function()
			local input = is_level and irq.hw_line or irq.hw_latch

			store(input, true)
			K.kvm_vgic_inject_irq(irq, true)
			K.kvm_vgic_inject_irq(irq, false)
			if is_level then
				store(irq.hw_line, false)
			end
		end,
	}
end

local function new_irq(name, source, target, t)
	local irq = object("irq", name, {
		source = source, hw_target = target, target_vcpu = target,
		level = source == SOURCE_LEVEL or source == SOURCE_TIMER
			or source == SOURCE_PMU,
		hw_prio = t and t.priority or 2, priority = t and t.priority or 2,
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
		local irq = new_irq(t.name,
				    t.level and SOURCE_LEVEL or SOURCE_EDGE,
				    kvm.vcpu[t.target or 0], t)

		kvm.spi[t.name] = new_spi(irq, t.name, t.level)
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
	if kvm.has_ptimer then
		init(vcpu, "ptimer_irq",
		     new_irq("vcpu" .. n .. ".ptimer", SOURCE_PTIMER, vcpu))
	end
	if kvm.has_pmu then
		init(vcpu, "pmu_irq",
		     new_irq("vcpu" .. n .. ".pmu", SOURCE_PMU, vcpu))
	end
end

-- f, in a VM that has what it is about.
local function only_with(there, what, f)
	return there and f or function()
		error("needs vm." .. what, 2)
	end
end

-- The VMM's view of one vCPU: its input line, its PMU, its virtual LPIs.
local function make_handles(n, vcpu)
	local function line(f)
		return only_with(not kvm.irqchip_in_kernel,
				 "irqchip = \"user\"", f)
	end
	local function pmu(f)
		return only_with(kvm.has_pmu, "pmu = true", f)
	end

	kvm.line[n] = {
		assert = line(function() K.vmm_cpu_line(vcpu, true) end),
		deassert = line(function() K.vmm_cpu_line(vcpu, false) end),
	}
	kvm.pmu[n] = {
		overflow = pmu(function() K.hw_pmu_overflow(vcpu) end),
		event = pmu(function() K.hw_pmu_output(vcpu, true) end),
	}
	kvm.vlpi[n] = {
		arrive = only_with(kvm.has_gicv4, "gicv4 = true",
				   function() K.hw_vlpi_arrives(vcpu) end),
	}
end

-- A signal to a vCPU thread: kernel/signal.c, signal_wake_up().
function kvm.signal(self, n)
	kvm.has_signals = true
	if not self.vcpu[n] then
		error("no vCPU " .. tostring(n), 2)
	end
	K.signal_wake_up(self.vcpu[n])
end

function kvm.make_vm(vm)
	local off = {}

	for _, n in ipairs(vm.off or {}) do
		off[n] = true
	end
	struct("vcpu", { lr = array(math.max(kvm.nr_lr, 1), "lr") })
	kvm.hw = object("hw", "machine")
	kvm.arch = object("kvm", "kvm",
			  { vgic_enabled = kvm.irqchip_in_kernel })
	for n = 0, vm.vcpus - 1 do
		local fields = kvm.vcpu_init(off[n] or false)

		fields.hw_off = off[n] or false
		fields.regs = not off[n]
		fields.hw_pmr = 4
		kvm.vcpu[n] = object("vcpu", "vcpu" .. n, fields)
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
	setmetatable(kvm.spi, { __index = function(_, name)
		error("no interrupt \"" .. tostring(name) .. "\"" ..
		      kvm.did_you_mean(tostring(name), kvm.spi_names), 2)
	end })
	for _, name in ipairs(vm.flags or {}) do
		kvm.flag[name] = object("guest_flag", name)
		kvm.has_flag[name] = true
	end
	function kvm.no_flag(name)
		return "no flag \"" .. tostring(name) .. "\" in vm.flags" ..
		       kvm.did_you_mean(tostring(name), vm.flags or {})
	end
	setmetatable(kvm.flag, { __index = function(_, name)
		error(kvm.no_flag(name), 2)
	end })
end
