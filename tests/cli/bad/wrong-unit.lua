-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/wrong-unit.lua:3: .*duration
return scenario {
	name = "wrong-unit",
	about = "a number where a duration is wanted",
	vm = { vcpus = 1, irqchip = "vgic" },
	guest = function(cpu) cpu:wfi() end,
	duration = 1000,
	expect = { ["v4.14"] = { missed = "never" } },
}
