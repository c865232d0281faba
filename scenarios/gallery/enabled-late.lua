-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt is pending and disabled; another vCPU enables it while its target
-- waits.

return scenario {
	name	= "enabled-late",
	about	= "a pending interrupt is enabled while its vCPU waits",
	vm	= { vcpus = 2, spis = { { name = "disk", target = 1,
					  enabled = false } } },
	guest	= {
		function(cpu)
			cpu:compute(uniform(us(20), us(80)))
			cpu:enable_irq("disk")
		end,
		function(cpu) cpu:wfi() end,
	},
	actors	= {
		device { name = "disk", at = uniform(us(10), us(90)),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
	},
	explore	= {
		vm	= { vcpus = 1, spis = { { name = "disk", enabled = false } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "vhost",
				 run = function(vm) vm.spi.disk:pulse() end },
			thread { name = "peer",
				 run = function(vm) vm.peer:enable_irq("disk") end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
