-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/spi-user.lua:3: vm.spis: needs vm.irqchip = "vgic"
return scenario {
	name	= "spi-user",
	about	= "broken",
	vm	= { vcpus = 1, irqchip = "user", spis = { { name = "nic" } } },
	guest	= function(cpu) cpu:wfi() end,
	expect	= { ["v4.14"] = { missed = "never" } },
}
