-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: no hrtimer stands for the guest's timer while its vCPU is blocked.

function K.kvm_timer_schedule(vcpu)
end
