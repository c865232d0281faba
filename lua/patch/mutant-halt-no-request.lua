-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: halting sets pause and asks nobody to look at it.
-- Caught by: scenarios/ode/pause-while-waiting.lua (v4.14)

function K.kvm_arm_halt_guest()
	for n = 0, kvm.nr_vcpus - 1 do
		store(kvm.vcpu[n].pause, true)
	end
	store(kvm.hw.halted, true)
end
