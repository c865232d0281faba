-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the soft timer that stands for the physical timer while the guest
-- runs is not armed: the guest computes on, past its own interrupt.
-- Caught by: scenarios/gallery/emulated-timer.lua (v4.14+ptimer-in-time)

function K.kvm_timer_emulate(vcpu)
end
