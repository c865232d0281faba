-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault, on top of ode-2: "halted" is set for WFI but not for CPU_SUSPEND.
-- Caught by: scenarios/ode/cpu-suspend.lua (v4.14)

requires("ode-2")

function K.kvm_psci_vcpu_suspend(vcpu)
	K.block_wait(vcpu)
	K.kvm_clear_request(KVM_REQ_UNHALT, vcpu)
end
