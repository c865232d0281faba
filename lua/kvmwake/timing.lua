-- SPDX-License-Identifier: GPL-2.0-or-later
-- How long things take, unless a scenario's timing{} says otherwise.
--
-- The host is a Kunpeng 920 as far as measurements were published: the
-- micro-bench results of kvm-unit-tests (mail of November 2023).  What nobody
-- published is an estimate and says so.  A scenario judges orders, not
-- nanoseconds; these numbers decide how often a window is hit, not whether
-- it exists.

timing = {
	-- World switch.  "hvc" round trip 408 ns, half each way.
	exit	= uniform(ns(180), ns(220)),
	entry	= uniform(ns(190), ns(230)),
	-- What the VMM adds to an exit: mmio_read_user 2306 ns less
	-- mmio_read_vgic 638 ns.
	user	= uniform(ns(1500), ns(1850)),
	-- Guest access to its CPU interface: "eoi", 26 ns.
	gic	= ns(26),
	-- Guest interrupt handler beside its accesses (estimate).
	handler	= uniform(ns(300), ns(700)),
	-- One turn of the halt-polling loop (estimate).
	poll	= ns(150),

	-- Host.  Context switch with vCPU put and load: 1-3 us (estimate).
	switch	= uniform(us(1), us(3)),
	-- try_to_wake_up() to running on an idle CPU: 2-5 us from a shallow
	-- state, 50-200 us from a deep one (estimate).
	idle_shallow	= uniform(us(2), us(5)),
	idle_deep	= uniform(us(50), us(200)),
	idle_deep_after	= ms(1),
	-- Reschedule IPI or device interrupt, raise to handler: 0.5-2 us
	-- (estimate; vIPI end to end is measured as 1697 ns).
	irq		= uniform(ns(500), us(2)),
	-- hrtimer callback after its expiry: 1-50 us (estimate).
	timer_slack	= uniform(us(1), us(50)),
	-- Workqueue: queue_work() to the function, 5-50 us (estimate).
	work		= uniform(us(5), us(50)),

	-- Single operations, ns: { least, most }.  Uncontended lock 20-50,
	-- a miss 50-150, the rest scaled from them (estimates).
	ops = {
		none	= { 0, 0 },
		load	= { 1, 10 },
		store	= { 1, 10 },
		atomic	= { 10, 40 },
		fence	= { 5, 30 },
		lock	= { 20, 50 },
		unlock	= { 5, 20 },
		sched	= { 200, 500 },
		wake	= { 300, 800 },
		raise	= { 100, 300 },
		timer	= { 100, 300 },
	},

	-- Weak memory (--memory tso, arm64), ns: { least, most }.  How long a
	-- store waits until others see it: not at all, or as long as it takes
	-- to fetch the line, 50-150 (estimate).
	store_drain	= { 1, 150 },
	-- How long before its turn a load may have been satisfied: while what
	-- is before it waits for a line (estimate).
	load_window	= { 0, 100 },
}
