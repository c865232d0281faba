#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All scenarios of the mail under arm64, for the kernel and the proposal, as
# their files expect.  What is too large to be seen to its end is named here,
# with a number of states that it exceeds.

. tests/lib/cli.sh

too_large='migrated-before-wait 1000000'

for file in scenarios/ode/*.lua; do
	name=$(basename "$file" .lua)
	limit=$(echo "$too_large" | sed -n "s/^$name //p")
	for kernel in v4.14 v4.14+ode; do
		"$KVMWAKE" explore --memory arm64 --quiet --kernel $kernel \
			${limit:+--max-states "$limit"} "$file" \
			>"$TMPDIR/out" 2>"$TMPDIR/err"
		rc=$?
		if [ -n "$limit" ]; then
			[ $rc = 4 ]
			ok $? "$name, $kernel: more than $limit states"
		else
			[ $rc = 0 ]
			ok $? "$name, $kernel"
		fi
		[ $rc = 0 ] || sed 's/^/# /' "$TMPDIR/out" | head -5
	done
done
finish
