-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the mode is set after the last look at the requests (as in 4.12): a kick
-- in between sends no IPI.
-- Caught by: scenarios/gallery/pulse-at-entry.lua (v4.14)

function K.vcpu_run_once(vcpu)
	K.check_vcpu_requests(vcpu)
	preempt_disable()
	K.flush_hwstate(vcpu)
	local_irq_disable()
	local ret = K.exit_to_user(vcpu)
	if ret ~= "run" or K.kvm_request_pending(vcpu) then
		local_irq_enable()
		K.vcpu_abort_entry(vcpu)
		preempt_enable()
		return ret
	end
	store(vcpu.mode, IN_GUEST_MODE)
	smp_mb()
	K.check_progress(vcpu, true)
	local reason = K.hw_run_guest(vcpu)
	store(vcpu.mode, OUTSIDE_GUEST_MODE)
	local_irq_enable()
	K.sync_hwstate(vcpu)
	preempt_enable()
	return K.handle_exit(vcpu, reason)
end
