-- SPDX-License-Identifier: GPL-2.0-or-later
-- Proposal 2: runnable() says explicitly that it is about a vCPU that waits
-- for interrupts; "halted" is set while WFI is emulated.
--
-- PSCI CPU_SUSPEND emulates WFI too, without kvm_handle_wfx().  The mail
-- does not name it; if it were left out, its wait would end at once.  See
-- mutant-halted-wfi-only.

include("patch/ode/runnable")

struct("vcpu", { halted = flag() })

observe("kvm_arch_vcpu_runnable", {
	{ "halted", function(vcpu) return load(vcpu.halted) end },
})

source("virt/kvm/arm/arm.c", "ode-2")

function K.vcpu_halted(vcpu)
	return load(vcpu.halted)
end

local kvm_vcpu_block = K.kvm_vcpu_block

-- Around the block in kvm_handle_wfx() and kvm_psci_vcpu_suspend(), its only
-- two callers.  Plain stores: only the vCPU's own thread and the hint of
-- kvm_vcpu_on_spin() read it.
function K.kvm_vcpu_block(vcpu)
	store(vcpu.halted, true)
	kvm_vcpu_block(vcpu)
	store(vcpu.halted, false)
end
