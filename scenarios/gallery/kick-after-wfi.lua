-- SPDX-License-Identifier: GPL-2.0-or-later
-- A first interrupt ends the wait, often before the thread has slept; a
-- second one comes when the guest runs, and has to take it out by an IPI.

return scenario {
	name	= "kick-after-wfi",
	about	= "an interrupt in the guest after a wait",
	vm	= { vcpus = 1, spis = { { name = "disk" }, { name = "net" } },
		    flags = { "net" } },
	guest	= {
		function(cpu)
			cpu:compute(us(5))
			cpu:wfi()
			cpu:spin_until("net")
		end,
	},
	on_irq	= function(cpu, irq)
		if irq == cpu.vm.spi.net.ref then
			cpu:set("net")
		end
	end,
	actors	= {
		device { name = "disk", at = uniform(us(5), us(15)),
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "net", at = us(100),
			 run = function(vm) vm.spi.net:pulse() end },
	},
	runs	= 3000,
	expect	= {
		["v4.14"]	= { missed = "never", failed = "never" },
		["v4.14+ode"]	= { missed = "never", failed = "never" },
	},
	explore	= {
		vm	= { vcpus = 1, spis = { { name = "disk" }, { name = "net" } },
			    flags = { "disk", "net" } },
		guest	= { function(cpu) cpu:wfi() cpu:spin_until("net") end },
		on_irq	= function(cpu, irq)
			cpu:set(irq == cpu.vm.spi.net.ref and "net" or "disk")
		end,
		actors	= {
			thread { name = "vhost", run = function(vm)
				vm.spi.disk:pulse()
				await(vm.flag.disk.value, true)
				vm.spi.net:pulse()
			end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= {
			["v4.14"]	= { spurious = "never" },
			["v4.14+ode"]	= {
				spurious = "sometimes",
				-- ... and as the wait ends early, it has left the
				-- queue when the kick looks there.
				arm64 = { failed = "sometimes",
					  broken = { "I2", "I5" } },
			},
		},
	},
}
