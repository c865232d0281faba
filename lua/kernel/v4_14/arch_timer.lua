-- SPDX-License-Identifier: GPL-2.0-or-later
-- The virtual timer and the emulated physical timer.
--
-- In 4.14 the timer is in hardware only while the guest runs.  While its
-- vCPU is blocked, an hrtimer stands for it; its callback queues work, and
-- the work wakes the vCPU.  The physical timer is never in hardware: while
-- the guest runs the same hrtimer stands for it, and what matters is that its
-- interrupt takes the guest out.

source("virt/kvm/arm/arch_timer.c", "v4.14")

-- kvm_timer_should_fire(): enabled, not masked, and cval has come
function K.kvm_timer_should_fire(vcpu)
	return load(vcpu.cntv_enabled) and load(vcpu.cntv_istatus)
end

function K.kvm_ptimer_should_fire(vcpu)
	return load(vcpu.cntp_enabled) and load(vcpu.cntp_istatus)
end

function K.kvm_timers_should_fire(vcpu)
	return K.kvm_timer_should_fire(vcpu) or K.kvm_ptimer_should_fire(vcpu)
end

-- kvm_timer_update_state()
function K.kvm_timer_update_state(vcpu)
	local level = K.kvm_timer_should_fire(vcpu)

	if level == load(vcpu.vtimer_level) then
		return
	end
	store(vcpu.vtimer_level, level)
	if kvm.irqchip_in_kernel then
		K.kvm_vgic_inject_irq(load(vcpu.vtimer_irq), level)
	end
end

-- kvm_timer_update_state(), the physical timer's half
function K.kvm_ptimer_update_state(vcpu)
	local level = K.kvm_ptimer_should_fire(vcpu)

	if level ~= load(vcpu.ptimer_level) then
		store(vcpu.ptimer_level, level)
		K.kvm_vgic_inject_irq(load(vcpu.ptimer_irq), level)
	end
end

-- kvm_timer_emulate(): before the guest is entered
function K.kvm_timer_emulate(vcpu)
	if load(vcpu.cntp_enabled) and not load(vcpu.cntp_istatus) then
		arm(vcpu.bg_timer, load(vcpu.cntp_cval))
	end
end

-- The trap of CNTP_CTL_EL0 and CNTP_CVAL_EL0: the registers are memory, and
-- the flush that follows looks at them.
function K.access_cntp(vcpu)
end

-- kvm_timer_flush_hwstate(): while the guest has the interrupt, pending or
-- active, the host's PPI is marked active and stays silent.
function K.kvm_timer_flush_hwstate(vcpu)
	if kvm.has_ptimer then
		K.kvm_ptimer_update_state(vcpu)
		K.kvm_timer_emulate(vcpu)
	end
	if not kvm.has_timer then
		return
	end
	K.kvm_timer_update_state(vcpu)
	store(vcpu.cntv_active, load(vcpu.vtimer_level)
				or K.kvm_vgic_map_is_active(vcpu))
end

function K.kvm_vgic_map_is_active(vcpu)
	if not kvm.irqchip_in_kernel then
		return false
	end
	local irq = load(vcpu.vtimer_irq)

	spin_lock(irq.lock)
	local active = load(irq.active)
	spin_unlock(irq.lock)
	return active
end

-- kvm_timer_sync_hwstate(): what kvm_timer_emulate() armed is disarmed first
-- (from memory of the kernel; the work, if it has been queued, wakes nobody).
function K.kvm_timer_sync_hwstate(vcpu)
	if kvm.has_ptimer then
		cancel(vcpu.bg_timer)
		unraise(vcpu.expired_work)
		K.kvm_ptimer_update_state(vcpu)
	end
	if kvm.has_timer then
		K.kvm_timer_update_state(vcpu)
	end
end

-- kvm_arch_timer_handler(): the expiry has taken the guest out; the sync
-- that follows does the rest.
function K.kvm_arch_timer_handler(vcpu)
end

-- kvm_timer_should_notify_user(): userspace irqchip only
function K.kvm_timer_should_notify_user(vcpu)
	if not kvm.has_timer or kvm.irqchip_in_kernel then
		return false
	end
	return load(vcpu.vtimer_level) ~= test_bit(NOTIFIED_TIMER, vcpu.device_irq)
end

-- kvm_timer_update_run() and kvm_pmu_update_run()
function K.update_device_irq(vcpu)
	if kvm.has_timer then
		K.copy_level(vcpu, NOTIFIED_TIMER, load(vcpu.vtimer_level))
	end
	if kvm.has_pmu then
		K.copy_level(vcpu, NOTIFIED_PMU, load(vcpu.pmu_irq_level))
	end
end

function K.copy_level(vcpu, bit, level)
	if level then
		set_bit(bit, vcpu.device_irq)
	else
		clear_bit(bit, vcpu.device_irq)
	end
end

-- --- while blocked ----------------------------------------------------

-- kvm_timer_schedule(): no hrtimer if the timer fires already or cannot
function K.kvm_timer_schedule(vcpu)
	if (kvm.has_timer or kvm.has_ptimer)
	   and not K.kvm_timers_should_fire(vcpu) then
		K.arm_earliest(vcpu)
	end
end

-- kvm_timer_earliest_exp(), kvm_timer_arm()
function K.arm_earliest(vcpu)
	local v, p = load(vcpu.cntv_enabled), load(vcpu.cntp_enabled)

	if v and not (p and load(vcpu.cntp_cval) < load(vcpu.cntv_cval)) then
		arm(vcpu.bg_timer, load(vcpu.cntv_cval))
	elseif p then
		arm(vcpu.bg_timer, load(vcpu.cntp_cval))
	end
end

-- kvm_timer_unschedule(): hrtimer_cancel(), cancel_work_sync()
function K.kvm_timer_unschedule(vcpu)
	if not (kvm.has_timer or kvm.has_ptimer) then
		return
	end
	cancel(vcpu.bg_timer)
	await_idle(vcpu.bg_timer)
	unraise(vcpu.expired_work)
	await_idle(vcpu.expired_work)
end

-- kvm_timer_expire(), hard interrupt: too early, again; else queue the work.
-- The hrtimer reads the same counter as the guest's comparator.
function K.kvm_timer_expire(vcpu)
	if not K.kvm_timers_should_fire(vcpu) then
		K.arm_earliest(vcpu)
		return
	end
	raise(vcpu.expired_work, timing.work)
end

-- kvm_timer_inject_irq_work(): a wake-up, no request.  It suffices because
-- kvm_cpu_has_pending_timer() is part of the condition.
function K.kvm_timer_inject_irq_work(vcpu)
	K.kvm_vcpu_wake_up(vcpu)
end

kvm.vcpu_makers[#kvm.vcpu_makers + 1] = function(a, thread, vcpu)
	if kvm.has_timer or kvm.has_ptimer then
		a("-bg-timer", "hardirq", thread, "bg_timer", K.kvm_timer_expire)
		a("-timer-work", "thread", nil, "expired_work",
		  K.kvm_timer_inject_irq_work)
	end
end
