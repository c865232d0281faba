-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/no-flag.lua:9: no flag "go" in vm.flags: did you mean "gone"
return scenario {
	name	= "no-flag",
	about	= "broken",
	vm	= { vcpus = 1, flags = { "gone" } },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm) await(vm.flag.go.value, true) end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
