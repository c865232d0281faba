-- SPDX-License-Identifier: GPL-2.0-or-later
-- Not a proposal: kvm_psci_vcpu_on() stores power_off after the target's
-- registers.  In 4.14 nothing orders them, and a target that is awake may see
-- power_off cleared and run with the registers of its past life.  (5.0 lets the
-- target reset itself, with a request and a smp_wmb() before the store.)

source("virt/kvm/arm/psci.c", "cpu-on-ordered")

function K.kvm_psci_vcpu_on(vcpu, target)
	mutex_lock(kvm.arch.lock)
	if load(target.power_off) then
		store(target.regs, true)
		smp_store_release(target.power_off, false)
		smp_mb()
		K.swake_up(target.wq)
	end
	mutex_unlock(kvm.arch.lock)
end
