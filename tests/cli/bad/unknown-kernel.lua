-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/unknown-kernel.lua:9: .*v4.41.*did you mean v4.14
return scenario {
	name = "unknown-kernel",
	about = "a kernel that there is no file of",
	vm = { vcpus = 1, irqchip = "vgic" },
	guest = function(cpu) cpu:wfi() end,
	duration = ms(1),
	expect = { ["v4.41"] = { missed = "never" } },
}
