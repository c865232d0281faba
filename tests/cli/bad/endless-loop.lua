-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/endless-loop.lua:9: .*loop\(\)
return scenario {
	name = "endless-loop",
	about = "a Lua loop that does not end",
	vm = { vcpus = 1, irqchip = "vgic" },
	guest = function(cpu)
		while true do
			cpu:wfi()
		end
	end,
	duration = ms(1),
	expect = { ["v4.14"] = { missed = "never" } },
}
