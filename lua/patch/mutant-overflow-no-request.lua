-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the PMU overflow handler kicks without a request (4.12 and before).
-- Caught by: scenarios/gallery/overflow-at-entry.lua (v4.14)

function K.kvm_pmu_perf_overflow(vcpu)
	store(vcpu.pmovsset, true)
	if K.kvm_pmu_overflow_status(vcpu) then
		K.kvm_vcpu_kick(vcpu)
	end
end
