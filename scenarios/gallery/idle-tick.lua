-- SPDX-License-Identifier: GPL-2.0-or-later
-- An idle guest with a 250 Hz tick.
--
-- 4.14 arms an hrtimer when the vCPU blocks; its work wakes the vCPU, and
-- kvm_cpu_has_pending_timer() ends the wait, whatever the predicate is.

return scenario {
	name	 = "idle-tick",
	about	 = "an idle guest that wakes for its timer",
	vm	 = { vcpus = 1, timer = true,
		    flags = { "ticked" } },
	guest	 = function(cpu)
		cpu:set_timer(ms(4))
		loop(function()
			cpu:wfi()
			cpu:spin_until("ticked")
			cpu:clear("ticked")
		end)
	end,
	on_irq	 = function(cpu, irq)
		cpu:set("ticked")
		cpu:set_timer(ms(4))
	end,
	duration = ms(50),
	runs	 = 200,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    spurious = "never", failed = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    spurious = "never", failed = "never" },
	},
	-- If an exit comes while the handler has the interrupt active, then
	-- irq->active stays behind until the next fold.  It makes the sync of the
	-- WFI's exit, where the line falls, ask for the vCPU once more, which under
	-- the proposal ends the wait.
	explore	 = {
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
