-- SPDX-License-Identifier: GPL-2.0-or-later
-- A pulse on a level-triggered line wakes a vCPU that finds nothing and sleeps
-- again; then comes an interrupt that it must be woken for.
--
-- A wake-up for nothing must not count as one (s390's kicked_mask, until 2021).

return scenario {
	name	= "woken-in-vain",
	about	= "an interrupt after a wake-up for nothing",
	vm	= { vcpus = 1, spis = { { name = "dev", level = true },
					{ name = "disk" } } },
	guest	= { function(cpu) cpu:wfi() end },
	actors	= {
		device { name = "irqfd", at = us(50), run = function(vm)
			vm.spi.dev:irqfd()
			delay(us(100))
			vm.spi.disk:pulse()
		end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    futile = 1 },
		["v4.14+ode"]	= { missed = "never", spurious = 1 },
	},
	-- The first pulse may end the wait, and the edge may come first and be taken.
	explore	= { every = { spurious = "sometimes" } },
}
