-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the interrupt request is consumed after the flush that it asks for.
-- Caught by: scenarios/gallery/pulse-at-entry.lua (v4.14)

function K.check_vcpu_requests(vcpu)
	if K.kvm_check_request(KVM_REQ_SLEEP, vcpu) then
		K.vcpu_req_sleep(vcpu)
	end
end

local flush_hwstate = K.flush_hwstate

function K.flush_hwstate(vcpu)
	flush_hwstate(vcpu)
	K.kvm_check_request(KVM_REQ_IRQ_PENDING, vcpu)
end
