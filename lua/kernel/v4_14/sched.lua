-- SPDX-License-Identifier: GPL-2.0-or-later
-- The scheduler's side of sleeping and waking, as far as KVM sees it.

source("kernel/sched/swait.c", "v4.14")

-- raw_spin_lock_irqsave(): handlers wake, too.  Whoever sleeps or wakes in a
-- thread has interrupts on, and in a handler they stay off anyway, so there
-- is nothing to save.
local function lock_irqsave(lock)
	local_irq_disable()
	spin_lock(lock)
end

local function unlock_irqrestore(lock)
	spin_unlock(lock)
	local_irq_enable()
end

-- prepare_to_swait(): queue and state under the queue's lock; the barrier of
-- set_current_state() comes after both, and before the caller's test.
-- Pairs with smp_mb() in swq_has_sleeper() and try_to_wake_up().
function K.prepare_to_swait(wq, vcpu)
	lock_irqsave(wq.lock)
	if list_empty(wq.list) then
		list_add(wq.list, vcpu)
	end
	K.set_current_state(vcpu)
	unlock_irqrestore(wq.lock)
end

-- finish_swait(): the state first, by a plain store; a waker has unlinked
-- the entry already, or it is unlinked here.  The test is lockless.
function K.finish_swait(wq, vcpu)
	store(vcpu.task.state, TASK_RUNNING)
	if not list_empty(wq.list) then
		lock_irqsave(wq.lock)
		if not list_empty(wq.list) then
			list_del(wq.list, vcpu)
		end
		unlock_irqrestore(wq.lock)
	end
end

-- swake_up(): always takes the lock (35a2897c2a30; seen in 4.14.177).  4.13
-- tested the queue without it first, with no barrier of its own: patch
-- swake-up-lockless.  Only one vCPU ever waits on its queue, so the first waiter is its owner.
function K.swake_up(wq)
	lock_irqsave(wq.lock)
	local vcpu = list_first(wq.list)
	if vcpu ~= NULL then
		try_to_wake_up(vcpu.task)
		list_del(wq.list, vcpu)
	end
	unlock_irqrestore(wq.lock)
end

source("include/linux/swait.h", "v4.14")

-- swq_has_sleeper(): the barrier of 5e0018b3e39e, between the condition that
-- the waker has stored and the test of the queue.
function K.swq_has_sleeper(wq)
	smp_mb()
	return not list_empty(wq.list)
end

source("include/linux/sched.h", "v4.14")

-- set_current_state(): smp_store_mb()
function K.set_current_state(vcpu)
	store(vcpu.task.state, TASK_INTERRUPTIBLE)
	smp_mb()
end

source("kernel/sched/core.c", "v4.14")

-- schedule(): with the run queue's lock, so without interrupts.  A task that
-- was made RUNNING in the meantime, or has a signal, stays.
function K.schedule(vcpu)
	local_irq_disable()
	if deactivate(vcpu.task) then
		K.kvm_sched_out(vcpu)
		switch_out(vcpu.task)
		K.kvm_sched_in(vcpu)
	end
	local_irq_enable()
end

-- Involuntary preemption: the task stays on the run queue whatever its
-- state.  Outside KVM_RUN no notifier is registered.
function K.vcpu_preempted(vcpu)
	if load(vcpu.notifier) then
		K.kvm_sched_out(vcpu)
		yield_cpu()
		K.kvm_sched_in(vcpu)
	else
		yield_cpu()
	end
end

-- scheduler_ipi(): the point is to take a CPU out of its guest.
function K.scheduler_ipi(vcpu)
end

source("kernel/signal.c", "v4.14")

-- signal_wake_up(): the flag, then wake; if it did not sleep, kick_process()
function K.signal_wake_up(vcpu)
	store(vcpu.task.sigpending, true)
	if not try_to_wake_up(vcpu.task) then
		raise(vcpu.ipi)
	end
end
