-- SPDX-License-Identifier: GPL-2.0-or-later
-- "An ode to kvm_arch_vcpu_runnable()": the whole proposal.

requires("ode-1", "ode-2", "ode-3", "ode-4")
