-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the hrtimer of a wait is not taken back at its end.

function K.kvm_timer_unschedule(vcpu)
end
