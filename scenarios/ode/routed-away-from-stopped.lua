-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt is on the list of a vCPU that is off; the guest routes it to
-- another one that sleeps.
--
-- Writing the route tells nobody, and only the old vCPU's own thread could
-- move the interrupt: missed in every kernel here.

return scenario {
	name	= "routed-away-from-stopped",
	about	= "GICD_IROUTER of an interrupt that a stopped vCPU holds",
	claims	= { "M9", "M19" },
	vm	= { vcpus = 3, off = { 1 }, spis = { { name = "disk", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:compute(us(50))
			cpu:set_target("disk", 2)
			cpu:compute(us(50))
		end,
		function(cpu) end,
		function(cpu) cpu:wfi() end,
	},
	actors	= {
		device { name = "disk", at = us(20),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "always" },
		["v4.14+kick-on-migration"] = { missed = "always" },
		["v4.14+ode"]	= { missed = "always" },
	},
	explore	= {
		vm	= { vcpus = 2, off = { 0 }, spis = { { name = "disk" } } },
		guest	= { function(cpu) end, function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "peer", run = function(vm)
				vm.spi.disk:pulse()
				vm.peer:set_target("disk", 1)
			end },
		},
	},
}
