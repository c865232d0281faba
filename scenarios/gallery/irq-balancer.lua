-- SPDX-License-Identifier: GPL-2.0-or-later
-- irqbalance in a hurry: vCPU 0 routes an interrupt round the other three.
--
-- An interrupt that was routed on before its vCPU could take it moves to the
-- next list when that vCPU next exits, and v4.14 tells nobody: late, until
-- the device's next interrupt.  Kicking after the migration repairs it.

return scenario {
	name	 = "irq-balancer",
	about	 = "an interrupt's route changes all the time",
	claims	 = { "M9" },
	vm	 = { vcpus = 4, spis = { { name = "disk", target = 1 } } },
	guest	 = {
		function(cpu)
			loop(function()
				for n = 1, 3 do
					cpu:compute(uniform(us(1), us(800)))
					cpu:set_target("disk", n)
				end
			end)
		end,
		function(cpu) loop(function() cpu:wfi() end) end,
		function(cpu) loop(function() cpu:wfi() end) end,
		function(cpu) loop(function() cpu:wfi() end) end,
	},
	actors	 = {
		device { name = "disk", at = exponential(us(300)), times = "forever",
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	timing	 = { idle_deep = uniform(us(2), us(5)) },	-- no deep idle
	deadline = us(100),
	duration = ms(20),
	runs	 = 100,
	expect	 = {
		["v4.14"]	= { late = "sometimes" },
		["v4.14+ode"]	= { late = "sometimes" },
		["v4.14+kick-on-migration"] = { missed = "never", late = "never" },
	},
	-- vCPU 1 sleeps before it begins.
	explore	 = {
		vm	= { vcpus = 2, spis = { { name = "disk" } },
			    flags = { "go", "waits" } },
		guest	= {
			function(cpu)
				cpu:spin_until("go")
				cpu:set("waits")
				cpu:wfi()
			end,
			function(cpu) cpu:wfi() end,
		},
		actors	= {
			device { name = "disk", run = function(vm)
				await(vm.flag.waits.value, true)
				vm.spi.disk:pulse()
			end },
			thread { name = "peer", run = function(vm)
				await(vm.vcpu[1].task.on_rq, false)
				store(vm.flag.go.value, true)
				await(vm.flag.waits.value, true)
				vm.peer:set_target("disk", 1)
			end },
		},
		-- Where the route changes after vCPU 0's predicate, it enters its guest
		-- for nothing.
		every	= { spurious = "sometimes" },
		expect	= {
			["v4.14"]	= { missed = "sometimes" },
			["v4.14+ode"]	= { missed = "sometimes" },
		},
	},
}
