-- SPDX-License-Identifier: GPL-2.0-or-later
-- 64 vCPUs and 256 interrupts on 64 CPUs.

local devices = {}

for i = 0, 63 do
	devices[i + 1] = device {
		name = "dev" .. i, at = exponential(us(100)), times = "forever",
		run = function(vm)
			for k = i, 255, 64 do
				vm.spi["spi" .. k]:pulse()
			end
		end,
	}
end

return scenario {
	name	 = "big-vm",
	about	 = "64 vCPUs, 256 interrupts",
	vm	 = { vcpus = 64, halt_poll = us(500), spis = { count = 256 } },
	guest	 = function(cpu)
		loop(function() cpu:compute(uniform(us(1), us(20))) cpu:wfi() end)
	end,
	actors	 = devices,
	duration = ms(1),
	runs	 = 10,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    failed = "never" },
	},
}
