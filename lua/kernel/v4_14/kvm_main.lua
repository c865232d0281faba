-- SPDX-License-Identifier: GPL-2.0-or-later
-- Requests, kicks, the sleep loop, directed yield.

source("include/linux/kvm_host.h", "v4.14")

-- What make_all_cpus_request() has to know of a request: number & flags.
kvm.request_flags = {
	[KVM_REQ_SLEEP] = { wait = true, no_wakeup = true },
}

local function flags_of(req)
	return kvm.request_flags[req] or {}
end

-- kvm_make_request(): what the request is about first, then the bit.
-- Pairs with the barrier in kvm_check_request().
function K.kvm_make_request(req, vcpu)
	smp_wmb()
	set_bit(req, vcpu.requests)
end

function K.kvm_test_request(req, vcpu)
	return test_bit(req, vcpu.requests)
end

function K.kvm_clear_request(req, vcpu)
	clear_bit(req, vcpu.requests)
end

function K.kvm_check_request(req, vcpu)
	if not K.kvm_test_request(req, vcpu) then
		return false
	end
	K.kvm_clear_request(req, vcpu)
	smp_mb()			-- smp_mb__after_atomic()
	return true
end

function K.kvm_request_pending(vcpu)
	return any(vcpu.requests)
end

-- kvm_vcpu_exiting_guest_mode(): full barrier even when the cmpxchg fails.
-- Pairs with smp_store_mb(mode, IN_GUEST_MODE) before the last look at the
-- requests: at least one side sees the other.
function K.kvm_vcpu_exiting_guest_mode(vcpu)
	smp_mb()			-- smp_mb__before_atomic()
	return cmpxchg(vcpu.mode, IN_GUEST_MODE, EXITING_GUEST_MODE)
end

source("virt/kvm/kvm_main.c", "v4.14")

-- --- wake and kick ----------------------------------------------------

-- kvm_vcpu_wake_up(): true means "was queued", not "did sleep".
function K.kvm_vcpu_wake_up(vcpu)
	if K.swq_has_sleeper(vcpu.wq) then
		K.swake_up(vcpu.wq)
		return true
	end
	return false
end

-- kvm_vcpu_kick(): takes no request and so cannot honour a flag of one.
-- vcpu->cpu is read first of all, by a plain load.  It is "us" only when the
-- vCPU is outside the guest, where the mode says no as well.
function K.kvm_vcpu_kick(vcpu)
	local cpu = load(vcpu.cpu)

	if K.kvm_vcpu_wake_up(vcpu) then
		return
	end
	if cpu and K.kvm_arch_vcpu_should_kick(vcpu) then
		raise(vcpu.ipi)		-- smp_send_reschedule()
	end
end

function K.kvm_request_needs_ipi(vcpu, req)
	local mode = K.kvm_vcpu_exiting_guest_mode(vcpu)

	if flags_of(req).wait then
		return mode ~= OUTSIDE_GUEST_MODE
	end
	return mode == IN_GUEST_MODE
end

-- One turn of kvm_make_all_cpus_request().
function K.make_vcpu_request(req, vcpu)
	K.kvm_make_request(req, vcpu)
	local cpu = load(vcpu.cpu)
	if not flags_of(req).no_wakeup and K.kvm_vcpu_wake_up(vcpu) then
		return
	end
	if cpu and K.kvm_request_needs_ipi(vcpu, req) then
		raise(vcpu.ipi)
	end
end

-- kvm_make_all_cpus_request(): with WAIT it returns when every vCPU that was
-- not outside has taken its IPI; who sleeps is not waited for.
function K.kvm_make_all_cpus_request(req)
	for n = 0, kvm.nr_vcpus - 1 do
		K.make_vcpu_request(req, kvm.vcpu[n])
	end
	if flags_of(req).wait then
		for n = 0, kvm.nr_vcpus - 1 do
			await_idle(kvm.vcpu[n].ipi)
		end
	end
end

-- --- the sleep loop ---------------------------------------------------

-- kvm_vcpu_check_block(): does the wait end?  Timer and signal go round
-- power_off and pause; the run loop looks at those again.
function K.kvm_vcpu_check_block(vcpu)
	if K.kvm_arch_vcpu_runnable(vcpu) then
		K.kvm_make_request(KVM_REQ_UNHALT, vcpu)
		mark("verdict", vcpu)
		return true
	end
	mark("false", vcpu)
	if K.kvm_cpu_has_pending_timer(vcpu) then
		mark("verdict", vcpu)
		return true
	end
	if load(vcpu.task.sigpending) then
		mark("signal", vcpu)
		return true
	end
	return false
end

-- Halt polling: looks at the condition for a while before it pays for
-- sleeping.  It is on no queue then, so nobody's kick reaches it.  (The loop
-- also ends when another task wants this CPU; the time slice stands for
-- that.)  Returns true when the wait has ended.
function K.halt_poll(vcpu)
	local stop = ktime_get() + load(vcpu.halt_poll_ns)

	return loop(function()
		if K.kvm_vcpu_check_block(vcpu) then
			return true
		end
		burn(timing.poll)
		if kvm.overcommitted or not (ktime_get() < stop) then
			return false
		end
	end)
end

-- The waiting proper, of kvm_vcpu_block().
function K.block_wait(vcpu)
	K.kvm_arch_vcpu_blocking(vcpu)
	loop(function()
		K.prepare_to_swait(vcpu.wq, vcpu)
		if K.kvm_vcpu_check_block(vcpu) then
			return true
		end
		K.schedule(vcpu)
	end)
	K.finish_swait(vcpu.wq, vcpu)
	K.kvm_arch_vcpu_unblocking(vcpu)
end

-- grow_halt_poll_ns(): 0 -> 10 us, then doubled, at most halt_poll_ns
local function grow(vcpu, window)
	if not (ns(0) < window) then
		store(vcpu.halt_poll_ns, us(10))
	elseif kvm.halt_poll < window + window then
		store(vcpu.halt_poll_ns, kvm.halt_poll)
	else
		store(vcpu.halt_poll_ns, window + window)
	end
end

-- The end of kvm_vcpu_block(): shrinking means 0 (halt_poll_ns_shrink = 0).
local function adapt(vcpu, start)
	local block = ktime_get() - start
	local window = load(vcpu.halt_poll_ns)

	if not (window < block) then
		return
	end
	if ns(0) < window and kvm.halt_poll < block then
		store(vcpu.halt_poll_ns, ns(0))
	elseif window < kvm.halt_poll and block < kvm.halt_poll then
		grow(vcpu, window)
	end
end

-- kvm_vcpu_block()
function K.kvm_vcpu_block(vcpu)
	if not kvm.halt_poll then
		K.block_wait(vcpu)
		return
	end
	local start = ktime_get()
	if ns(0) < load(vcpu.halt_poll_ns) and K.halt_poll(vcpu) then
		mark("polled", vcpu)
	else
		K.block_wait(vcpu)
	end
	adapt(vcpu, start)
end

-- --- preempt notifiers ------------------------------------------------

-- kvm_sched_out(): "preempted" is for a task that would go on running.
function K.kvm_sched_out(vcpu)
	if load(vcpu.task.state) == TASK_RUNNING then
		store(vcpu.preempted, true)
	end
	K.kvm_arch_vcpu_put(vcpu)
end

function K.kvm_sched_in(vcpu)
	store(vcpu.preempted, false)
	K.kvm_arch_vcpu_load(vcpu)
end

function K.vcpu_load(vcpu)
	preempt_disable()
	store(vcpu.notifier, true)
	K.kvm_arch_vcpu_load(vcpu)
	preempt_enable()
end

function K.vcpu_put(vcpu)
	preempt_disable()
	K.kvm_arch_vcpu_put(vcpu)
	store(vcpu.notifier, false)
	preempt_enable()
end

-- --- directed yield ---------------------------------------------------

function K.kvm_vcpu_eligible_for_directed_yield(vcpu)
	local spins = load(vcpu.in_spin_loop)
	local eligible = not spins or load(vcpu.dy_eligible)

	if spins then
		store(vcpu.dy_eligible, not load(vcpu.dy_eligible))
	end
	return eligible
end

-- One candidate of kvm_vcpu_on_spin(): true if it was yielded to.  Only the
-- filter matters here; where yield_to() moves the target in the run queue
-- is the host scheduler's, and modelled as giving up the CPU.
function K.yield_to_vcpu(me, vcpu)
	if vcpu == me or not load(vcpu.preempted) then
		return false
	end
	if not list_empty(vcpu.wq.list) and not K.kvm_arch_vcpu_runnable(vcpu) then
		return false
	end
	if not K.kvm_vcpu_eligible_for_directed_yield(vcpu) then
		return false
	end
	mark("yield_to", vcpu)
	yield_cpu()
	return true
end

-- kvm_vcpu_on_spin(): the first candidate, in order of vcpu_id (the kernel
-- begins after the one that it boosted last).
function K.kvm_vcpu_on_spin(me)
	store(me.in_spin_loop, true)
	K.yield_to_any_vcpu(me)
	store(me.in_spin_loop, false)
	store(me.dy_eligible, false)
end

function K.yield_to_any_vcpu(me)
	for n = 0, kvm.nr_vcpus - 1 do
		if K.yield_to_vcpu(me, kvm.vcpu[n]) then
			return
		end
	end
end
