-- SPDX-License-Identifier: GPL-2.0-or-later
-- Eight devices at once, four list registers: entries are aborted and
-- interrupts wait for a register.
--
-- Under the proposal an interrupt that waits has lost its request, but the
-- underflow interrupt brings the vCPU out before it can wait.
--
-- Some waits are spurious in each kernel: an edge that comes while the same
-- interrupt is still pending in a list register is one interrupt to the
-- architecture, and two to KVM, which has the latch beside the register.

local devices = {}

for i = 0, 7 do
	devices[i + 1] = device {
		name = "dev" .. i, at = exponential(us(40)), times = "forever",
		run = function(vm) vm.spi["spi" .. i]:pulse() end,
	}
end

return scenario {
	name	 = "device-storm",
	about	 = "more interrupts than list registers",
	vm	 = { vcpus = 1, nr_lr = 4, spis = { count = 8 } },
	guest	 = function(cpu)
		loop(function() cpu:compute(uniform(us(1), us(5))) cpu:wfi() end)
	end,
	actors	 = devices,
	duration = ms(5),
	runs	 = 100,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    failed = "never" },
	},
	explore	 = {
		vm	= { vcpus = 1, nr_lr = 1, spis = { count = 2 } },
		guest	= function(cpu) loop(function() cpu:wfi() end) end,
		actors	= {
			thread { name = "vhost", run = function(vm)
				vm.spi.spi0:pulse()
				vm.spi.spi1:pulse()
			end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= {
			["v4.14"]	= { spurious = "never" },
			["v4.14+ode"]	= { spurious = "sometimes" },
		},
	},
}
