-- SPDX-License-Identifier: GPL-2.0-or-later
-- A counter overflows while the vCPU is on its way into the guest, which then
-- polls until its handler has run.
--
-- Handled after the PMU's flush and before interrupts are masked: only the
-- handler's request keeps the vCPU out.

return scenario {
	name	= "overflow-at-entry",
	about	= "a PMU overflow between flush and guest entry",
	vm	= { vcpus = 1, pmu = true, spis = { { name = "disk" } },
		    flags = { "sampled" } },
	guest	= {
		function(cpu)
			cpu:spin_until("sampled")
			cpu:wfi()
		end,
	},
	on_irq	= function(cpu, irq) cpu:set("sampled") end,
	actors	= {
		device { name = "pmu", at = uniform(us(1), us(9)),
			 run = function(vm) vm.pmu[0]:overflow() end },
		device { name = "disk", run = function(vm)
			await(vm.flag.sampled.value, true)
			delay(us(100))
			vm.spi.disk:pulse()
		end },
	},
	runs	= 3000,
	expect	= {
		["v4.14"]	= { missed = "never", failed = "never" },
		["v4.14+ode"]	= { missed = "never", failed = "never" },
	},
	-- An interrupt may be taken before its request is made.  Under the proposal
	-- the request then ends the next wait.
	explore	= {
		expect	= {
			["v4.14"]	= { spurious = "never" },
			["v4.14+ode"]	= { spurious = "sometimes" },
		},
	},
}
