-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/two-spis.lua:3: vm.spis: two are called "nic"
return scenario {
	name	= "two-spis",
	about	= "broken",
	vm	= { vcpus = 1, spis = { { name = "nic" }, { name = "nic" } } },
	guest	= function(cpu) cpu:wfi() end,
	expect	= { ["v4.14"] = { missed = "never" } },
}
