-- SPDX-License-Identifier: GPL-2.0-or-later
-- A VM of 2 vCPUs and 8 interrupts: every vCPU computes and waits, every
-- device pulses its four interrupts.  vm-64.lua is the same, larger.

local nr_vcpus = 2
local devices = {}

for i = 0, nr_vcpus - 1 do
	devices[i + 1] = device {
		name = "device" .. i, at = exponential(us(100)),
		times = "forever",
		run = function(vm)
			for irq = 4 * i, 4 * i + 3 do
				vm.spi["spi" .. irq]:pulse()
			end
		end,
	}
end

return scenario {
	name	 = "vm-2",
	about	 = "2 vCPUs, 8 interrupts",
	vm	 = { vcpus = nr_vcpus, spis = { count = 4 * nr_vcpus } },
	guest	 = function(cpu)
		loop(function()
			cpu:compute(uniform(us(5), us(40)))
			cpu:wfi()
		end)
	end,
	actors	 = devices,
	duration = ms(10),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "never" } },
}
