-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/missing-expect.lua:3: .*expect
return scenario {
	name = "missing-expect",
	about = "nothing is expected of any kernel",
	vm = { vcpus = 1, irqchip = "vgic" },
	guest = function(cpu) cpu:wfi() end,
	duration = ms(1),
}
