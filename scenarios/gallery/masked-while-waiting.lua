-- SPDX-License-Identifier: GPL-2.0-or-later
-- As masked-by-priority, with the masked interrupt coming while it waits.
--
-- v4.14: pending and enabled is enough, spurious.  ode-3: the request is made
-- whatever the priority, spurious too.  priority-in-runnable: futile, once.

return scenario {
	name	= "masked-while-waiting",
	about	= "an interrupt that ICC_PMR masks comes in a wait",
	claims	= { "M8" },
	vm	= { vcpus = 1, pmr = true, spis = {
			{ name = "disk", priority = 2 },
			{ name = "nmi", priority = 0 } } },
	guest	= {
		function(cpu)
			cpu:set_pmr(1)
			cpu:wfi()
			cpu:set_pmr(4)
			cpu:wfi()
		end,
	},
	actors	= {
		device { name = "disk", at = us(50),
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "nmi", at = us(200),
			 run = function(vm) vm.spi.nmi:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = 1 },
		["v4.14+ode-3"]	= { missed = "never", spurious = 1 },
		["v4.14+ode"]	= { missed = "never", spurious = 1 },
		["v4.14+priority-in-runnable"] = { missed = "never",
						   spurious = "never" },
	},
	explore	= {
		vm	= { vcpus = 1, pmr = true, flags = { "waits" },
			    spis = { { name = "disk", priority = 2 },
				     { name = "nmi", priority = 0 } } },
		guest	= {
			function(cpu)
				cpu:set_pmr(1)
				cpu:set("waits")
				cpu:wfi()
			end,
		},
		actors	= {
			thread { name = "vhost", run = function(vm)
				await(vm.flag.waits.value, true)
				vm.spi.disk:pulse()
				vm.spi.nmi:pulse()
			end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
	},
}
