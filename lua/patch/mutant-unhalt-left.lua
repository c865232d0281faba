-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: KVM_REQ_UNHALT is left set by WFI; since 4.13 it aborts the entry.
-- Caught by: scenarios/ode/kick-wakes.lua (v4.14)

function K.kvm_handle_wfx(vcpu, is_wfe)
	if is_wfe then
		K.kvm_vcpu_on_spin(vcpu)
	else
		K.kvm_vcpu_block(vcpu)
	end
end
