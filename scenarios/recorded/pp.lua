-- SPDX-License-Identifier: GPL-2.0-or-later
-- Made by kvmwake import from a recording of a KVM host:
--
--	file	pp.trace.gz
--	kernel	6.12.117+deb12-arm64 (Debian)
--	window	65.730 ms from 40.528709 s on, the whole recording
--	events	9000 in 9012 lines
--	vCPU 0	kvm-vcpu-0-205 (vcpu_id 0): 112 waits, 109 of them slept, 25 timer expiries
--	vCPU 1	kvm-vcpu-1-206 (vcpu_id 1): 103 waits, 101 of them slept, 16 timer expiries
--	SGIs	0 is SGI 0, 1 is SGI 1

local function all(unit, t)
	for i = 1, #t do
		t[i] = unit(t[i])
	end
	return t
end

-- What a vCPU did; times are us.
-- wfi(t): its timer expired t after it began.
local function steps(cpu)
	local function run(t) cpu:compute(us(t)) end
	local function wfi(t)
		if t then
			cpu:set_timer(us(t))
		end
		cpu:wfi()
	end
	local function sgi(n, nr) cpu:sgi(n, nr) end

	return run, wfi, sgi
end

local function vcpu0(cpu)
	local run, wfi, sgi = steps(cpu)

	wfi(3956)
	run(38) sgi(1, 1) run(19) wfi(3341)
	run(186) sgi(1, 0) run(143) wfi(2693)
	run(175) sgi(1, 0) run(152) sgi(1, 1) run(10) wfi(1169)
	run(15) sgi(1, 1) run(11) wfi(861)
	run(16) sgi(1, 1) run(11) wfi(551)
	run(16) sgi(1, 1) run(11) wfi(222)
	run(13) sgi(1, 1) run(26) wfi(3909)
	run(25) sgi(1, 1) run(17) wfi(3555)
	run(16) sgi(1, 1) run(11) wfi(3248)
	run(16) sgi(1, 1) run(11) wfi(2943)
	run(20) wfi(2668)
	run(136) wfi(167)
	run(15) sgi(1, 1) run(11) wfi(3499)
	run(16) sgi(1, 1) run(11) wfi(3190)
	run(15) sgi(1, 1) run(11) wfi(2885)
	run(15) sgi(1, 1) run(11) wfi(2580)
	run(16) sgi(1, 1) run(11) wfi(2273)
	run(15) sgi(1, 1) run(11) wfi(1968)
	run(16) sgi(1, 1) run(11) wfi(1658)
	run(16) sgi(1, 1) run(11) wfi(1352)
	run(20) wfi(1076)
	run(27) wfi(1727)
	run(16) sgi(1, 1) run(12) wfi(1909)
	run(16) sgi(1, 1) run(11) wfi(1601)
	run(21) sgi(1, 1) run(11) wfi(1291)
	run(15) sgi(1, 1) run(11) wfi(984)
	run(16) sgi(1, 1) run(37) wfi(650)
	run(15) sgi(1, 1) run(10) wfi(314)
	run(16) sgi(1, 1) run(21) wfi(3678)
	run(16) sgi(1, 1) run(12) wfi(3327)
	run(24) wfi(3048)
	run(16) sgi(1, 1) run(11) wfi(4159)
	run(25) sgi(1, 1) run(12) wfi(3789)
	run(16) sgi(1, 1) run(10) wfi(3482)
	run(16) sgi(1, 1) run(11) wfi(3177)
	run(15) sgi(1, 1) run(11) wfi(2872)
	run(15) sgi(1, 1) run(10) wfi(2565)
	run(16) sgi(1, 1) run(11) wfi(2260)
	run(15) sgi(1, 1) run(11) wfi(1954)
	run(20) wfi(1677)
	run(20) wfi(1155)
	run(19) sgi(1, 1) run(12) wfi(2508)
	run(16) sgi(1, 1) run(10) wfi(2198)
	run(15) sgi(1, 1) run(11) wfi(1892)
	run(15) sgi(1, 1) run(11) wfi(1587)
	run(15) sgi(1, 1) run(11) wfi(1280)
	run(16) sgi(1, 1) run(11) wfi(975)
	run(16) sgi(1, 1) run(11) wfi(651)
	run(15) sgi(1, 1) run(11) wfi(320)
	run(20) wfi(45)
	run(148) wfi(2823)
	run(19) sgi(1, 1) run(17) wfi(987)
	run(16) sgi(1, 1) run(11) wfi(693)
	run(16) sgi(1, 1) run(11) wfi(392)
	run(12) sgi(1, 1) run(24) wfi(3785)
	run(16) sgi(1, 1) run(11) wfi(3477)
	run(16) sgi(1, 1) run(11) wfi(3170)
	run(16) sgi(1, 1) run(11) wfi(2865)
	run(15) sgi(1, 1) run(11) wfi(2560)
	run(20) wfi(2285)
	run(20) wfi(551)
	run(18) sgi(1, 1) run(11) wfi(3100)
	run(16) sgi(1, 1) run(11) wfi(2790)
	run(15) sgi(1, 1) run(11) wfi(2484)
	run(16) sgi(1, 1) run(11) wfi(2179)
	run(16) sgi(1, 1) run(11) wfi(1873)
	run(16) sgi(1, 1) run(11) wfi(1566)
	run(15) sgi(1, 1) run(11) wfi(1261)
	run(16) sgi(1, 1) run(11) wfi(956)
	run(19) wfi(679)
	run(17) wfi(2142)
	run(19) sgi(1, 1) run(12) wfi(1524)
	run(16) sgi(1, 1) run(10) wfi(1215)
	run(15) sgi(1, 1) run(11) wfi(909)
	run(15) sgi(1, 1) run(11) wfi(574)
	run(16) sgi(1, 1) run(11) wfi(268)
	run(13) sgi(1, 1) run(24) wfi(3901)
	run(15) sgi(1, 1) run(11) wfi(3568)
	run(16) sgi(1, 1) run(16) wfi(3258)
	run(19) wfi(2983)
	run(25) sgi(1, 1) run(11) wfi(3742)
	run(16) sgi(1, 1) run(11) wfi(3432)
	run(16) sgi(1, 1) run(11) wfi(3127)
	run(15) sgi(1, 1) run(11) wfi(2822)
	run(16) sgi(1, 1) run(11) wfi(2517)
	run(15) sgi(1, 1) run(10) wfi(2210)
	run(16) sgi(1, 1) run(11) wfi(1905)
	run(16) sgi(1, 1) run(11) wfi(1600)
	run(20) wfi(1323)
	run(22) wfi(1507)
	run(19) sgi(1, 1) run(13) wfi(2129)
	run(16) sgi(1, 1) run(11) wfi(1820)
	run(15) sgi(1, 1) run(10) wfi(1515)
	run(16) sgi(1, 1) run(11) wfi(1209)
	run(16) sgi(1, 1) run(11) wfi(903)
	run(16) sgi(1, 1) run(11) wfi(584)
	run(16) sgi(1, 1) run(11) wfi(257)
	run(12) sgi(1, 1) run(24) wfi(3330)
	run(20) wfi(3052)
	run(16) sgi(1, 1) run(11) wfi(334)
	run(15) sgi(1, 1) run(11) wfi(26)
	run(18) wfi(3944)
	run(18) sgi(1, 1) run(12) wfi(3613)
	run(15) sgi(1, 1) run(11) wfi(3308)
	run(16) sgi(1, 1) run(11) wfi(3003)
	run(15) sgi(1, 1) run(11) wfi(2696)
	run(21) sgi(1, 1) run(11) wfi(2380)
	run(15) sgi(1, 1) run(11) wfi(2075)
	run(19) wfi(1799)
	run(19) wfi(1031)
	run(18) sgi(1, 1) run(12) wfi()
	run(16) sgi(1, 1) run(11) wfi()
end

local function vcpu1(cpu)
	local run, wfi, sgi = steps(cpu)

	wfi(4145)
	run(16) sgi(0, 1) run(27) wfi(3359)
	run(1136) sgi(0, 0) run(108) wfi(1696)
	run(21) wfi(1454)
	run(17) sgi(0, 1) run(11) wfi(1203)
	run(16) sgi(0, 1) run(11) wfi(898)
	run(15) sgi(0, 1) run(11) wfi(564)
	run(15) sgi(0, 1) run(11) wfi(258)
	run(17) sgi(0, 1) run(20) wfi(3708)
	run(15) sgi(0, 1) run(11) wfi(3387)
	run(15) sgi(0, 1) run(11) wfi(3081)
	run(15) sgi(0, 1) run(11) wfi(2777)
	run(14) wfi(3827)
	run(16) sgi(0, 1) run(11) wfi(3330)
	run(16) sgi(0, 1) run(11) wfi(3024)
	run(15) sgi(0, 1) run(11) wfi(2719)
	run(15) sgi(0, 1) run(11) wfi(2413)
	run(16) sgi(0, 1) run(11) wfi(2107)
	run(20) sgi(0, 1) run(11) wfi(1796)
	run(16) sgi(0, 1) run(11) wfi(1491)
	run(15) sgi(0, 1) run(11) wfi(1184)
	run(11) sgi(0, 1) run(4) wfi(3997)
	run(16) sgi(0, 1) run(12) wfi(1864)
	run(15) sgi(0, 1) run(11) wfi(1559)
	run(15) sgi(0, 1) run(11) wfi(1248)
	run(15) sgi(0, 1) run(11) wfi(941)
	run(16) sgi(0, 1) run(11) wfi(576)
	run(16) sgi(0, 1) run(11) wfi(271)
	run(39) sgi(0, 1) run(20) wfi(3752)
	run(15) sgi(0, 1) run(11) wfi(3445)
	run(16) sgi(0, 1) run(20) wfi(3953)
	run(16) sgi(0, 1) run(12) wfi(3620)
	run(15) sgi(0, 1) run(11) wfi(3315)
	run(15) sgi(0, 1) run(11) wfi(3011)
	run(16) sgi(0, 1) run(11) wfi(2703)
	run(15) sgi(0, 1) run(11) wfi(2398)
	run(15) sgi(0, 1) run(11) wfi(2093)
	run(16) sgi(0, 1) run(11) wfi(1787)
	run(16) wfi(3893)
	run(18) sgi(0, 1) run(11) wfi(2338)
	run(16) sgi(0, 1) run(11) wfi(2031)
	run(15) sgi(0, 1) run(11) wfi(1726)
	run(16) sgi(0, 1) run(11) wfi(1419)
	run(16) sgi(0, 1) run(11) wfi(1113)
	run(21) sgi(0, 1) run(11) wfi(803)
	run(15) sgi(0, 1) run(11) wfi(459)
	run(16) sgi(0, 1) run(11) wfi(153)
	run(16) wfi(3857)
	run(18) sgi(0, 1) run(12) wfi(693)
	run(16) sgi(0, 1) run(11) wfi(408)
	run(15) sgi(0, 1) run(11) wfi(101)
	run(18) wfi(3916)
	run(18) sgi(0, 1) run(11) wfi(3616)
	run(16) sgi(0, 1) run(11) wfi(3311)
	run(16) sgi(0, 1) run(11) wfi(3004)
	run(15) sgi(0, 1) run(11) wfi(2699)
	run(15) sgi(0, 1) run(11) wfi(2394)
	run(12) wfi(3909)
	run(18) sgi(0, 1) run(11) wfi(2959)
	run(15) sgi(0, 1) run(11) wfi(2653)
	run(16) sgi(0, 1) run(11) wfi(2348)
	run(16) sgi(0, 1) run(11) wfi(2043)
	run(16) sgi(0, 1) run(12) wfi(1735)
	run(15) sgi(0, 1) run(11) wfi(1429)
	run(16) sgi(0, 1) run(11) wfi(1125)
	run(15) sgi(0, 1) run(11) wfi(818)
	run(18) wfi(3896)
	run(18) sgi(0, 1) run(12) wfi(1354)
	run(15) sgi(0, 1) run(11) wfi(1048)
	run(15) sgi(0, 1) run(11) wfi(742)
	run(15) sgi(0, 1) run(11) wfi(407)
	run(15) sgi(0, 1) run(11) wfi(101)
	run(29) sgi(0, 1) run(12) wfi(3708)
	run(15) sgi(0, 1) run(11) wfi(3401)
	run(15) sgi(0, 1) run(11) wfi(3091)
	run(17) wfi(3889)
	run(18) sgi(0, 1) run(11) wfi(3574)
	run(16) sgi(0, 1) run(11) wfi(3266)
	run(15) sgi(0, 1) run(11) wfi(2961)
	run(15) sgi(0, 1) run(11) wfi(2655)
	run(15) sgi(0, 1) run(11) wfi(2349)
	run(15) sgi(0, 1) run(11) wfi(2043)
	run(15) sgi(0, 1) run(11) wfi(1738)
	run(15) sgi(0, 1) run(11) wfi(1433)
	run(16) wfi(3908)
	run(18) sgi(0, 1) run(11) wfi(1998)
	run(15) sgi(0, 1) run(11) wfi(1692)
	run(16) sgi(0, 1) run(11) wfi(1387)
	run(15) sgi(0, 1) run(11) wfi(1080)
	run(15) sgi(0, 1) run(11) wfi(775)
	run(15) sgi(0, 1) run(10) wfi(435)
	run(16) sgi(0, 1) run(11) wfi(128)
	run(18) wfi(4028)
	run(18) sgi(0, 1) run(11) wfi(3758)
	run(15) sgi(0, 1) run(11) wfi(310)
	run(12) sgi(0, 1) run(24) wfi(3755)
	run(15) sgi(0, 1) run(11) wfi(3447)
	run(15) sgi(0, 1) run(11) wfi(3142)
	run(16) sgi(0, 1) run(11) wfi(2836)
	run(20) sgi(0, 1) run(11) wfi(2524)
	run(16) sgi(0, 1) run(11) wfi(2214)
	run(16) sgi(0, 1) run(11) wfi(1909)
	run(18) wfi()
	run(18) sgi(0, 1) run(12) wfi()
end

return scenario {
	name = "recorded-pp",
	about = "a recording: 2 vCPUs, 215 waits in 66 ms",
	vm = {
		vcpus = 2, irqchip = "vgic", timer = true, pmu = false, sgis = 2,
		spis = {
			{ name = "spi32", level = true, target = 0 },
		},
	},
	host = { cpus = 3, slice = ms(3) },
	guest = { vcpu0, vcpu1 },
	actors = {
		-- raised by term-poll
		device {
			name = "device-spi32",
			times = 1,
			at = sequence(all(us, {
				131,
			})),
			run = function(vm) vm.spi["spi32"].assert() end,
		},
	},
	timing = {
		-- part of the recorded runs and expiries
		handler = ns(0), timer_slack = ns(0),
		-- exit to entry, nothing else between
		exit = empirical(all(us, {
			4, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23,
			23, 23, 23, 23, 23, 23, 23, 24, 24, 24, 24, 24,
			24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24,
			24, 27, 28, 49,
		})),
		-- sched_waking to switched in
		idle_shallow = empirical(all(us, {
			15, 15, 29, 42, 68, 81, 81, 81, 81, 81, 81, 81,
			81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 82,
			82, 82, 82, 82, 82, 82, 82, 83, 83, 83, 83, 89,
			94, 109, 147, 170,
		})),
		idle_deep = empirical(all(us, {
			15, 15, 29, 42, 68, 81, 81, 81, 81, 81, 81, 81,
			81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 82,
			82, 82, 82, 82, 82, 82, 82, 83, 83, 83, 83, 89,
			94, 109, 147, 170,
		})),
		-- switched in to guest entry
		switch = empirical(all(us, {
			40, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41,
			41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41,
			41, 41, 41, 41, 41, 41, 42, 42, 52, 52, 52, 52,
			52, 52, 53, 88,
		})),
		-- exit to switched out, without that
		ops = { sched = { 8000, 8500 } },
	},
	deadline = ms(2),
	duration = ms(70),
	runs = 20,
	expect = {
		-- A recording shows what happened, not what may: here every
		-- vCPU that slept was woken.
		["v4.14"] = {
			missed = "never", storm = "never", failed = "never",
		},
	},
}
