#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every mutant (lua/patch/mutant-*.lua) names a scenario that an exploration
# finds it by, too: with it the scenario does not go as is expected of the kernel
# alone.  Under sc, where that kernel has no faults of its own; the order of memory
# is for tests/slow/ordering.sh.  What is late and no more ("timed") is not asked:
# an exploration has no clock.

. tests/lib/cli.sh

for file in lua/patch/mutant-*.lua; do
	line=$(sed -n 's/^-- Caught by: \(scenarios\/.*\)/\1/p' "$file")
	case $line in
	''|*', timed') continue ;;
	esac
	kernel=$(echo "$line" | sed 's/.*(\(.*\)).*/\1/')
	exits 1 "$(basename "$file" .lua)" explored --quiet --memory sc \
		--kernel "$kernel+$(basename "$file" .lua)" --as "$kernel" \
		"${line%% *}"
done
finish
