-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: a signal ends the sleep of a stopped vCPU, and nothing makes it sleep
-- again when it comes back.
-- Caught by: scenarios/gallery/signal-while-off.lua (v4.14)

function K.vcpu_req_sleep(vcpu)
	loop(function()
		K.prepare_to_swait(vcpu.wq, vcpu)
		if K.vcpu_may_run(vcpu) then
			mark("verdict", vcpu)
			return true
		end
		if load(vcpu.task.sigpending) then
			mark("signal", vcpu)
			return true
		end
		K.schedule(vcpu)
	end)
	K.finish_swait(vcpu.wq, vcpu)
end
