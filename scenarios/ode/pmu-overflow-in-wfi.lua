-- SPDX-License-Identifier: GPL-2.0-or-later
-- The overflow interrupt arrives when its vCPU has begun to wait.
--
-- v4.14: the handler kicks and makes the request; the predicate looks at
-- neither the PMU nor the request, and only flush and sync would inject: the
-- vCPU sleeps on.  ode-3 looks at the request; so does pending state of the
-- PMU in runnable().  ode-1, -2 and -4 change nothing here.

return scenario {
	name	= "pmu-overflow-in-wfi",
	about	= "the overflow handler runs after its vCPU has begun to wait",
	claims	= { "M13", "M19", "M20", "M21" },
	vm	= { vcpus = 1, pmu = true },
	guest	= { function(cpu) cpu:compute(us(5)) cpu:wfi() end },
	actors	= {
		hardirq { name = "pmi", on = 0, at = uniform(us(20), us(50)),
			  event = function(vm) vm.pmu[0]:event() end,
			  run = function(vm) K.kvm_pmu_perf_overflow(vm.vcpu[0]) end },
	},
	expect	= {
		["v4.14"]	= { missed = "always" },
		["v4.14+ode-1"]	= { missed = "always" },
		["v4.14+ode-2"]	= { missed = "always" },
		["v4.14+ode-4"]	= { missed = "always" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
		["v4.14+pmu-in-runnable"] = { missed = "never",
					      spurious = "never" },
	},
}
