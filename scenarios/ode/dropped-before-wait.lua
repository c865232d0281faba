-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt comes and is disabled again while the guest computes; then the
-- guest executes WFI.  The next interrupt comes once the vCPU sleeps.
--
-- Where the kick's IPI is slow, the request is not consumed before the wait.
-- v4.14 looks at the list, which is empty: it sleeps.  ode-3: the request ends
-- the wait for nothing, once; the entry consumes it, and the second wait lasts.

return scenario {
	name	= "dropped-before-wait",
	about	= "a request outlives its interrupt, and ends the next wait",
	claims	= { "M10", "M11" },
	vm	= { vcpus = 2, flags = { "up", "off" },
		    spis = { { name = "disk", target = 1 },
			     { name = "net", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:spin_until("up")
			cpu:disable_irq("disk")
			cpu:set("off")
		end,
		function(cpu)
			cpu:irq_disable()
			cpu:set("up")
			cpu:spin_until("off")
			cpu:wfi()
			cpu:irq_enable()
			cpu:wfi()
		end,
	},
	actors	= {
		device { name = "disk", run = function(vm)
			await(vm.flag.up.value, true)
			vm.spi.disk:pulse()
			delay(us(500))
			vm.spi.net:pulse()
		end },
	},
	timing	= { irq = us(10) },
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    failed = "never" },
		["v4.14+ode-3"]	= { missed = "never", spurious = 1,
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = 1,
				    failed = "never" },
	},
	-- Who waits for the sleeper waits for ever where there are more spurious
	-- ends than waits: failed = "never" is "at most one".
	explore	= {
		vm	= { vcpus = 1, flags = { "up", "off" },
			    spis = { { name = "disk" }, { name = "net" } } },
		guest	= {
			function(cpu)
				cpu:irq_disable()
				cpu:set("up")
				cpu:spin_until("off")
				cpu:wfi()
				cpu:irq_enable()
				cpu:wfi()
			end,
		},
		actors	= {
			thread { name = "peer", run = function(vm)
				await(vm.flag.up.value, true)
				vm.spi.disk:pulse()
				vm.peer:disable_irq("disk")
				store(vm.flag.off.value, true)
				await(vm.vcpu[0].task.on_rq, false)
				vm.spi.net:pulse()
			end },
		},
		expect	= {
			["v4.14+ode-3"]	= { spurious = "sometimes" },
			["v4.14+ode"]	= { spurious = "sometimes" },
		},
	},
}
