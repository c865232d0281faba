-- SPDX-License-Identifier: GPL-2.0-or-later
-- Two vCPUs, each with a thread of the VMM that raises its interrupt line: alike,
-- if as often.  tests/explore/symmetry.sh has them differ.

local times = { 1, 1 }

local function vmm(n)
	return thread { name = "vmm" .. n, run = function(vm)
		for _ = 1, times[n + 1] do
			vm.line[n].assert()
		end
	end }
end

return scenario {
	name	= "alike",
	about	= "two vCPUs wait, and each gets an interrupt",
	vm	= { vcpus = 2, irqchip = "user", timer = false },
	guest	= function(cpu) cpu:wfi() end,
	actors	= { vmm(0), vmm(1) },
	expect	= { ["v4.14"] = { missed = "never", failed = "never" } },
}
