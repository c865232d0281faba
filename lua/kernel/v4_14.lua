-- SPDX-License-Identifier: GPL-2.0-or-later
-- Linux 4.14: the state that "An ode to kvm_arch_vcpu_runnable()" speaks of.
--
-- That is 4.13 with the vCPU request series, plus 5e0018b3e39e ("kvm:
-- Serialize wq active checks in kvm_vcpu_wake_up()"), before GICv4 and the
-- timer rework of 4.15.  Read in 4.13.4 and 4.14.177; where these differ by
-- a backport, the file says which one is modelled.
--
--	KVM_RUN		arm.c: flush pmu, timer, vgic -> mode = IN, mb ->
--			requests? -> guest -> sync pmu, timer, vgic -> exit
--	WFI		handle_exit.c -> kvm_main.c: kvm_vcpu_block()
--	wake-ups	kvm_vcpu_kick() = kvm_vcpu_wake_up(), else an IPI
--
-- Locking order: kvm->lock, ap_list_lock (lower vcpu_id first), irq_lock;
-- wq.lock is a leaf.

struct("swait", { lock = lock(), list = list("vcpu", "wait") })

struct("vcpu", {
	task		= embed("task"),
	wq		= embed("swait"),
	wait		= link("vcpu"),

	mode = enum { "OUTSIDE_GUEST_MODE", "IN_GUEST_MODE",
		      "EXITING_GUEST_MODE" },
	requests = word { "KVM_REQ_UNHALT", "KVM_REQ_SLEEP",
			  "KVM_REQ_IRQ_PENDING" },
	cpu		= flag(),		-- vcpu->cpu != -1
	notifier	= flag(),		-- preempt notifier registered
	preempted	= flag(),
	in_spin_loop	= flag(),
	dy_eligible	= flag(),
	halt_poll_ns	= time(),

	power_off	= flag(),
	pause		= flag(),
	irq_lines	= word { "HCR_VI", "HCR_VF" },

	ap_list		= list("irq", "ap"),
	ap_list_lock	= lock(),
	used_lrs	= count(16),

	pmovsset	= flag(),
	pmu_irq_level	= flag(),
	vtimer_level	= flag(),
	ptimer_level	= flag(),
	device_irq	= word { "NOTIFIED_TIMER", "NOTIFIED_PMU" },
	bg_timer	= handler(),
	expired_work	= handler(),
})

struct("irq", {
	lock		= lock(),
	level		= flag(),		-- config == VGIC_CONFIG_LEVEL
	line_level	= guarded(flag()),
	pending_latch	= guarded(flag()),
	enabled		= flag(true),
	active		= guarded(flag()),
	priority	= count(3),
	target_vcpu	= guarded(ref("vcpu")),
	vcpu		= guarded(ref("vcpu")),		-- on whose ap_list, or NULL
	ap		= link("irq"),
})

struct("kvm", {
	lock		= lock(),
	vgic_enabled	= flag(true),
})

-- What a reviewer asks about: see docs/questions.md.
steps {
	request	= { "kvm_make_request", "make_vcpu_request",
		    "kvm_make_all_cpus_request" },
	kick	= { "kvm_vcpu_kick", "kvm_vcpu_wake_up", "swake_up",
		    "try_to_wake_up", "raise:vcpu.ipi" },
	term	= { "kvm_arch_vcpu_runnable", "kvm_vcpu_check_block",
		    "vcpu_may_run" },
}

observe("kvm_arch_vcpu_runnable", {
	{ "irq_lines", function(vcpu) return any(vcpu.irq_lines) end },
	{ "vgic_pending", function(vcpu)
		return K.kvm_vgic_vcpu_pending_irq(vcpu)
	  end },
	{ "power_off", function(vcpu) return load(vcpu.power_off) end },
	{ "pause", function(vcpu) return load(vcpu.pause) end },
	{ "IRQ_PENDING", function(vcpu)
		return test_bit(KVM_REQ_IRQ_PENDING, vcpu.requests)
	  end },
	{ "pmu_overflow", function(vcpu)
		return kvm.has_pmu and K.kvm_pmu_overflow_status(vcpu)
	  end },
})

include("kernel/v4_14/sched")
include("kernel/v4_14/kvm_main")
include("kernel/v4_14/arm")
include("kernel/v4_14/handle_exit")
include("kernel/v4_14/psci")
include("kernel/v4_14/vgic")
include("kernel/v4_14/vgic_mmio")
include("kernel/v4_14/arch_timer")
include("kernel/v4_14/pmu")
include("kernel/v4_14/invariants")
