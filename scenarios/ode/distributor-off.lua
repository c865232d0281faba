-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt comes while the distributor is off; then it is switched on.
--
-- The oracle of the vgic gives it to nobody while GICD_CTLR is 0, so it is on
-- no list; vgic_kick_vcpus() then asks the lists only.  Every kernel here
-- misses it: "pending and enabled on the list" is less than "deliverable".

return scenario {
	name	= "distributor-off",
	about	= "pending while GICD_CTLR is off, deliverable once it is on",
	claims	= { "M8", "M19" },
	vm	= { vcpus = 2, flags = { "off", "pulsed" },
		    spis = { { name = "disk", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:gicd_enable(false)
			cpu:set("off")
			cpu:spin_until("pulsed")
			cpu:compute(us(20))
			cpu:gicd_enable(true)
		end,
		function(cpu) cpu:wfi() end,
	},
	actors	= {
		device { name = "disk", run = function(vm)
			await(vm.flag.off.value, true)
			vm.spi.disk:pulse()
			store(vm.flag.pulsed.value, true)
		end },
	},
	expect	= {
		["v4.14"]	= { missed = "always" },
		["v4.14+ode-3"]	= { missed = "always" },
		["v4.14+ode"]	= { missed = "always" },
	},
	explore	= {
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "peer", run = function(vm)
				vm.peer:gicd_enable(false)
				vm.spi.disk:pulse()
				vm.peer:gicd_enable(true)
			end },
		},
	},
}
