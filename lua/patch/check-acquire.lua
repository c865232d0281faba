-- SPDX-License-Identifier: GPL-2.0-or-later
-- Not a proposal: kvm_check_request() with an acquire in place of its barrier.
-- It is what the barrier is there for: what the request is about is read after
-- the request.

source("include/linux/kvm_host.h", "check-acquire")

function K.kvm_check_request(req, vcpu)
	if smp_load_acquire(vcpu.requests) & 1 << req == 0 then
		return false
	end
	K.kvm_clear_request(req, vcpu)
	return true
end
