-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: CPU_ON lets its target go before it has written its registers.

function K.kvm_psci_vcpu_on(vcpu, target)
	mutex_lock(kvm.arch.lock)
	if load(target.power_off) then
		store(target.power_off, false)
		smp_mb()
		K.swake_up(target.wq)
		store(target.regs, true)
	end
	mutex_unlock(kvm.arch.lock)
end
