-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/peer-cpu.lua:10: .*vm.peer has no CPU for
return scenario {
	name	= "peer-cpu",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			vm.peer:wfi()
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
