-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/pulse-level.lua:10: pulse\(\) of "uart", which is level-triggered
return scenario {
	name	= "pulse-level",
	about	= "broken",
	vm	= { vcpus = 1, spis = { { name = "uart", level = true } } },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			vm.spi.uart:pulse()
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
