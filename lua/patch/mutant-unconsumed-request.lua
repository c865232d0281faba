-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: a request that no check_vcpu_requests() knows (df06dae3f2a8): it
-- aborts every entry from then on.
-- Caught by: scenarios/ode/kick-wakes.lua (v4.14)

bits("vcpu", "requests", { "KVM_REQ_NOBODYS" })

function K.vgic_request_irq(vcpu)
	K.kvm_make_request(KVM_REQ_NOBODYS, vcpu)
	K.kvm_vcpu_kick(vcpu)
end
