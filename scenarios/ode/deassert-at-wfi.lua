-- SPDX-License-Identifier: GPL-2.0-or-later
-- The line was up while the guest had interrupts masked; it falls at about
-- the moment of WFI.
--
-- v4.14 looks at the line: down, so it sleeps.  ode-3 alone looks at the
-- request, which the deassert has made too: if nothing consumed it before
-- the wait, the wait ends for nothing.  ode-1 takes that request away.

return scenario {
	name	= "deassert-at-wfi",
	about	= "a line falls just as its vCPU begins to wait",
	claims	= { "M5", "M6", "MP1" },
	vm	= { vcpus = 1, irqchip = "user" },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:compute(us(60))
			cpu:wfi()
			cpu:irq_enable()
			cpu:compute(us(1))
		end,
	},
	actors	= {
		thread { name = "vmm", at = us(20), run = function(vm)
			vm.line[0]:assert()
			delay(uniform(us(20), us(60)))
			vm.line[0]:deassert()
			delay(us(300))
			vm.line[0]:assert()
		end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-3"]	= { spurious = "sometimes" },
		["v4.14+ode-1"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-1+ode-3"] = { spurious = "never" },
	},
	-- Whatever the predicate looks at, the line may fall between its look and
	-- the verdict.  And the second assert may come before WFI, where the
	-- proposal misses it as in line-consumed-request.
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		expect	= {
			["v4.14"]	= { spurious = "sometimes" },
			["v4.14+ode-1"]	= { spurious = "sometimes" },
			["v4.14+ode-1+ode-3"] = { spurious = "sometimes" },
			["v4.14+ode"]	= { missed = "sometimes",
					    spurious = "sometimes" },
		},
	},
}
