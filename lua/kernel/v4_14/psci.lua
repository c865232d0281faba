-- SPDX-License-Identifier: GPL-2.0-or-later
-- PSCI: the firmware that a guest calls.

source("virt/kvm/arm/psci.c", "v4.14")

-- kvm_psci_vcpu_suspend(): as WFI
function K.kvm_psci_vcpu_suspend(vcpu)
	K.kvm_vcpu_block(vcpu)
	K.kvm_clear_request(KVM_REQ_UNHALT, vcpu)
end

-- kvm_psci_vcpu_off(), by the vCPU itself
function K.kvm_psci_vcpu_off(vcpu)
	store(vcpu.power_off, true)
	K.kvm_make_request(KVM_REQ_SLEEP, vcpu)
	K.kvm_vcpu_kick(vcpu)
end

-- kvm_psci_vcpu_on(), by another vCPU: writes the target's registers itself,
-- then lets it go.  The mail holds smp_mb() to be unnecessary.
function K.kvm_psci_vcpu_on(vcpu, target)
	mutex_lock(kvm.arch.lock)
	if load(target.power_off) then
		store(target.regs, true)
		store(target.power_off, false)
		smp_mb()
		K.swake_up(target.wq)
	end
	mutex_unlock(kvm.arch.lock)
end

-- kvm_prepare_system_event(): SYSTEM_OFF and SYSTEM_RESET
function K.kvm_prepare_system_event(vcpu)
	for n = 0, kvm.nr_vcpus - 1 do
		store(kvm.vcpu[n].power_off, true)
	end
	K.kvm_make_all_cpus_request(KVM_REQ_SLEEP)
end
