-- SPDX-License-Identifier: GPL-2.0-or-later
-- KVM_RUN, the predicate, stopping and resuming vCPUs, KVM_IRQ_LINE.

source("virt/kvm/arm/arm.c", "v4.14")

-- kvm_arch_vcpu_runnable(): the loads happen in this order, one by one and
-- plain; without an interrupt, power_off and pause are not looked at.
function K.kvm_arch_vcpu_runnable(vcpu)
	return (any(vcpu.irq_lines) or K.kvm_vgic_vcpu_pending_irq(vcpu))
	       and not load(vcpu.power_off) and not load(vcpu.pause)
end

function K.kvm_arch_vcpu_should_kick(vcpu)
	return K.kvm_vcpu_exiting_guest_mode(vcpu) == IN_GUEST_MODE
end

function K.kvm_cpu_has_pending_timer(vcpu)
	return K.kvm_timers_should_fire(vcpu)
end

function K.kvm_arch_vcpu_blocking(vcpu)
	K.kvm_timer_schedule(vcpu)
end

function K.kvm_arch_vcpu_unblocking(vcpu)
	K.kvm_timer_unschedule(vcpu)
end

function K.kvm_arch_vcpu_load(vcpu)
	store(vcpu.cpu, true)
end

function K.kvm_arch_vcpu_put(vcpu)
	store(vcpu.cpu, false)
end

-- KVM_ARM_VCPU_INIT: with POWER_OFF, vcpu_power_off() stores the flag and makes
-- the request.
function kvm.vcpu_init(off)
	return { power_off = off, requests = off and 1 << KVM_REQ_SLEEP or 0 }
end

-- --- stopped: power_off and pause -------------------------------------

-- vcpu_req_sleep(): swait_event_interruptible(), then once more a request
-- if a signal ended it, so that the entry is aborted and we come back.
function K.vcpu_req_sleep(vcpu)
	if K.vcpu_may_run(vcpu) then
		return
	end
	loop(function()
		K.prepare_to_swait(vcpu.wq, vcpu)
		if K.vcpu_may_run(vcpu) then
			mark("verdict", vcpu)
			return true
		end
		if load(vcpu.task.sigpending) then
			mark("signal", vcpu)
			return true
		end
		K.schedule(vcpu)
	end)
	K.finish_swait(vcpu.wq, vcpu)
	if not K.vcpu_may_run(vcpu) then
		K.kvm_make_request(KVM_REQ_SLEEP, vcpu)
	end
end

-- the condition of vcpu_req_sleep()
function K.vcpu_may_run(vcpu)
	return not load(vcpu.power_off) and not load(vcpu.pause)
end

-- kvm_arm_halt_guest(): returns when no vCPU is in the guest, nor will be.
function K.kvm_arm_halt_guest()
	for n = 0, kvm.nr_vcpus - 1 do
		store(kvm.vcpu[n].pause, true)
	end
	K.kvm_make_all_cpus_request(KVM_REQ_SLEEP)
	store(kvm.hw.halted, true)
end

-- kvm_arm_resume_guest()
function K.kvm_arm_resume_guest()
	store(kvm.hw.halted, false)
	for n = 0, kvm.nr_vcpus - 1 do
		store(kvm.vcpu[n].pause, false)
		K.swake_up(kvm.vcpu[n].wq)
	end
end

-- --- the run loop -----------------------------------------------------

-- check_vcpu_requests(): an interrupt request has done its work by keeping
-- the vCPU out of the guest; the barrier of the check makes the vgic's state
-- visible to the flush that follows.
function K.check_vcpu_requests(vcpu)
	if not K.kvm_request_pending(vcpu) then
		return
	end
	if K.kvm_check_request(KVM_REQ_SLEEP, vcpu) then
		K.vcpu_req_sleep(vcpu)
	end
	K.kvm_check_request(KVM_REQ_IRQ_PENDING, vcpu)
end

function K.flush_hwstate(vcpu)
	K.kvm_pmu_flush_hwstate(vcpu)
	K.kvm_timer_flush_hwstate(vcpu)
	K.kvm_vgic_flush_hwstate(vcpu)
end

function K.sync_hwstate(vcpu)
	K.kvm_pmu_sync_hwstate(vcpu)
	K.kvm_timer_sync_hwstate(vcpu)
	K.kvm_vgic_sync_hwstate(vcpu)
end

-- An entry that is not made: what was flushed goes back.
function K.vcpu_abort_entry(vcpu)
	K.check_progress(vcpu, false)
	K.sync_hwstate(vcpu)
end

-- What sends KVM_RUN back to user space instead of into the guest.
function K.exit_to_user(vcpu)
	if load(vcpu.task.sigpending) then
		return "signal"
	end
	if K.kvm_timer_should_notify_user(vcpu)
	   or K.kvm_pmu_should_notify_user(vcpu) then
		return "device irq"
	end
	return "run"
end

-- One turn of kvm_arch_vcpu_ioctl_run(): "run" for another one, else why it
-- ends.  In 4.14 host interrupts are on again before the state is synced.
function K.vcpu_run_once(vcpu)
	K.check_vcpu_requests(vcpu)
	preempt_disable()
	K.flush_hwstate(vcpu)
	local_irq_disable()
	local ret = K.exit_to_user(vcpu)
	store(vcpu.mode, IN_GUEST_MODE)
	smp_mb()			-- smp_store_mb(); see exiting_guest_mode()
	if ret ~= "run" or K.kvm_request_pending(vcpu) then
		store(vcpu.mode, OUTSIDE_GUEST_MODE)
		local_irq_enable()
		K.vcpu_abort_entry(vcpu)
		preempt_enable()
		return ret
	end
	K.check_progress(vcpu, true)
	local reason = K.hw_run_guest(vcpu)
	store(vcpu.mode, OUTSIDE_GUEST_MODE)
	local_irq_enable()
	K.sync_hwstate(vcpu)
	preempt_enable()
	return K.handle_exit(vcpu, reason)
end

function K.kvm_arch_vcpu_ioctl_run(vcpu)
	K.vcpu_load(vcpu)
	local why = loop(function()
		local ret = K.vcpu_run_once(vcpu)
		if ret ~= "run" then
			return ret
		end
	end)
	-- Why ever it returns, it says what the levels are.
	if not kvm.irqchip_in_kernel then
		K.update_device_irq(vcpu)
	end
	K.vcpu_put(vcpu)
	return why
end

-- --- interrupt lines --------------------------------------------------

-- vcpu_interrupt_line(): the same for both levels.
function K.vcpu_interrupt_line(vcpu, level)
	local old

	if level then
		old = test_and_set_bit(HCR_VI, vcpu.irq_lines)
	else
		old = test_and_clear_bit(HCR_VI, vcpu.irq_lines)
	end
	if old == level then
		return
	end
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
	K.kvm_vcpu_kick(vcpu)
end

-- kvm_vm_ioctl_irq_line(): type "cpu" with a vCPU (userspace irqchip), or
-- "spi" with an interrupt (in-kernel vgic).
function K.kvm_vm_ioctl_irq_line(type, target, level)
	if type == "cpu" then
		K.vcpu_interrupt_line(target, level)
	else
		K.kvm_vgic_inject_irq(target, level)
	end
end
