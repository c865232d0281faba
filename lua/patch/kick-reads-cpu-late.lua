-- SPDX-License-Identifier: GPL-2.0-or-later
-- Whom to send the IPI is read after the mode, as since 5.15: where the mode says
-- IN_GUEST_MODE, vcpu->cpu is where it runs.  4.14 reads it first, and no
-- barrier lies between the request's bit and that load: a vCPU that is being
-- loaded may then miss the request, and the kicker the vCPU.

source("virt/kvm/kvm_main.c", "v5.15")

function K.kvm_vcpu_kick(vcpu)
	if K.kvm_vcpu_wake_up(vcpu) then
		return
	end
	if K.kvm_arch_vcpu_should_kick(vcpu) and READ_ONCE(vcpu.cpu) then
		raise(vcpu.ipi)		-- smp_send_reschedule()
	end
end

function K.make_vcpu_request(req, vcpu)
	K.kvm_make_request(req, vcpu)
	local flags = kvm.request_flags[req] or {}
	if not flags.no_wakeup and K.kvm_vcpu_wake_up(vcpu) then
		return
	end
	if K.kvm_request_needs_ipi(vcpu, req) and READ_ONCE(vcpu.cpu) then
		raise(vcpu.ipi)
	end
end
