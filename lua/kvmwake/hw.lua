-- SPDX-License-Identifier: GPL-2.0-or-later
-- The hardware that a guest sees, and the host hardware under KVM.
--
-- There are two sides.  hw_* fields are the architecture's truth: what a
-- real GIC, timer, PMU and firmware would hold at this moment.  Only this
-- file, guest.lua and the outside world (devices) write them.  The other
-- fields of this file are physical: list registers, the timer's condition,
-- handlers; kernels read and write those as kernels do.
--
--	device edge	-> hw_latch	guest acknowledges -> cleared
--	device level	-> hw_line	device lowers it   -> cleared
--	guest MMIO	-> hw_enabled, hw_target, hw_prio, hw_active, hw_dist
--
-- The guest's side of an access happens first, then the trap to the kernel.

source("(hardware)", "")

struct("lr", {
	irq	= ref("irq"),
	pending	= flag(),
	active	= flag(),
})

struct("irq", {
	hw_line		= arch(flag()),
	hw_latch	= arch(flag()),
	hw_active	= arch(flag()),
	hw_enabled	= arch(flag(true)),
	hw_target	= arch(ref("vcpu")),
	hw_prio		= arch(count(3)),	-- 0 is the most urgent
	source = enum { "SOURCE_EDGE", "SOURCE_LEVEL", "SOURCE_SGI",
			"SOURCE_TIMER", "SOURCE_PMU", "SOURCE_PTIMER" },
})

struct("vcpu", {
	hw_wfi		= arch(flag()),
	hw_off		= arch(flag()),
	hw_lines	= arch(word { "HW_IRQ", "HW_FIQ", "HW_TIMER", "HW_PMU" }),
	hw_vlpi		= arch(flag()),		-- pending in the VPT
	hw_pmr		= arch_all(count(4)),	-- only hw_prio < hw_pmr passes

	-- physical
	regs		= flag(true),		-- as CPU_ON wrote them
	in_guest	= flag(),
	aborted		= count(32),		-- entries in a row
	uie		= flag(),		-- underflow maintenance interrupt
	cntv_enabled	= flag(),
	cntv_istatus	= flag(),		-- the comparator's condition
	cntv_cval	= time(),
	cntv_active	= flag(),		-- host side of the PPI is active
	vpe_resident	= flag(),		-- GICR_VPENDBASER.Valid
	doorbell_on	= flag(),
	doorbell_pending = flag(),

	-- The physical timer is emulated: its registers are KVM's own, and no
	-- host interrupt belongs to it.
	cntp_enabled	= flag(),
	cntp_istatus	= flag(),		-- cval has come: the counter's side
	cntp_cval	= time(),

	vtimer_irq	= ref("irq"),
	ptimer_irq	= ref("irq"),
	pmu_irq		= ref("irq"),
	acked		= ref("irq"),		-- what the guest handles

	virq		= handler(),		-- the guest's interrupt handler
	ipi		= handler(),		-- reschedule IPI
	vtimer		= handler(),		-- comparator
	ptimer		= handler(),		-- the counter reaches cntp_cval
	vtimer_ppi	= handler(),		-- its host interrupt
	pmu_counter	= handler(),
	pmi		= handler(),		-- its host interrupt
	doorbell	= handler(),		-- GICv4, host interrupt
	preempt		= handler(),
})

-- What is not a CPU's.
struct("hw", {
	hw_dist = arch_all(flag(true)),		-- GICD_CTLR
	halted	= arch(flag()),		-- see K.check_guest_enter()
	bql	= lock(),			-- of the VMM
})

-- IAR, EOIR and PMR are no exits that a kernel sees, see K.hw_enter_guest().
exits { "EXIT_WFI", "EXIT_WFE", "EXIT_TRAP", "EXIT_MAINT", "EXIT_USER",
	"EXIT_SHUTDOWN", "EXIT_IAR", "EXIT_EOIR", "EXIT_PMR" }

-- Does its target's priority mask hold this interrupt back?
function K.hw_masked(irq)
	local vcpu = load(irq.hw_target)

	return vcpu == NULL or load(irq.hw_prio) >= load(vcpu.hw_pmr)
end

-- Does a list register hold something for the guest to take?
function K.hw_lr_pending(lr)
	return load(lr.pending) and not load(lr.active)
	       and not (kvm.has_pmr and K.hw_masked(load(lr.irq)))
end

-- Would the CPU interface signal an interrupt if the guest ran now?
function K.hw_virq_pending(vcpu)
	if any(vcpu.irq_lines) then
		return true
	end
	for i = 1, kvm.nr_lr do
		if K.hw_lr_pending(vcpu.lr[i]) then
			return true
		end
	end
	return load(vcpu.vpe_resident) and load(vcpu.hw_vlpi)
end

-- Assertions that hold at every guest entry, whatever the kernel: I4 and I7 of
-- the invariants (kernel/v4_14/invariants.lua) are among them.
function K.check_guest_enter(vcpu)
	if load(vcpu.hw_off) then
		fail("a vCPU that is powered off enters the guest")
	end
	if not load(vcpu.regs) then
		fail("I7: a vCPU enters the guest with the registers of its past life")
	end
	if load(kvm.hw.halted) then
		fail("I4: a halted vCPU enters the guest before it is resumed")
	end
end

-- A request that nobody consumes aborts every entry.
function K.check_progress(vcpu, enters)
	if enters then
		store(vcpu.aborted, 0)
		return
	end
	local n = load(vcpu.aborted)
	if n == 32 then
		fail("32 guest entries in a row were aborted")
	end
	store(vcpu.aborted, n + 1)
end

-- The world switch.  Returns why the guest exited.  The caller has host
-- interrupts masked: one that is pending takes the guest out at once.
function K.hw_run_guest(vcpu)
	burn(timing.entry)
	K.check_guest_enter(vcpu)
	if kvm.has_timer then
		K.hw_load_vtimer(vcpu)
	end
	if K.hw_virq_pending(vcpu) then
		raise(vcpu.virq)
	end
	local reason = K.hw_enter_guest(vcpu)
	unraise(vcpu.virq)
	if kvm.has_timer then
		store(vcpu.in_guest, false)
	end
	burn(timing.exit)
	return reason
end

-- The guest runs until it leaves for good.  An access to the CPU interface is
-- one instruction, and so is WFI: a host interrupt comes before or after it.
-- They are therefore executed here, with host interrupts masked, and the
-- guest goes on.
function K.hw_enter_guest(vcpu)
	return loop(function()
		local reason = guest_enter()

		if load(vcpu.hw_wfi) then
			store(vcpu.hw_wfi, false)	-- it has gone past it
		end
		if reason == EXIT_IAR then
			store(vcpu.acked, K.hw_ack(vcpu))
		elseif reason == EXIT_EOIR then
			if K.hw_eoi(vcpu, load(vcpu.acked)) then
				return EXIT_MAINT
			end
		elseif reason == EXIT_PMR then
			call_trap(vcpu)
		elseif reason ~= EXIT_WFI or K.hw_wfi_traps(vcpu) then
			return reason
		end
	end)
end

-- The guest writes ICC_PMR: what it held back may be signalled now.
function K.hw_set_pmr(vcpu, pmr)
	store(vcpu.hw_pmr, pmr)
	if K.hw_virq_pending(vcpu) then
		raise(vcpu.virq)
	end
end

-- Whether WFI traps while a virtual interrupt is pending is implementation
-- defined: vm.wfi_traps_pending.
function K.hw_wfi_traps(vcpu)
	if not kvm.wfi_traps_pending and K.hw_virq_pending(vcpu) then
		return false
	end
	K.hw_wait(vcpu)
	return true
end

-- From here on the vCPU waits for interrupts.
function K.hw_wait(vcpu)
	store(vcpu.hw_wfi, true)
	mark("wait", vcpu)
end

-- The vtimer is switched on for the guest; when its condition holds and the
-- host did not mark the PPI active, it fires at once.
function K.hw_load_vtimer(vcpu)
	store(vcpu.in_guest, true)
	smp_mb()
	if load(vcpu.cntv_istatus) and not load(vcpu.cntv_active) then
		raise(vcpu.vtimer_ppi)
	end
end

-- An output line of a CPU's own device: to its PPI, or with a userspace
-- irqchip to nobody in the kernel.
local function set_output(irq, vcpu, line, level)
	if kvm.irqchip_in_kernel then
		store(irq.hw_line, level)
	elseif level then
		set_bit(line, vcpu.hw_lines)
	else
		clear_bit(line, vcpu.hw_lines)
	end
end

function K.hw_timer_output(vcpu, level)
	set_output(kvm.irqchip_in_kernel and load(vcpu.vtimer_irq), vcpu,
		   HW_TIMER, level)
end

function K.hw_pmu_output(vcpu, level)
	set_output(kvm.irqchip_in_kernel and load(vcpu.pmu_irq), vcpu,
		   HW_PMU, level)
end

function K.hw_ptimer_output(vcpu, level)
	store(load(vcpu.ptimer_irq).hw_line, level)
end

-- Comparator: cval has come.  The output is the truth, and comes first: who
-- reads the condition must not know before the architecture does.
function K.hw_ptimer_expires(vcpu)
	K.hw_ptimer_output(vcpu, true)
	store(vcpu.cntp_istatus, true)
end

function K.hw_vtimer_expires(vcpu)
	K.hw_timer_output(vcpu, true)
	store(vcpu.cntv_istatus, true)
	smp_mb()
	if load(vcpu.in_guest) then
		raise(vcpu.vtimer_ppi)
	end
end

-- A counter overflows; the host's PMU driver hears of it by an interrupt.
function K.hw_pmu_overflow(vcpu)
	K.hw_pmu_output(vcpu, true)
	raise(vcpu.pmi)
end

-- A virtual LPI arrives at the redistributor (GICv4): delivered to a vPE
-- that is resident, else it rings the doorbell.
function K.hw_vlpi_arrives(vcpu)
	store(vcpu.hw_vlpi, true)
	smp_mb()
	if load(vcpu.vpe_resident) then
		raise(vcpu.virq)
		return
	end
	store(vcpu.doorbell_pending, true)
	smp_mb()
	if load(vcpu.doorbell_on) then
		store(vcpu.doorbell_pending, false)
		raise(vcpu.doorbell)
	end
end

-- A doorbell that rang while its interrupt was off is pending in the host's
-- LPI table until it is switched on.
function K.hw_enable_doorbell(vcpu)
	store(vcpu.doorbell_on, true)
	smp_mb()
	if load(vcpu.doorbell_pending) then
		store(vcpu.doorbell_pending, false)
		raise(vcpu.doorbell)
	end
end

-- The guest reads ICC_IAR1: the first pending list register becomes active.
-- Which of several is first has no influence on sleeping, so priorities are
-- not compared here.
function K.hw_ack(vcpu)
	for i = 1, kvm.nr_lr do
		if K.hw_lr_pending(vcpu.lr[i]) then
			return K.hw_ack_lr(vcpu.lr[i])
		end
	end
	return NULL
end

function K.hw_ack_lr(lr)
	local irq = load(lr.irq)

	store(lr.pending, false)
	store(lr.active, true)
	store(irq.hw_active, true)
	store(irq.hw_latch, false)
	return irq
end

-- The guest writes ICC_EOIR1; true if a maintenance interrupt follows.  A
-- level-triggered interrupt asks for one (LR.EOI), so that the kernel can look
-- at its line again; the timer's is deactivated on the physical side too
-- (LR.HW) and fires again if its condition still holds.
function K.hw_eoi(vcpu, irq)
	store(irq.hw_active, false)
	K.hw_eoi_lr(vcpu, irq)
	local source = load(irq.source)
	if source == SOURCE_TIMER then
		store(vcpu.cntv_active, false)
		return load(vcpu.cntv_istatus)
	elseif source == SOURCE_LEVEL or source == SOURCE_PMU
	       or source == SOURCE_PTIMER then
		return true
	end
	return load(vcpu.uie) and K.hw_lrs_empty(vcpu)
end

function K.hw_eoi_lr(vcpu, irq)
	for i = 1, kvm.nr_lr do
		if load(vcpu.lr[i].irq) == irq then
			store(vcpu.lr[i].active, false)
			return
		end
	end
end

-- Underflow.  Hardware says so at one valid register already; with an array
-- of one that would never end, so here it is none.
function K.hw_lrs_empty(vcpu)
	for i = 1, kvm.nr_lr do
		if load(vcpu.lr[i].pending) or load(vcpu.lr[i].active) then
			return false
		end
	end
	return true
end
