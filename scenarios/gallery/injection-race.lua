-- SPDX-License-Identifier: GPL-2.0-or-later
-- vhost and the guest make one interrupt pending at the same time, while
-- its route changes: two injections, two possible lists.
--
-- Between irq_lock and ap_list_lock anything can change, so the injection
-- looks again before it links (vgic_queue_irq_unlock()).

return scenario {
	name	 = "injection-race",
	about	 = "two injections of one interrupt race for its list",
	vm	 = { vcpus = 3, spis = { { name = "disk", target = 1 } } },
	guest	 = {
		function(cpu)
			loop(function()
				for n = 1, 2 do
					cpu:compute(uniform(us(5), us(25)))
					cpu:set_target("disk", n)
					cpu:set_pending("disk")
				end
			end)
		end,
		function(cpu) loop(function() cpu:wfi() end) end,
		function(cpu) loop(function() cpu:wfi() end) end,
	},
	actors	 = {
		thread { name = "vhost", at = uniform(us(5), us(25)), times = "forever",
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	duration = ms(40),
	runs	 = 50,
	expect	 = {
		["v4.14"]	= { failed = "never", storm = "never" },
		["v4.14+ode"]	= { failed = "never", storm = "never" },
	},
	-- Both vCPUs sleep before it begins.
	explore	 = {
		vm	= { vcpus = 2, spis = { { name = "disk" } }, flags = { "go" } },
		guest	= function(cpu) loop(function() cpu:wfi() end) end,
		actors	= {
			thread { name = "peer", run = function(vm)
				await(vm.vcpu[0].task.on_rq, false)
				await(vm.vcpu[1].task.on_rq, false)
				store(vm.flag.go.value, true)
				vm.peer:set_target("disk", 1)
				vm.peer:set_pending("disk")
			end },
			thread { name = "vhost", run = function(vm)
				await(vm.flag.go.value, true)
				vm.spi.disk:pulse()
			end },
		},
		-- The guest's injection finds it on vCPU 0's list already, and kicks vCPU
		-- 1, whose list is empty.  Then vCPU 0 migrates it and tells nobody: see
		-- kick-on-migration.
		-- Under arm64 kvm_vcpu_kick() reads a stale cpu as well: see
		-- kick-reads-cpu-late.
		every	= { missed = "sometimes", spurious = "any",
			    arm64 = { broken = { "I2" } } },
	},
}
