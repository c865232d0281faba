-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt is pending on vCPU 0, which masks it and routes it to vCPU 1,
-- asleep.  vCPU 0's next exit moves it to vCPU 1's list.
--
-- v4.14: vgic_prune_ap_list() tells nobody, so M9 ("IRQ_PENDING will be set
-- every time") has an exception.  4.17 kicks after the migration.

return scenario {
	name	= "migrated-at-prune",
	about	= "an interrupt arrives on a sleeping vCPU's list by migration",
	claims	= { "M9", "M10", "M19" },
	vm	= { vcpus = 2, spis = { { name = "disk", target = 0 } } },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:compute(us(50))
			cpu:set_target("disk", 1)
			cpu:compute(us(10))
		end,
		function(cpu) cpu:wfi() end,
	},
	actors	= {
		device { name = "disk", at = us(20),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "always" },
		["v4.14+ode"]	= { missed = "always" },
		["v4.14+kick-on-migration"]	= { missed = "never" },
		["v4.14+kick-on-migration+ode"]	= { missed = "never" },
	},
	-- vCPU 1 begins to wait when vCPU 0 is about to leave its guest, which has
	-- made the interrupt pending itself.
	explore	= {
		vm	= { vcpus = 2, spis = { { name = "disk", target = 0 } },
			    flags = { "up", "routed" } },
		guest	= {
			function(cpu)
				cpu:irq_disable()
				cpu:spin_until("up")
				cpu:set_pending("disk")
				cpu:set_target("disk", 1)
				cpu:set("routed")
			end,
			function(cpu)
				cpu:set("up")
				cpu:spin_until("routed")
				cpu:wfi()
			end,
		},
		actors	= {},
	},
}
