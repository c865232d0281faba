-- SPDX-License-Identifier: GPL-2.0-or-later
-- Proposal 1: a request of its own for KVM_IRQ_LINE to deassert a line,
-- flagged KVM_REQUEST_NO_WAKEUP; KVM_REQ_IRQ_PENDING is for asserting only.
--
-- The mail leaves open how the kick is to honour the flag: kvm_vcpu_kick()
-- takes no request, and always tries to wake first.  Here the deassert does
-- the other half of a kick alone: the IPI, if the vCPU is in the guest, so
-- that it leaves with the line as it is now.  The sleeper is left alone.

bits("vcpu", "requests", { "KVM_REQ_IRQ_LOWER" })
kvm.request_flags[KVM_REQ_IRQ_LOWER] = { no_wakeup = true }

source("virt/kvm/arm/arm.c", "ode-1")

function K.vcpu_interrupt_line(vcpu, level)
	if level then
		if not test_and_set_bit(HCR_VI, vcpu.irq_lines) then
			K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
			K.kvm_vcpu_kick(vcpu)
		end
	elseif test_and_clear_bit(HCR_VI, vcpu.irq_lines) then
		K.make_vcpu_request(KVM_REQ_IRQ_LOWER, vcpu)
	end
end

local check_vcpu_requests = K.check_vcpu_requests

function K.check_vcpu_requests(vcpu)
	check_vcpu_requests(vcpu)
	K.kvm_check_request(KVM_REQ_IRQ_LOWER, vcpu)
end
