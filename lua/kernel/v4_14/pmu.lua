-- SPDX-License-Identifier: GPL-2.0-or-later
-- The virtual PMU: one counter with its overflow interrupt enabled.
--
-- The host's overflow handler knows the vCPU but never talks to the vgic;
-- only the vCPU's own flush and sync turn an overflow into an interrupt.
-- perf counts while the vCPU's thread is scheduled, so what comes while it
-- sleeps is an interrupt that was late.

source("virt/kvm/arm/pmu.c", "v4.14")

-- kvm_pmu_overflow_status(): PMCR.E and the enables are constants here.
function K.kvm_pmu_overflow_status(vcpu)
	return load(vcpu.pmovsset)
end

-- kvm_pmu_perf_overflow(): hard interrupt
function K.kvm_pmu_perf_overflow(vcpu)
	store(vcpu.pmovsset, true)
	if K.kvm_pmu_overflow_status(vcpu) then
		K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
		K.kvm_vcpu_kick(vcpu)
	end
end

-- kvm_pmu_update_state()
function K.kvm_pmu_update_state(vcpu)
	local overflow = K.kvm_pmu_overflow_status(vcpu)

	if overflow == load(vcpu.pmu_irq_level) then
		return
	end
	store(vcpu.pmu_irq_level, overflow)
	if kvm.irqchip_in_kernel then
		K.kvm_vgic_inject_irq(load(vcpu.pmu_irq), overflow)
	end
end

function K.kvm_pmu_flush_hwstate(vcpu)
	if kvm.has_pmu then
		K.kvm_pmu_update_state(vcpu)
	end
end

function K.kvm_pmu_sync_hwstate(vcpu)
	if kvm.has_pmu then
		K.kvm_pmu_update_state(vcpu)
	end
end

-- kvm_pmu_should_notify_user(): userspace irqchip only
function K.kvm_pmu_should_notify_user(vcpu)
	if not kvm.has_pmu or kvm.irqchip_in_kernel then
		return false
	end
	return load(vcpu.pmu_irq_level) ~= test_bit(NOTIFIED_PMU, vcpu.device_irq)
end

source("arch/arm64/kvm/sys_regs.c", "v4.14")

-- access_pmovs(), PMOVSCLR_EL0
function K.access_pmovsclr(vcpu)
	store(vcpu.pmovsset, false)
end
