-- SPDX-License-Identifier: GPL-2.0-or-later
-- Changing an interrupt's active state stops all vCPUs and resumes them; one
-- of them waits for an interrupt that comes at about the same time.
--
-- v4.14: pause is in the predicate, resume_guest() wakes whoever sleeps, and
-- SLEEP keeps the awake out of the guest: nothing missed, nobody runs while
-- halted.  The proposals keep the conjunct.

return scenario {
	name	= "pause-while-waiting",
	about	= "halt_guest and resume_guest against WFI and an interrupt",
	claims	= { "M1", "M18" },
	vm	= { vcpus = 2, spis = { { name = "disk", target = 1 },
					{ name = "other" } } },
	guest	= {
		function(cpu)
			for i = 1, 4 do
				cpu:compute(uniform(ns(0), us(8)))
				cpu:set_active("other")
				cpu:clear_active("other")
			end
		end,
		function(cpu)
			for i = 1, 6 do
				cpu:compute(uniform(ns(0), us(3)))
				cpu:enable_irq("disk")
			end
			cpu:wfi()
			cpu:compute(us(10))
		end,
	},
	actors	= {
		device { name = "disk", at = uniform(us(15), us(40)),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", failed = "never" },
	},
	-- One change of the active state at any moment; the interrupt comes
	-- before, and may be noticed before, while or after all is halted.
	explore	= {
		-- kvm_make_all_cpus_request() reads a stale cpu, and does not wait
		-- for the vCPU (I4): see kick-reads-cpu-late.
		every	= { arm64 = { failed = "sometimes",
					    broken = { "I5" } } },
		vm	= { vcpus = 1, spis = { { name = "disk" }, { name = "other" } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "peer", run = function(vm)
				vm.spi.disk:pulse()
				vm.peer:set_active("other")
			end },
		},
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
