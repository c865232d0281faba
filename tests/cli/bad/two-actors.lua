-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/two-actors.lua:3: scenario.actors: two are called "t"
return scenario {
	name	= "two-actors",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function() end },
		thread { name = "t", run = function() end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
