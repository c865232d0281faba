-- SPDX-License-Identifier: GPL-2.0-or-later
-- The guest: what guest functions can say, as methods of `cpu`.
--
-- Each method does the architectural side (hw_*) first and then traps to
-- the kernel's path, if the access traps.  cpu.v is the vCPU, a reference;
-- a function that several vCPUs share must not ask which one it runs on.

source("(guest)", "")

local methods = {}

-- An interrupt by its name ("disk", "timer", "ptimer", "pmu"), or a reference.
local function find_irq(cpu, irq)
	if irq == "timer" then
		return load(cpu.v.vtimer_irq)
	elseif irq == "ptimer" then
		return load(cpu.v.ptimer_irq)
	elseif irq == "pmu" then
		return load(cpu.v.pmu_irq)
	elseif type(irq) == "string" then
		return kvm.spi[irq].ref
	end
	return irq
end

local function find_vcpu(n)
	if not kvm.vcpu[n] then
		error("no vCPU " .. tostring(n), 3)
	end
	return kvm.vcpu[n]
end

-- An option of vm{} that a method depends on.
local function needs(option)
	if not kvm["has_" .. option] then
		error("needs vm." .. option .. " = true", 3)
	end
end

-- --- waiting ----------------------------------------------------------

function K.psci_cpu_suspend(vcpu)
	K.hw_wait(vcpu)
	K.kvm_psci_vcpu_suspend(vcpu)
end

-- What waited has been waited for.
local function wait(vcpu, ...)
	guest_exit(...)
	store(vcpu.hw_wfi, false)
end

-- What a guest's access traps to.
local function trap(cpu, path, ...)
	if cpu.outside then
		path(cpu.v, ...)
	else
		guest_exit(EXIT_TRAP, path, ...)
	end
end

function methods.wfi(cpu) wait(cpu.v, EXIT_WFI) end
function methods.wfe(cpu) guest_exit(EXIT_WFE) end
function methods.cpu_suspend(cpu)
	wait(cpu.v, EXIT_TRAP, K.psci_cpu_suspend)
end
function methods.compute(cpu, ...) burn(...) end
function methods.irq_disable(cpu) local_irq_disable() end
function methods.irq_enable(cpu) local_irq_enable() end

-- Busy-waits for something that another CPU or a handler will do.
function methods.spin_until_taken(cpu, irq)
	await(find_irq(cpu, irq).hw_latch, false)
end
function methods.spin_until_off(cpu, n)
	await(find_vcpu(n).hw_off, true)
end

-- The scenario's own guest memory: vm.flags = { "ready" }.
local function find_flag(name)
	if not kvm.has_flag[name] then
		error(kvm.no_flag(name), 3)
	end
	return kvm.flag[name].value
end
function methods.set(cpu, name) store(find_flag(name), true) end
function methods.clear(cpu, name) store(find_flag(name), false) end
function methods.get(cpu, name) return load(find_flag(name)) end
function methods.spin_until(cpu, name) await(find_flag(name), true) end

-- --- power ------------------------------------------------------------

-- CPU_OFF has happened when the firmware, here KVM, has taken it: only then
-- may AFFINITY_INFO say so, and another CPU turn this one on again.
function K.psci_cpu_off(vcpu)
	store(vcpu.regs, false)
	K.kvm_psci_vcpu_off(vcpu)
	mark("wait", vcpu)
	store(vcpu.hw_off, true)
end

function K.psci_system_off(vcpu)
	K.kvm_prepare_system_event(vcpu)
	for n = 0, kvm.nr_vcpus - 1 do
		store(kvm.vcpu[n].hw_off, true)
	end
end

function methods.psci_system_off(cpu)
	trap(cpu, K.psci_system_off)
end
function methods.psci_cpu_off(cpu)
	trap(cpu, K.psci_cpu_off)
end
function methods.psci_cpu_on(cpu, n)
	local target = find_vcpu(n)

	if load(target.hw_off) then		-- else ALREADY_ON
		store(target.hw_off, false)
		trap(cpu, K.kvm_psci_vcpu_on, target)
	end
end

-- --- interrupt controller ---------------------------------------------
-- A trap's path gets the vCPU and constants; a CPU's own timer or PMU
-- interrupt therefore goes by its name.

local function access(cpu, irq, path, ...)
	if irq ~= "timer" and irq ~= "ptimer" and irq ~= "pmu" then
		irq = find_irq(cpu, irq)
	end
	trap(cpu, path, irq, ...)
end

function methods.sgi(cpu, n, nr)
	local irq = find_vcpu(n) and kvm.sgi[n] and kvm.sgi[n][nr or 0]

	if not irq then
		error("no SGI " .. tostring(nr or 0) .. ": vm.sgis says how many", 2)
	end
	store(irq.hw_latch, true)
	trap(cpu, K.vgic_dispatch_sgi, irq)
end
function methods.enable_irq(cpu, irq)
	store(find_irq(cpu, irq).hw_enabled, true)
	access(cpu, irq, K.vgic_mmio_write_senable)
end
function methods.disable_irq(cpu, irq)
	store(find_irq(cpu, irq).hw_enabled, false)
	access(cpu, irq, K.vgic_mmio_write_cenable)
end
function methods.set_pending(cpu, irq)
	store(find_irq(cpu, irq).hw_latch, true)
	access(cpu, irq, K.vgic_mmio_write_spending)
end
function methods.clear_pending(cpu, irq)
	store(find_irq(cpu, irq).hw_latch, false)
	access(cpu, irq, K.vgic_mmio_write_cpending)
end
function methods.set_active(cpu, irq)
	store(find_irq(cpu, irq).hw_active, true)
	access(cpu, irq, K.vgic_mmio_write_sactive)
end
function methods.clear_active(cpu, irq)
	store(find_irq(cpu, irq).hw_active, false)
	access(cpu, irq, K.vgic_mmio_write_cactive)
end
function methods.set_target(cpu, irq, n)
	store(find_irq(cpu, irq).hw_target, find_vcpu(n))
	access(cpu, irq, K.vgic_mmio_write_irouter, find_vcpu(n))
end
function methods.set_priority(cpu, irq, priority)
	store(find_irq(cpu, irq).hw_prio, priority)
	access(cpu, irq, K.vgic_mmio_write_priority, priority)
end
function methods.gicd_enable(cpu, on)
	store(kvm.hw.hw_dist, on)
	trap(cpu, K.vgic_mmio_write_ctlr, on)
end
-- ICC_PMR_EL1 does not trap; what it unmasks is signalled at once.
function methods.set_pmr(cpu, pmr)
	needs("pmr")
	guest_exit(EXIT_PMR, K.hw_set_pmr, pmr)
end

-- --- timer and PMU ----------------------------------------------------

function K.guest_stop_timer(vcpu)
	cancel(vcpu.vtimer)
	await_idle(vcpu.vtimer)
	store(vcpu.cntv_enabled, false)
	store(vcpu.cntv_istatus, false)
	K.hw_timer_output(vcpu, false)
end

function methods.stop_timer(cpu)
	needs("timer")
	K.guest_stop_timer(cpu.v)
end

-- A path of its own for each duration: a guest that sets its timer hundreds
-- of times (a recording) needs no more registers than one that does so once.
function K.guest_set_timer(vcpu, duration)
	K.guest_stop_timer(vcpu)
	local cval = ktime_get() + duration
	store(vcpu.cntv_cval, cval)
	store(vcpu.cntv_enabled, true)
	arm(vcpu.vtimer, cval)
end

function methods.set_timer(cpu, duration)
	needs("timer")
	K.guest_set_timer(cpu.v, duration)
end

-- The emulated physical timer: each access to its registers traps.
function K.guest_stop_ptimer(vcpu)
	cancel(vcpu.ptimer)
	await_idle(vcpu.ptimer)
	store(vcpu.cntp_enabled, false)
	store(vcpu.cntp_istatus, false)
	K.hw_ptimer_output(vcpu, false)
	guest_exit(EXIT_TRAP, K.access_cntp)
end

function K.guest_set_ptimer(vcpu, duration)
	K.guest_stop_ptimer(vcpu)
	local cval = ktime_get() + duration
	store(vcpu.cntp_cval, cval)
	store(vcpu.cntp_enabled, true)
	arm(vcpu.ptimer, cval)
	guest_exit(EXIT_TRAP, K.access_cntp)
end

function methods.stop_ptimer(cpu)
	needs("ptimer")
	K.guest_stop_ptimer(cpu.v)
end

function methods.set_ptimer(cpu, duration)
	needs("ptimer")
	K.guest_set_ptimer(cpu.v, duration)
end

function K.guest_pmu_clear(vcpu)
	K.hw_pmu_output(vcpu, false)
	guest_exit(EXIT_TRAP, K.access_pmovsclr)
end

function methods.pmu_clear(cpu)
	needs("pmu")
	K.guest_pmu_clear(cpu.v)
end
function methods.pmu_overflow_after(cpu, duration)
	needs("pmu")
	arm(cpu.v.pmu_counter, duration)
end

-- --- interrupts -------------------------------------------------------

local method_names = {}
for name in spairs(methods) do
	method_names[#method_names + 1] = name
end

local cpu_meta = {
	__index = function(cpu, name)
		return methods[name] or
		       error("cpu has no \"" .. tostring(name) .. "\"" ..
			     kvm.did_you_mean(tostring(name), method_names), 2)
	end,
}

local function new_cpu(vcpu)
	return setmetatable({ v = vcpu, vm = kvm, outside = false }, cpu_meta)
end

-- vm.peer: a vCPU that is not modelled but for what its guest's accesses do:
-- a host thread's methods, which trap at once.  It has none that concern a
-- CPU of its own.
local of_own_cpu = {
	wfi = true, wfe = true, cpu_suspend = true, irq_disable = true,
	irq_enable = true, psci_cpu_off = true, set_pmr = true,
	set_timer = true, stop_timer = true, set_ptimer = true,
	stop_ptimer = true, pmu_clear = true, pmu_overflow_after = true,
}
local peer_meta = {
	__index = function(cpu, name)
		if of_own_cpu[name] then
			error("vm.peer has no CPU for \"" .. name .. "\"", 2)
		end
		return cpu_meta.__index(cpu, name)
	end,
}

function kvm.make_peer()
	return setmetatable({ v = kvm.vcpu[0], vm = kvm, outside = true },
			    peer_meta)
end

-- What every driver does: silence the device that interrupted.
function K.guest_quiesce(vcpu, irq)
	local source = load(irq.source)

	if kvm.has_timer and source == SOURCE_TIMER then
		K.guest_stop_timer(vcpu)
	elseif kvm.has_ptimer and source == SOURCE_PTIMER then
		K.guest_stop_ptimer(vcpu)
	elseif kvm.has_pmu and source == SOURCE_PMU then
		K.guest_pmu_clear(vcpu)
	elseif source == SOURCE_LEVEL then
		guest_exit(EXIT_USER, K.vmm_lower)
	end
end

-- Interrupt exception, in-kernel GIC: take what there is, then return.
local function handle_vgic(vcpu)
	local cpu = new_cpu(vcpu)

	store(vcpu.hw_wfi, false)
	if kvm.has_gicv4 and load(vcpu.hw_vlpi) then
		store(vcpu.hw_vlpi, false)
		burn(timing.handler)
	end
	loop(function()
		burn(timing.gic)
		guest_exit(EXIT_IAR)
		local irq = load(vcpu.acked)

		if irq == NULL then
			return true
		end
		burn(timing.handler)
		K.guest_quiesce(vcpu, irq)
		if kvm.on_irq then
			kvm.on_irq(cpu, irq)
		end
		burn(timing.gic)
		guest_exit(EXIT_EOIR)
	end)
end

-- Userspace irqchip: the guest talks to an interrupt controller in the VMM,
-- which lowers the line.
local function handle_lines(vcpu)
	store(vcpu.hw_wfi, false)
	burn(timing.handler)
	if kvm.has_timer and load(vcpu.cntv_istatus) then
		K.guest_stop_timer(vcpu)
	end
	if kvm.has_pmu and test_bit(HW_PMU, vcpu.hw_lines) then
		K.guest_pmu_clear(vcpu)
	end
	if kvm.on_irq then
		kvm.on_irq(new_cpu(vcpu), NULL)
	end
	guest_exit(EXIT_USER, K.vmm_ack)
end

-- The VMM: emulated devices and irqchip, under its one big lock.  A line is up
-- from before the ioctl that raises it until after the one that lowers it.
function K.vmm_line(irq, level)
	mutex_lock(kvm.hw.bql)
	if level then
		store(irq.hw_line, true)
	end
	K.kvm_vm_ioctl_irq_line("spi", irq, level)
	if not level then
		store(irq.hw_line, false)
	end
	mutex_unlock(kvm.hw.bql)
end

-- An edge-triggered one latches the rise, and knows nothing of the fall.
function K.vmm_edge(irq, level)
	mutex_lock(kvm.hw.bql)
	if level then
		store(irq.hw_latch, true)
	end
	K.kvm_vm_ioctl_irq_line("spi", irq, level)
	mutex_unlock(kvm.hw.bql)
end

function K.vmm_lower(vcpu) K.vmm_line(load(vcpu.acked), false) end

function K.vmm_cpu_line(vcpu, level)
	mutex_lock(kvm.hw.bql)
	if level then
		set_bit(HW_IRQ, vcpu.hw_lines)
	end
	K.kvm_vm_ioctl_irq_line("cpu", vcpu, level)
	if not level then
		clear_bit(HW_IRQ, vcpu.hw_lines)
	end
	mutex_unlock(kvm.hw.bql)
end

function K.vmm_ack(vcpu) K.vmm_cpu_line(vcpu, false) end

-- Whenever KVM_RUN returns it has said what the timer's and the PMU's output is
-- (struct kvm_sync_regs.device_irq_level): the VMM routes it.
function K.vmm_device_irq(vcpu)
	if any(vcpu.device_irq) then
		K.kvm_vm_ioctl_irq_line("cpu", vcpu, true)
	end
end

-- --- actors -----------------------------------------------------------

-- A vCPU thread of the VMM: KVM_RUN, serve the exit, KVM_RUN.
local function vcpu_thread(vcpu)
	if load(vcpu.hw_off) then
		mark("wait", vcpu)
	end
	loop(function()
		local why = K.kvm_arch_vcpu_ioctl_run(vcpu)

		if why == "shutdown" then
			return true
		end
		burn(timing.user)
		if why == "signal" then
			store(vcpu.task.sigpending, false)
		elseif why ~= "device irq" then
			call_trap(vcpu)
		end
		if not kvm.irqchip_in_kernel then
			K.vmm_device_irq(vcpu)
		end
	end)
end

-- The guest's function, then a shutdown: a guest that has nothing more to
-- do does not wait.
local guest_of, bodies = {}, {}

local function guest_body(fn)
	for i, f in ipairs(bodies) do
		if f == fn then
			return guest_of[i]
		end
	end
	bodies[#bodies + 1] = fn
	guest_of[#bodies] = function(vcpu)
		fn(new_cpu(vcpu))
		guest_exit(EXIT_SHUTDOWN)
	end
	return guest_of[#bodies]
end

-- Everything that belongs to one vCPU.  Returns its thread.
function kvm.make_vcpu(n, vcpu, fn)
	local name = "vcpu" .. n
	local function a(suffix, type, home, handler, run)
		return actor {
			type = type, name = name .. suffix, run = run,
			args = { vcpu }, object = vcpu, home = home,
			handler = handler,
			task = type == "thread" and not handler and "task"
			       or nil,
		}
	end

	local thread = a("", "thread", nil, nil, vcpu_thread)
	local guest = a("-guest", "guest", thread, nil, guest_body(fn))
	a("-irq", "virq", guest, "virq",
	  kvm.irqchip_in_kernel and handle_vgic or handle_lines)
	a("-preempt", "preempt", thread, "preempt", K.vcpu_preempted)
	a("-ipi", "hardirq", thread, "ipi", K.scheduler_ipi)
	if kvm.has_timer then
		a("-vtimer", "hw", nil, "vtimer", K.hw_vtimer_expires)
		a("-ppi", "hardirq", thread, "vtimer_ppi",
		  K.kvm_arch_timer_handler)
	end
	if kvm.has_ptimer then
		a("-ptimer", "hw", nil, "ptimer", K.hw_ptimer_expires)
	end
	if kvm.has_pmu then
		a("-pmu", "hw", nil, "pmu_counter", K.hw_pmu_overflow)
		a("-pmi", "hardirq", thread, "pmi", K.kvm_pmu_perf_overflow)
	end
	for _, make in ipairs(kvm.vcpu_makers) do
		make(a, thread, vcpu)
	end
	return thread
end
