-- SPDX-License-Identifier: GPL-2.0-or-later
-- vCPU 0 calls SYSTEM_OFF while vCPU 1 waits; then an interrupt comes.
--
-- kvm_prepare_system_event() sets power_off everywhere; its request does not
-- wake, and need not: power_off is in the predicate.  The interrupt wakes
-- vCPU 1 once, in vain.

return scenario {
	name	= "system-off",
	about	= "SYSTEM_OFF stops waiting vCPUs without waking them",
	claims	= { "M18" },
	vm	= { vcpus = 2, spis = { { name = "disk", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:compute(us(100))
			cpu:psci_system_off()
		end,
		function(cpu) loop(function() cpu:wfi() end) end,
	},
	actors	= {
		device { name = "disk", at = sequence { us(50), us(150) },
			 times = 2, run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    futile = 1, failed = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never",
				    futile = 1, failed = "never" },
	},
	explore	= {
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			device { name = "disk",
				 run = function(vm) vm.spi.disk:pulse() end },
			thread { name = "peer",
				 run = function(vm) vm.peer:psci_system_off() end },
		},
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
