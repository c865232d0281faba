-- SPDX-License-Identifier: GPL-2.0-or-later
-- Made by kvmwake import from a recording of a KVM host:
--
--	file	small.trace
--	kernel	6.12
--	window	0.456 ms from 1.000000 s on, the whole recording
--	events	83 in 89 lines; lost: 17 in 1 places; damaged lines: 2; not understood: 2
--	vCPU 0	CPU 0/KVM-11 (vcpu_id 0): 2 waits, 1 of them slept, 1 timer expiries
--	vCPU 1	CPU 1/KVM-12 (vcpu_id 1): 4 waits, 3 of them slept, 1 timer expiries
--		not in the scenario: 1 wake-ups for nothing, 1 signals
--	SGIs	0 is SGI 0

local function all(unit, t)
	for i = 1, #t do
		t[i] = unit(t[i])
	end
	return t
end

-- What a vCPU did; times are us.
-- wfi(t): its timer expired t after it began.
-- count(t): a run that ended with a counter's overflow.
local function steps(cpu)
	local function run(t) cpu:compute(us(t)) end
	local function wfi(t)
		if t then
			cpu:set_timer(us(t))
		end
		cpu:wfi()
	end
	local function sgi(n, nr) cpu:sgi(n, nr) end
	local function count(t)
		cpu:pmu_overflow_after(us(t))
		cpu:compute(us(t))
	end
	local function on(n)
		cpu:spin_until_off(n)
		cpu:psci_cpu_on(n)
	end
	local function off() cpu:psci_cpu_off() end

	return run, wfi, sgi, count, on, off
end

local function vcpu0(cpu)
	local run, wfi, sgi, count, on, off = steps(cpu)

	sgi(1, 0) run(20) wfi(100)
	count(90) run(24) wfi()
	run(42) on(1) run(115) wfi()
end

local function vcpu1(cpu)
	local run, wfi, sgi, count, on, off = steps(cpu)

	wfi(430)
	run(37) wfi(380)
	run(8) wfi(250)
	run(80) off() run(27) wfi(70)
	run(38) wfi()
end

return scenario {
	name = "small",
	about = "a recording: 2 vCPUs, 6 waits in 1 ms",
	vm = {
		vcpus = 2, irqchip = "vgic", timer = true, pmu = true, sgis = 1,
		halt_poll = ns(10000),
		spis = {
			{ name = "spi33", level = true, target = 0 },
			{ name = "spi40", level = false, target = 1 },
			{ name = "from-vhost-30-1", level = false, target = 1 },
		},
	},
	host = { cpus = 3, slice = ms(3) },
	guest = { vcpu0, vcpu1 },
	actors = {
		-- raised by console
		device {
			name = "device-spi33",
			times = 1,
			at = sequence(all(us, {
				270,
			})),
			run = function(vm) vm.spi["spi33"].assert() end,
		},
		-- raised by vmm: disk-1 [0]
		device {
			name = "device-spi40",
			times = 1,
			at = sequence(all(us, {
				160,
			})),
			run = function(vm) vm.spi["spi40"].pulse() end,
		},
		-- raised by vhost-30
		device {
			name = "device-from-vhost-30-1",
			times = 1,
			at = sequence(all(us, {
				400,
			})),
			run = function(vm) vm.spi["from-vhost-30-1"].pulse() end,
		},
	},
	timing = {
		-- part of the recorded runs and expiries
		handler = ns(0), timer_slack = ns(0),
		-- exit to entry, nothing else between
		exit = empirical(all(us, {
			1, 2, 2, 3, 4, 5, 5, 5,
		})),
		-- sched_waking to switched in
		idle_shallow = empirical(all(us, {
			4, 4, 5, 5,
		})),
		idle_deep = empirical(all(us, {
			4, 4, 5, 5,
		})),
		-- switched in to guest entry
		switch = empirical(all(us, {
			6, 6, 10,
		})),
		-- exit to switched out, without that
		ops = { sched = { 500, 1500 } },
	},
	deadline = ms(1),
	duration = ms(3),
	runs = 20,
	expect = {
		-- A recording shows what happened, not what may.  A counter's
		-- overflow can go unseen at the exit of a WFI, so a missed
		-- wake-up would be no surprise here.
		["v4.14"] = {
			missed = "any", storm = "never", failed = "never",
		},
	},
}
