-- SPDX-License-Identifier: GPL-2.0-or-later
-- GICv4: a virtual LPI rings the doorbell of a vCPU that sleeps.  The handler
-- makes the request and kicks, and nothing is on any list.
--
-- Without pending_last in kvm_vgic_vcpu_pending_irq() the predicate is false
-- (missed); with it, or with the request in its place, it is true.

return scenario {
	name	= "gicv4-doorbell",
	about	= "a doorbell handler's interrupt is on no list",
	claims	= { "M13", "M14" },
	vm	= { vcpus = 1, gicv4 = true },
	guest	= { function(cpu) cpu:compute(us(5)) cpu:wfi() end },
	actors	= {
		device { name = "nic", at = uniform(us(40), us(80)),
			 run = function(vm) vm.vlpi[0]:arrive() end },
	},
	expect	= {
		-- GICv4 came with 4.15: nobody answers its doorbell.
		["v4.14"]			= { missed = "always" },
		["v4.14+ode"]			= { missed = "always" },
		["v4.14+gicv4"]			= { missed = "always" },
		["v4.14+gicv4-pending-last"]	= { missed = "never",
						    spurious = "never" },
		["v4.14+gicv4+ode-3"]		= { missed = "never" },
	},
	-- Two more moments.  The interrupt may arrive between the exit and the
	-- sync, as in gicv4-pending-at-exit.  And a doorbell that rang for an
	-- interrupt that was then delivered directly is pending in the host
	-- until its interrupt is switched on for the next wait.
	explore	= {
		expect	= {
			["v4.14+gicv4-pending-last"] = { spurious = "sometimes" },
			["v4.14+gicv4+ode-3"]	= { missed = "sometimes" },
		},
	},
}
