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
	-- vCPU 1 sleeps before it begins.
	explore	 = {
		vm	= { vcpus = 2, halt_poll = us(500), spis = { count = 2 },
			    flags = { "go", "waits", "taken" } },
		guest	= {
			function(cpu)
				cpu:spin_until("go")
				cpu:set("waits")
				cpu:wfi()
			end,
			function(cpu) cpu:wfi() end,
		},
		on_irq	= function(cpu) cpu:set("taken") end,
		actors	= {
			device { name = "dev", run = function(vm)
				await(vm.vcpu[1].task.on_rq, false)
				store(vm.flag.go.value, true)
				await(vm.flag.waits.value, true)
				vm.spi.spi0:pulse()
				await(vm.flag.taken.value, true)
				vm.spi.spi1:pulse()
			end },
		},
		expect	= {
			["v4.14"]	= { spurious = "never" },
			["v4.14+ode"]	= { spurious = "never" },
		},
	},
}
