-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: CPU_ON is refused while its target is on no queue (478a8237f656, 2013).
-- Caught by: scenarios/ode/power-on-while-waiting.lua (v4.14)

local kvm_psci_vcpu_on = K.kvm_psci_vcpu_on

function K.kvm_psci_vcpu_on(vcpu, target)
	if not list_empty(target.wq.list) then
		kvm_psci_vcpu_on(vcpu, target)
	end
end
