-- SPDX-License-Identifier: GPL-2.0-or-later
-- vCPU 1 is told of an interrupt and executes WFI before the IPI arrives;
-- meanwhile vCPU 0 routes the interrupt to itself, so that vCPU 1's exit
-- migrates it.  The request stays.
--
-- v4.14: the list is empty, vCPU 1 waits for its own interrupt (net).
-- ode-3: the request ends the wait for nothing, once; the entry consumes it.

return scenario {
	name	= "migrated-before-wait",
	about	= "what a request leaves behind when its interrupt is migrated",
	claims	= { "M10", "M11" },
	vm	= { vcpus = 2, flags = { "ready", "pulsed" }, spis = {
			{ name = "disk", target = 1 },
			{ name = "net", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:spin_until("pulsed")
			cpu:set_target("disk", 0)
		end,
		function(cpu)
			cpu:compute(us(50))
			cpu:set("ready")
			cpu:compute(uniform(ns(800), ns(1200)))
			cpu:wfi()
			cpu:wfi()
		end,
	},
	actors	= {
		device { name = "disk", at = us(20), run = function(vm)
			await(vm.flag.ready.value, true)
			vm.spi.disk:pulse()
			store(vm.flag.pulsed.value, true)
		end },
		device { name = "net", at = us(300),
			 run = function(vm) vm.spi.net:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "sometimes" },
		["v4.14+ode"]	= { missed = "never", spurious = "sometimes" },
	},
	-- The interrupt is routed to a vCPU that is off, before WFI; the next one
	-- comes once the vCPU sleeps.
	explore	= {
		vm	= { vcpus = 2, off = { 0 }, flags = { "up", "routed" },
			    spis = { { name = "disk", target = 1 },
				     { name = "net", target = 1 } } },
		guest	= {
			function(cpu) end,
			function(cpu)
				cpu:irq_disable()
				cpu:set("up")
				cpu:spin_until("routed")
				cpu:wfi()
				cpu:irq_enable()
				cpu:wfi()
			end,
		},
		actors	= {
			thread { name = "peer", run = function(vm)
				await(vm.flag.up.value, true)
				await(vm.vcpu[0].task.on_rq, false)
				vm.spi.disk:pulse()
				vm.peer:set_target("disk", 0)
				store(vm.flag.routed.value, true)
				await(vm.vcpu[1].task.on_rq, false)
				vm.spi.net:pulse()
			end },
		},
	},
}
