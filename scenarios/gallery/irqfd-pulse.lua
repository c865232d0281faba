-- SPDX-License-Identifier: GPL-2.0-or-later
-- irqfd without resampling on a level-triggered SPI: the line goes up and
-- straight down again, long before the woken vCPU looks.
--
-- To the architecture nothing is pending any more.  v4.14 sleeps again; with
-- ode-3 the request that the rise made ends the wait for nothing.

return scenario {
	name	= "irqfd-pulse",
	about	= "a pulse on a level-triggered line",
	claims	= { "M11" },
	vm	= { vcpus = 1, spis = { { name = "dev", level = true } } },
	guest	= { function(cpu) cpu:wfi() end },
	actors	= {
		device { name = "irqfd", at = us(50),
			 run = function(vm) vm.spi.dev:irqfd() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    futile = 1 },
		["v4.14+ode-3"]	= { missed = "never", spurious = 1 },
		["v4.14+ode"]	= { missed = "never", spurious = 1 },
	},
	explore	= {
		actors	= {
			thread { name = "irqfd",
				 run = function(vm) vm.spi.dev:irqfd() end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		-- The line may also fall after the predicate has read it and before
		-- that is the verdict: v4.14 has the race, too (M12).
		expect	= { ["v4.14"] = { spurious = "sometimes" } },
	},
}
