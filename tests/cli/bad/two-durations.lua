-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/two-durations.lua:10: .*delay takes one duration
return scenario {
	name	= "two-durations",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			delay(us(5), us(9))
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
