-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a guest's exit asks for.

source("arch/arm64/kvm/handle_exit.c", "v4.14")

-- kvm_handle_wfx(): the request that a successful block leaves behind would
-- abort every entry, so it is dropped here.
function K.kvm_handle_wfx(vcpu, is_wfe)
	if is_wfe then
		K.kvm_vcpu_on_spin(vcpu)
	else
		K.kvm_vcpu_block(vcpu)
		K.kvm_clear_request(KVM_REQ_UNHALT, vcpu)
	end
end

-- handle_exit(): "run" to go on, "user" for user space.
function K.handle_exit(vcpu, reason)
	if reason == EXIT_WFI or reason == EXIT_WFE then
		K.kvm_handle_wfx(vcpu, reason == EXIT_WFE)
	elseif reason == EXIT_TRAP then
		call_trap(vcpu)
	elseif reason == EXIT_USER then
		return "user"
	elseif reason == EXIT_SHUTDOWN then
		return "shutdown"
	end
	return "run"
end
