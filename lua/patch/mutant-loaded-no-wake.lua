-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the overflow handler does not wake the vCPU that its own CPU has loaded,
-- for that one is running (a shortcut of VMX, until 2021): it may be on its way to
-- sleep.
-- Caught by: scenarios/ode/pmu-overflow-in-wfi.lua (v4.14+ode-3), explored

function K.kvm_pmu_perf_overflow(vcpu)
	store(vcpu.pmovsset, true)
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
	if not load(vcpu.cpu) then
		K.kvm_vcpu_kick(vcpu)
	end
end
