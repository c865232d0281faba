-- SPDX-License-Identifier: GPL-2.0-or-later
-- As migrated-at-prune; later another interrupt for vCPU 1 comes and goes (it
-- is disabled before vCPU 1 can look), which wakes vCPU 1 once more.
--
-- v4.14: any wake-up cures it, for the list is looked at.  ode-3 looks at the
-- request: the unrelated kick brings one too, so that it is cured as well;
-- a signal, which brings none, would cure only v4.14.

return scenario {
	name	= "migrated-then-kicked",
	about	= "an unrelated interrupt wakes a vCPU that has lost one",
	claims	= { "M9", "M10" },
	vm	= { vcpus = 2, flags = { "second" }, spis = {
			{ name = "disk", target = 0 },
			{ name = "net", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:compute(us(50))
			cpu:set_target("disk", 1)
			cpu:compute(us(10))
		end,
		function(cpu) cpu:wfi() cpu:compute(us(5)) end,
	},
	actors	= {
		device { name = "disk", at = us(20),
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "net", at = us(300),
			 run = function(vm) vm.spi.net:pulse() end },
	},
	deadline = us(100),
	expect	= {
		["v4.14"]	= { missed = "never", late = "always" },
		["v4.14+ode"]	= { missed = "never", late = "always" },
		["v4.14+kick-on-migration"] = { missed = "never", late = "never" },
	},
	-- In order: asleep, pending, routed, moved, kicked, all by vCPU 0's guest.
	-- Late is not looked for.
	explore	= {
		vm	= { vcpus = 2, flags = { "asleep" },
			    spis = { { name = "disk", target = 0 },
				     { name = "net", target = 1 } } },
		guest	= {
			function(cpu)
				cpu:irq_disable()
				cpu:spin_until("asleep")
				cpu:set_pending("disk")
				cpu:set_target("disk", 1)
				cpu:set_pending("net")
			end,
			function(cpu) cpu:wfi() end,
		},
		actors	= {
			thread { name = "peer", run = function(vm)
				await(vm.vcpu[1].task.on_rq, false)
				store(vm.flag.asleep.value, true)
			end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		expect	= {
			["v4.14+kick-on-migration"] = {
				arm64 = { broken = { "I2" } },
			},
		},
	},
}
