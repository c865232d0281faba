-- SPDX-License-Identifier: GPL-2.0-or-later
-- The line was up, and its request consumed; it falls before the guest
-- executes WFI, and rises again in the wait.
--
-- v4.14: the deassert makes the request, and nobody who waits looks at it.
-- ode-3 alone looks: where the request is still there, the wait ends for
-- nothing.  ode-1 makes another request, which nobody looks at either.

return scenario {
	name	= "deassert-before-wfi",
	about	= "what the request of a deassert does to the next wait",
	claims	= { "M5", "M6", "MP1" },
	vm	= { vcpus = 1, irqchip = "user",
		    flags = { "up", "consumed", "down" } },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:spin_until("up")
			cpu:wfe()		-- an exit: consumes the request
			cpu:set("consumed")
			cpu:spin_until("down")
			cpu:wfi()
			cpu:irq_enable()
			cpu:wfi()		-- the wait that is left
		end,
	},
	actors	= {
		thread { name = "vmm", run = function(vm)
			vm.line[0]:assert()
			store(vm.flag.up.value, true)
			await(vm.flag.consumed.value, true)
			vm.line[0]:deassert()
			store(vm.flag.down.value, true)
			await(vm.vcpu[0].hw_wfi, true)
			delay(us(100))
			vm.line[0]:assert()
		end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-1"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "sometimes" },
		["v4.14+ode-1+ode-3"] = { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
	},
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
	},
}
