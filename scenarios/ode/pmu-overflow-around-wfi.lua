-- SPDX-License-Identifier: GPL-2.0-or-later
-- As pmu-overflow-in-wfi, with the overflow at any moment around WFI.
--
-- v4.14: before the sync of the WFI's exit it is injected, after it lost.

return scenario {
	name	= "pmu-overflow-around-wfi",
	about	= "the overflow comes at any moment around WFI",
	claims	= { "M20", "M21" },
	vm	= { vcpus = 1, pmu = true },
	guest	= { function(cpu) cpu:compute(us(5)) cpu:wfi() end },
	actors	= {
		device { name = "pmu", at = uniform(us(1), us(15)),
			 run = function(vm) vm.pmu[0]:overflow() end },
	},
	expect	= {
		["v4.14"]	= { missed = "sometimes" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
	},
}
