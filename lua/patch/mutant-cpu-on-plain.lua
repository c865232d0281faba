-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault, on top of cpu-on-ordered: power_off is cleared by a plain store.
-- Caught by: tests/slow/ordering.sh, explored

requires("cpu-on-ordered")

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
