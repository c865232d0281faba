-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/off-vcpu.lua:3: vm.off: no such vCPU: 1
return scenario {
	name	= "off-vcpu",
	about	= "broken",
	vm	= { vcpus = 1, off = { 1 } },
	guest	= function(cpu) cpu:wfi() end,
	expect	= { ["v4.14"] = { missed = "never" } },
}
