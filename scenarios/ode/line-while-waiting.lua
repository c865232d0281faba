-- SPDX-License-Identifier: GPL-2.0-or-later
-- KVM_IRQ_LINE asserts the interrupt line of a vCPU that is going to sleep.
--
-- v4.14: the line is set before the kick looks at the queue, and tested after
-- the task is queued: never missed.  ode-3: the request takes the line's
-- place in the same order.

return scenario {
	name	= "line-while-waiting",
	about	= "a line rises at any moment around WFI, userspace irqchip",
	claims	= { "M1", "M3", "M22" },
	vm	= { vcpus = 1, irqchip = "user" },
	guest	= { function(cpu) cpu:compute(us(5)) cpu:wfi() end },
	actors	= {
		thread { name = "vmm", at = uniform(us(1), us(15)),
			 run = function(vm) vm.line[0]:assert() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-1"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
	},
	-- The line rises when the guest is about to execute WFI, or later.
	explore	= {
		vm	= { vcpus = 1, irqchip = "user", flags = { "go" } },
		guest	= {
			function(cpu) cpu:set("go") cpu:wfi() end,
		},
		actors	= {
			thread { name = "vmm", run = function(vm)
				await(vm.flag.go.value, true)
				vm.line[0]:assert()
			end },
		},
	},
}
