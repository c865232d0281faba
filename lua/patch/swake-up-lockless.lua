-- SPDX-License-Identifier: GPL-2.0-or-later
-- swake_up() as in 4.13, before 35a2897c2a30 ("sched/wait: Remove the lockless
-- swait_active() check in swake_up*()"): whether somebody waits is tested
-- without the lock, and without a barrier.

source("kernel/sched/swait.c", "v4.13")

local swake_up = K.swake_up

function K.swake_up(wq)
	if not list_empty(wq.list) then
		swake_up(wq)
	end
end
