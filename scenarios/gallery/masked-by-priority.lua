-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt is pending that the guest's priority mask holds back; it waits
-- for a more urgent one.
--
-- v4.14's predicate knows no priorities (priority-in-runnable came later): the
-- wait ends at once, for nothing.  With ode-3 the request was consumed on the last
-- entry, and the wait is a wait.

return scenario {
	name	= "masked-by-priority",
	about	= "WFI with a pending interrupt that ICC_PMR masks",
	claims	= { "M8" },
	vm	= { vcpus = 1, pmr = true, spis = {
			{ name = "disk", priority = 2 },
			{ name = "nmi", priority = 0 } } },
	guest	= {
		function(cpu)
			cpu:set_pmr(1)
			cpu:compute(us(50))
			cpu:wfi()
			cpu:set_pmr(4)
			cpu:wfi()
		end,
	},
	actors	= {
		device { name = "disk", at = us(20),
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "nmi", at = us(200),
			 run = function(vm) vm.spi.nmi:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = 1 },
		["v4.14+ode-3"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
		["v4.14+priority-in-runnable"] = { missed = "never",
						   spurious = "never" },
	},
	-- The guest makes disk pending itself: its own thread then makes the request,
	-- and consumes it on the way back.  Another's request may come late.
	explore	= {
		vm	= { vcpus = 1, pmr = true, flags = { "waits" },
			    spis = { { name = "disk", priority = 2 },
				     { name = "nmi", priority = 0 } } },
		guest	= {
			function(cpu)
				cpu:set_pmr(1)
				cpu:set_pending("disk")
				cpu:set("waits")
				cpu:wfi()
			end,
		},
		actors	= {
			thread { name = "vhost", run = function(vm)
				await(vm.flag.waits.value, true)
				vm.spi.nmi:pulse()
			end },
		},
	},
}
