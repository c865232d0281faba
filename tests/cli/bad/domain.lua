-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/domain.lua:9: .*10
return scenario {
	name = "domain",
	about = "a value that its field cannot hold",
	vm = { vcpus = 1, irqchip = "vgic" },
	guest = function(cpu) cpu:wfi() end,
	actors = { device { name = "odd", at = us(10), run = function(vm)
		store(vm.vcpu[0].mode, 10)
	end } },
	duration = ms(1),
	expect = { ["v4.14"] = { missed = "never" } },
}
