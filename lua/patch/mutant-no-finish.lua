-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: the wait ends without finish_swait(): the vCPU runs on while it is
-- still queued, and kicks believe that they woke it.
-- Caught by: scenarios/gallery/kick-after-wfi.lua (v4.14)

function K.finish_swait(wq, vcpu)
	store(vcpu.task.state, TASK_RUNNING)
end
