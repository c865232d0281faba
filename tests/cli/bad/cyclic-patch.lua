-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: (cycle|includes itself)
-- kernel: v4.14+./tests/cli/bad/cycle/a.lua
return scenario {
	name = "cyclic-patch",
	about = "two patches that need each other",
	vm = { vcpus = 1, irqchip = "vgic" },
	guest = function(cpu) cpu:wfi() end,
	duration = ms(1),
	expect = { ["v4.14"] = { missed = "never" } },
}
