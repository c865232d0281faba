-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/line-vgic.lua:10: .*needs vm.irqchip = "user"
return scenario {
	name	= "line-vgic",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			vm.line[0]:assert()
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
