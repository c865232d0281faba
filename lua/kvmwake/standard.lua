-- SPDX-License-Identifier: GPL-2.0-or-later
-- What `kvmwake show KERNEL` compiles: two vCPUs with everything on and
-- guests that do everything, so that every path is reached with values that
-- vary.  It is not meant to be run.

local function guest(cpu)
	loop(function()
		local what = choice(26)

		if what == 0 then cpu:wfi()
		elseif what == 1 then cpu:wfe()
		elseif what == 2 then cpu:cpu_suspend()
		elseif what == 3 then cpu:compute(us(1))
		elseif what == 4 then cpu:irq_disable()
		elseif what == 5 then cpu:irq_enable()
		elseif what == 6 then cpu:psci_cpu_on(1)
		elseif what == 7 then cpu:psci_cpu_off()
		elseif what == 8 then cpu:psci_system_off()
		elseif what == 9 then cpu:sgi(0)
		elseif what == 10 then cpu:sgi(1)
		elseif what == 11 then cpu:enable_irq("disk")
		elseif what == 12 then cpu:disable_irq("disk")
		elseif what == 13 then cpu:set_pending("disk")
		elseif what == 14 then cpu:clear_pending("disk")
		elseif what == 15 then cpu:set_active("disk")
		elseif what == 16 then cpu:clear_active("disk")
		elseif what == 17 then cpu:set_target("disk", 1)
		elseif what == 18 then cpu:gicd_enable(false)
		elseif what == 19 then cpu:set_timer(us(10))
		elseif what == 20 then cpu:stop_timer()
		elseif what == 21 then cpu:pmu_overflow_after(us(10))
		elseif what == 22 then cpu:pmu_clear()
		elseif what == 23 then cpu:set_ptimer(us(10))
		elseif what == 24 then cpu:stop_ptimer()
		else cpu:set_target("disk", 0) end
	end)
end

return scenario {
	name	 = "standard",
	about	 = "every path, for show",
	vm	 = { vcpus = 2, pmu = true, timer = true,
		     ptimer = true, gicv4 = true, sgis = 1,
		     halt_poll = us(500), off = { 1 },
		     spis = { { name = "disk", target = 0 },
			      { name = "uart", level = true, target = 1 } } },
	guest	 = { guest, guest },
	actors	 = {
		device { name = "disk", at = us(10), times = "forever",
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "vlpi", at = us(10), times = "forever",
			 run = function(vm) vm.vlpi[0]:arrive() end },
		hardirq { name = "pmi", on = 0, at = us(10),
			  event = function(vm) vm.pmu[0]:event() end,
			  run = function(vm)
				K.kvm_pmu_perf_overflow(vm.vcpu[0])
			  end },
		thread { name = "vmm", at = us(10), times = "forever",
			 run = function(vm)
				vm.spi.uart:assert()
				vm.spi.uart:deassert()
				vm.spi.disk:irqfd()
				vm:signal(0)
			 end },
		thread { name = "spinner", at = us(10), run = function(vm)
				K.kvm_vcpu_on_spin(vm.vcpu[1])
			 end },
	},
	deadline = ms(1),
	duration = ms(1),
	runs	 = 1,
	expect	 = { ["v4.14"] = { missed = "any" } },
}
