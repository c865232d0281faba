-- SPDX-License-Identifier: GPL-2.0-or-later
-- What must hold of this kernel's own state, beside never missing a wake-up
-- (I1, which the oracle decides).  `explore` looks at it; nothing here is
-- executed by the kernel.  A later kernel or a patch replaces an invariant by
-- declaring one of the same name.
--
-- I4 and I7 are assertions at guest entry (kvmwake/hw.lua), which timed runs
-- check as well; I6 is explore --spurious-bound.

-- While it is on its way an IPI is pending, or the mode says EXITING.  The
-- guest itself is not counted on: it may compute for as long as it likes.
invariant("I2", {
	about = "a vCPU that has a request does not stay in its guest",
	of = "vcpu", when = "guest", eventually = "host",
	holds = function(vcpu)
		return not any(vcpu.requests)
	end,
})

local function is_on_list(vcpu, irq)
	return list_for_each(vcpu.ap_list, function(i)
		if i == irq then
			return true
		end
	end) == true
end

-- A path of its own: what a vCPU's list holds is asked of every vCPU.
function K.irq_is_listed_rightly(irq, vcpu)
	return is_on_list(vcpu, irq) == (load(irq.vcpu) == vcpu)
end

-- Who changes either side holds irq_lock and an ap_list_lock; what he stores
-- is in memory when he has dropped both.
invariant("I3", {
	about = "an interrupt is on the ap_list of irq->vcpu and on no other",
	of = "irq",
	holds = function(irq)
		if spin_is_locked(irq.lock) then
			return true
		end
		for n = 0, kvm.nr_vcpus - 1 do
			if spin_is_locked(kvm.vcpu[n].ap_list_lock) then
				return true
			end
		end
		for n = 0, kvm.nr_vcpus - 1 do
			if not K.irq_is_listed_rightly(irq, kvm.vcpu[n]) then
				return false
			end
		end
		return true
	end,
})

-- Outside KVM_RUN, where no preempt notifier is registered, a request waits.
invariant("I5", {
	about = "a request is consumed sooner or later, or its vCPU sleeps",
	of = "vcpu", eventually = "any",
	holds = function(vcpu)
		return not any(vcpu.requests) or not load(vcpu.task.on_rq)
		       or not load(vcpu.notifier)
	end,
})

local function is_armable(vcpu)
	return load(vcpu.cntv_enabled) and not load(vcpu.cntv_istatus)
	       or load(vcpu.cntp_enabled) and not load(vcpu.cntp_istatus)
end

-- It may also have fired a moment ago; and who has stopped the vCPU may have
-- let it go and be about to wake it.
invariant("I8", {
	about = "while a vCPU is blocked with a timer that can still fire, its bg_timer stands for it",
	of = "vcpu", when = "asleep", eventually = "host",
	holds = function(vcpu)
		return not (kvm.has_timer or kvm.has_ptimer)
		       or load(vcpu.power_off) or load(vcpu.pause)
		       or not is_armable(vcpu)
		       or is_armed(vcpu.bg_timer) or is_pending(vcpu.bg_timer)
		       or is_pending(vcpu.expired_work)
	end,
})

-- With a physical timer the same hrtimer stands for that one in the guest.
invariant("I8-entry", {
	about = "the bg_timer of a vCPU that enters its guest is off",
	of = "vcpu", when = "entry",
	holds = function(vcpu)
		return not kvm.has_timer or kvm.has_ptimer
		       or not is_armed(vcpu.bg_timer)
	end,
})

-- signal_wake_up() stores the flag before it wakes; who goes to sleep looks at
-- the flag after it is marked sleeping, in schedule() once more.  A run that
-- comes to rest so has failed.
invariant("I10", {
	about = "a signal wakes a vCPU that sleeps",
	of = "vcpu", when = "asleep", eventually = "host",
	holds = function(vcpu)
		return not kvm.has_signals or not load(vcpu.task.sigpending)
	end,
})
