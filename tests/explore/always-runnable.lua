-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the predicate sees something that vcpu_run() does not consume.

function K.kvm_arch_vcpu_runnable(vcpu)
	return true
end
