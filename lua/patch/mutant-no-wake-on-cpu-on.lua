-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: CPU_ON clears power_off and wakes nobody.
-- Caught by: scenarios/gallery/cpu-hotplug.lua (v4.14)

function K.kvm_psci_vcpu_on(vcpu, target)
	mutex_lock(kvm.arch.lock)
	if load(target.power_off) then
		store(target.regs, true)
		store(target.power_off, false)
	end
	mutex_unlock(kvm.arch.lock)
end
