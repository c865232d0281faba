#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every mutant whose scenario is one of the mail's is found by an exploration,
# too: with it the scenario does not go as is expected of the kernel alone.

. tests/lib/cli.sh

for file in lua/patch/mutant-*.lua; do
	line=$(sed -n 's/^-- Caught by: \(scenarios\/ode\/.*\)/\1/p' "$file")
	[ -n "$line" ] || continue
	kernel=$(echo "$line" | sed 's/.*(\(.*\))$/\1/')
	exits 1 "$(basename "$file" .lua)" "$KVMWAKE" explore --quiet \
		--kernel "$kernel+$(basename "$file" .lua)" --as "$kernel" \
		"${line%% *}"
done
finish
