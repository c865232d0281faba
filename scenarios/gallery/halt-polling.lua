-- SPDX-License-Identifier: GPL-2.0-or-later
-- Interrupts every 50 us or so: polling pays after a few, and must look at
-- the condition as the sleep loop does.

return scenario {
	name	 = "halt-polling",
	about	 = "the poll window grows to catch most interrupts",
	vm	 = { vcpus = 1, halt_poll = us(500), spis = { { name = "nic" } } },
	guest	 = function(cpu) loop(function() cpu:wfi() end) end,
	actors	 = {
		device { name = "nic", at = uniform(us(30), us(70)), times = 100,
			 run = function(vm) vm.spi.nic:pulse() end },
	},
	deadline = us(25),
	runs	 = 100,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    spurious = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    spurious = "never" },
	},
	-- Injected by a thread, which waits until the first interrupt has been taken:
	-- an edge that comes while one is pending is lost in that one, but not for
	-- KVM.
	explore	 = {
		vm	= { vcpus = 1, halt_poll = us(500),
			    spis = { { name = "nic" } }, flags = { "taken" } },
		on_irq	= function(cpu) cpu:set("taken") end,
		actors	= {
			thread { name = "vhost", run = function(vm)
				vm.spi.nic:pulse()
				await(vm.flag.taken.value, true)
				vm.spi.nic:pulse()
			end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
