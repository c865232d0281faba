-- SPDX-License-Identifier: GPL-2.0-or-later
-- A VM of 64 vCPUs and 256 interrupts: every vCPU computes and waits, every
-- device pulses its four interrupts.  vm-2.lua is the same, smaller.

local nr_vcpus = 64
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
	name	 = "vm-64",
	about	 = "64 vCPUs, 256 interrupts",
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
