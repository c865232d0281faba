-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: who is told to sleep looks at power_off only.

function K.vcpu_may_run(vcpu)
	return not load(vcpu.power_off)
end
