-- SPDX-License-Identifier: GPL-2.0-or-later
-- Not a proposal: the emulated physical timer takes its guest out whenever it
-- expires.  4.14 has two holes on the way into the guest:
--
-- It looks twice, whether to inject and then whether to arm the hrtimer, and does
-- neither for a timer that expires in between.  (timer_emulate() of 5.4 injects.)
--
-- While host interrupts are on, an hrtimer that has been armed may fire; its work
-- wakes who sleeps, and here nobody does.  (4.12 kicked, without a request; from
-- 4.15 on the callback injects.)

source("virt/kvm/arm/arch_timer.c", "ptimer-in-time")

-- An hrtimer whose time has come fires at once.
function K.kvm_timer_emulate(vcpu)
	if K.kvm_ptimer_should_fire(vcpu) then
		K.kvm_ptimer_update_state(vcpu)
	elseif load(vcpu.cntp_enabled) then
		arm(vcpu.bg_timer, load(vcpu.cntp_cval))
	end
end

function K.kvm_timer_inject_irq_work(vcpu)
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
	K.kvm_vcpu_kick(vcpu)
end
