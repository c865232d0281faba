-- SPDX-License-Identifier: GPL-2.0-or-later
-- The guest uses its physical timer, which KVM emulates.
--
-- While the guest waits, the background timer wakes it; while it computes, the
-- same hrtimer takes it out, so that the flush can inject.  Both come in time
-- under v4.14.  Under ode-3 the background timer's wake-up still suffices:
-- kvm_cpu_has_pending_timer() stands beside runnable().
--
-- Every interleaving shows what a run hardly can: a timer that expires on the
-- way into the guest is lost, and a guest that computes on waits for its next
-- exit, here for ever.  The two ways in which that happens, and what repairs
-- them, are in ptimer-in-time.

return scenario {
	name	 = "emulated-timer",
	about	 = "a physical timer that expires in the guest, then in WFI",
	vm	 = { vcpus = 1, ptimer = true, flags = { "ticked" } },
	on_irq	 = function(cpu) cpu:set("ticked") end,
	guest	 = {
		function(cpu)
			cpu:compute(uniform(us(1), us(20)))
			cpu:set_ptimer(us(50))
			cpu:spin_until("ticked")
			cpu:set_ptimer(us(80))
			cpu:compute(uniform(us(1), us(90)))
			cpu:wfi()
		end,
	},
	deadline = us(200),
	explore	 = {
		guest	= {
			function(cpu)
				cpu:set_ptimer(us(50))
				cpu:spin_until("ticked")
				cpu:set_ptimer(us(80))
				cpu:wfi()
			end,
		},
		expect	= {
			["v4.14"]	= { failed = "sometimes" },
			["v4.14+ode"]	= { spurious = "never",
					    failed = "sometimes" },
			["v4.14+ptimer-in-time"] = { failed = "never" },
		},
	},
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    spurious = "never", failed = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    failed = "never" },
		["v4.14+ptimer-in-time"] = { missed = "never", late = "never",
					     spurious = "never",
					     failed = "never" },
	},
}
