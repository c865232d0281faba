-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt is pending for a vCPU that is off: it must neither run nor
-- report itself runnable, until CPU_ON.
--
-- v4.14: power_off is in the wait's condition and in the predicate.  The
-- proposals keep W_u.

return scenario {
	name	= "irq-to-stopped",
	about	= "power_off is an uninterruptible wait",
	claims	= { "M18", "MP4" },
	vm	= { vcpus = 2, off = { 1 }, spis = { { name = "disk", target = 1 } } },
	guest	= {
		function(cpu) cpu:compute(us(100)) cpu:psci_cpu_on(1) end,
		function(cpu) cpu:compute(us(5)) end,
	},
	actors	= {
		device { name = "disk", at = us(20),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    failed = "never" },
		["v4.14+ode-4"]	= { missed = "never", spurious = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never",
				    failed = "never" },
	},
	explore	= {
		-- Nothing orders the registers before power_off: see
		-- cpu-on-ordered.  I2 and I5: kick-reads-cpu-late.
		every	= { arm64 = { failed = "sometimes",
				      broken = { "I2", "I5" } } },
		vm	= { vcpus = 1, off = { 0 }, spis = { { name = "disk" } } },
		guest	= { function(cpu) end },
		actors	= {
			thread { name = "vhost",
				 run = function(vm) vm.spi.disk:pulse() end },
			thread { name = "peer",
				 run = function(vm) vm.peer:psci_cpu_on(0) end },
		},
	},
}
