# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Which scenarios are explored where, after tests/lib/cli.sh: `make check` has
# the small ones under arm64, as users do, and the large ones under sc;
# tests/slow has the large ones under arm64, and all under sc and tso.  None
# has many more than a million states.

# Those that take more than 0.7 s of CPU time under arm64.
large=" big-vm deassert-at-wfi device-storm emulated-timer halt-polling
 idle-tick injection-race ipi-ping-pong irq-balancer irq-to-stopped
 irqfd-pulse kick-after-wfi masked-while-waiting migrated-then-kicked
 overcommit pause-while-waiting pmu-sampling pulse-at-entry
 signal-while-waiting system-off two-at-once woken-in-vain "

# scenarios SMALL|LARGE: their files
scenarios() {
	local file size

	for file in scenarios/ode/*.lua scenarios/gallery/*.lua; do
		size=SMALL
		[[ $large != *[[:space:]]$(basename "$file" .lua)[[:space:]]* ]] ||
			size=LARGE
		[ "$1" != $size ] || echo "$file"
	done
}

# under MEMORY FILE...: each goes as it expects; the gallery's under v4.14 only,
# so that all of them fit into two minutes
under() {
	local memory=$1 file kernel

	shift
	for file; do
		kernel=()
		[[ $file != */gallery/* ]] || kernel=(--kernel v4.14)
		exits 0 "$(basename "$file" .lua), $memory" explored --quiet \
			--memory "$memory" --max-states 1000000 \
			"${kernel[@]}" "$file"
	done
}
