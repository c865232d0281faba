-- SPDX-License-Identifier: GPL-2.0-or-later
-- Proposal 4: one name for "power_off || pause".  Nothing changes.

include("patch/ode/runnable")

source("virt/kvm/arm/arm.c", "ode-4")

function K.vcpu_may_run(vcpu)
	return not K.vcpu_stopped(vcpu)
end
