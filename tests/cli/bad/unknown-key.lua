-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/unknown-key.lua:.*unknown key "guests": did you mean "guest"
return scenario {
	name = "unknown-key",
	about = "a key that is misspelt",
	vm = { vcpus = 1, irqchip = "vgic" },
	guests = function(cpu) cpu:wfi() end,
	duration = ms(1),
	expect = { ["v4.14"] = { missed = "never" } },
}
