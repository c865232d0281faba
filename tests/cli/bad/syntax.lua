-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/syntax.lua:6: .*expected
return scenario {
	name = "syntax",
	about = "a comma is missing"
	vm = { vcpus = 1, irqchip = "vgic" },
}
