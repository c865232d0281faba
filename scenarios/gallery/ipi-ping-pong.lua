-- SPDX-License-Identifier: GPL-2.0-or-later
-- Two vCPUs answer each other's interrupt and wait in between.

return scenario {
	name	 = "ipi-ping-pong",
	about	 = "IPIs back and forth between two waiting vCPUs",
	vm	 = { vcpus = 2, sgis = 1 },
	guest	 = {
		function(cpu) cpu:sgi(1) loop(function() cpu:wfi() end) end,
		function(cpu) loop(function() cpu:wfi() end) end,
	},
	on_irq	 = function(cpu, irq)
		if irq == cpu.vm.sgi[0][0] then
			cpu:sgi(1)
		else
			cpu:sgi(0)
		end
	end,
	duration = ms(2),
	runs	 = 200,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    spurious = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    spurious = "never" },
	},
	-- vCPU 1 sleeps before it begins.
	explore	 = {
		vm	= { vcpus = 2, sgis = 1, flags = { "go" } },
		guest	= {
			function(cpu)
				cpu:spin_until("go")
				cpu:sgi(1)
				cpu:wfi()
			end,
			function(cpu) cpu:wfi() end,
		},
		on_irq	= function(cpu, irq)
			if irq ~= cpu.vm.sgi[0][0] then
				cpu:sgi(0)
			end
		end,
		actors	= {
			device { name = "asleep", run = function(vm)
				await(vm.vcpu[1].task.on_rq, false)
				store(vm.flag.go.value, true)
			end },
		},
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
