-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/needs-pmu.lua:10: .*needs vm.pmu = true
return scenario {
	name	= "needs-pmu",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			vm.pmu[0]:overflow()
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
