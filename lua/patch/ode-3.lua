-- SPDX-License-Identifier: GPL-2.0-or-later
-- Proposal 3: interrupts are pending if KVM_REQ_IRQ_PENDING is; neither the
-- lines nor the vgic are asked.
--
-- On its own it lets a deassert wake the vCPU (proposal 1), and it trusts
-- that no interrupt outlives its request: check_vcpu_requests() consumes the
-- bit on the way into the guest.

include("patch/ode/runnable")

source("virt/kvm/arm/arm.c", "ode-3")

function K.vcpu_interrupts_pending(vcpu)
	return K.kvm_test_request(KVM_REQ_IRQ_PENDING, vcpu)
end
