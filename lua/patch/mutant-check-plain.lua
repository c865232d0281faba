-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault, on top of check-acquire: a request is tested by a plain load, and no
-- barrier follows.
-- Caught by: tests/slow/ordering.sh, explored

requires("check-acquire")

function K.kvm_check_request(req, vcpu)
	if not K.kvm_test_request(req, vcpu) then
		return false
	end
	K.kvm_clear_request(req, vcpu)
	return true
end
