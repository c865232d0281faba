-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: who is told to sleep looks at power_off only.
-- Caught by: scenarios/ode/pause-while-waiting.lua (v4.14)

function K.vcpu_may_run(vcpu)
	return not load(vcpu.power_off)
end
