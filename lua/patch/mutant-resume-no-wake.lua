-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: resuming clears pause and wakes nobody.
-- Caught by: scenarios/ode/pause-while-waiting.lua (v4.14)

function K.kvm_arm_resume_guest()
	store(kvm.hw.halted, false)
	for n = 0, kvm.nr_vcpus - 1 do
		store(kvm.vcpu[n].pause, false)
	end
end
