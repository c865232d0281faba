-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: no hrtimer stands for the guest's timer while its vCPU is blocked.
-- Caught by: scenarios/gallery/idle-tick.lua (v4.14)

function K.kvm_timer_schedule(vcpu)
end
