-- SPDX-License-Identifier: GPL-2.0-or-later
-- A guest profiles itself, with a tick: each sample programs the next.
--
-- v4.14 loses an overflow that arrives in a wait until the tick ends that
-- wait: late.  With ode-3 the request ends it.

return scenario {
	name	 = "pmu-sampling",
	about	 = "counter overflows in a guest that is often idle",
	claims	 = { "M20" },
	vm	 = { vcpus = 1, pmu = true, timer = true },
	guest	 = function(cpu)
		cpu:set_timer(us(500))
		cpu:pmu_overflow_after(uniform(us(20), us(100)))
		loop(function() cpu:compute(uniform(us(5), us(50))) cpu:wfi() end)
	end,
	on_irq	 = function(cpu, irq)
		cpu:set_timer(us(500))
		cpu:pmu_overflow_after(uniform(us(20), us(100)))
	end,
	deadline = us(150),
	duration = ms(10),
	runs	 = 100,
	expect	 = {
		["v4.14"]	= { late = "sometimes" },
		["v4.14+ode-3"]	= { missed = "never", late = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never" },
	},
	-- One tick: what overflows after it is lost for good.
	explore	 = {
		guest	= function(cpu)
			cpu:set_timer(us(500))
			cpu:pmu_overflow_after(us(20))
			cpu:wfi()
		end,
		on_irq	= function() end,
		expect	= {
			["v4.14"]	= { missed = "sometimes", spurious = "never" },
		},
	},
}
