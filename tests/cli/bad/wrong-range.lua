-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/wrong-range.lua:3: .*store_drain: expected \{ least, most \}
return scenario {
	name = "wrong-range",
	about = "more than it may be at most",
	vm = { vcpus = 1, irqchip = "vgic" },
	guest = function(cpu) cpu:wfi() end,
	timing = { store_drain = { 50, 10 } },
	expect = { ["v4.14"] = { missed = "never" } },
}
