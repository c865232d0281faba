-- SPDX-License-Identifier: GPL-2.0-or-later
-- GICv4: the virtual LPI arrives while the guest runs with interrupts masked;
-- then WFI.  PendingLast says so when the vPE is made non-resident, and no
-- doorbell will ring.
--
-- pending_last in the predicate: the wait ends.  ode-3 in its place: nobody
-- made a request, missed.  A request cannot replace this state.

return scenario {
	name	= "gicv4-pending-at-exit",
	about	= "PendingLast is set when the vCPU begins to wait",
	claims	= { "M13", "M14", "MP3" },
	vm	= { vcpus = 1, gicv4 = true },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:compute(us(50))
			cpu:wfi()
			cpu:irq_enable()
			cpu:compute(us(1))
		end,
	},
	actors	= {
		device { name = "nic", at = us(20),
			 run = function(vm) vm.vlpi[0]:arrive() end },
	},
	expect	= {
		-- GICv4 came with 4.15: nobody answers its doorbell.
		["v4.14"]			= { missed = "always" },
		["v4.14+ode"]			= { missed = "always" },
		["v4.14+gicv4"]			= { missed = "always" },
		["v4.14+gicv4-pending-last"]	= { missed = "never" },
		["v4.14+gicv4+ode-3"]		= { missed = "always" },
		["v4.14+gicv4-pending-last+ode-3"] = { missed = "always" },
	},
}
