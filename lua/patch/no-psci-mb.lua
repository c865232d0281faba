-- SPDX-License-Identifier: GPL-2.0-or-later
-- The mail's aside in point 1: kvm_psci_vcpu_on() without its smp_mb().

source("virt/kvm/arm/psci.c", "no-psci-mb")

function K.kvm_psci_vcpu_on(vcpu, target)
	mutex_lock(kvm.arch.lock)
	if load(target.power_off) then
		store(target.regs, true)
		store(target.power_off, false)
		K.swake_up(target.wq)
	end
	mutex_unlock(kvm.arch.lock)
end
