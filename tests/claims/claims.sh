#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `claims`: verdicts follow from what is found, each finding can be seen with
# the command beside it, and nothing is a verdict that was not explored.

. tests/lib/cli.sh

c() {
	"$KVMWAKE" claims --memory sc "$@"
}

exits 0 'one that holds' c M20
says '^  v4.14  +holds$' "$TMPDIR/out" 'M20 holds for v4.14'
says '^  v4.14\+ode  +fails$' "$TMPDIR/out" '... and no longer for ode'
says 'sometimes missed: pmu-overflow-in-wfi +NEVER' "$TMPDIR/out" \
	'... because nothing is missed'
exits 0 'one with evidence of both kinds' c M7
says '^  v4.14\+ode  +qualified$' "$TMPDIR/out" 'M7 is qualified'
says 'never missed: line-consumed-request +MISSED' "$TMPDIR/out" 'by what'
says 'where WFI traps' "$TMPDIR/out" 'and where'
replay=$(sed -n 's/^ *kvmwake \(explore .*\)/\1/p' "$TMPDIR/out")
# shellcheck disable=SC2086 # several words
exits 0 'its replay replays' "$KVMWAKE" $replay
says 'violated: missed' "$TMPDIR/out" 'and shows what was said'
exits 0 'brief' c --quiet M7
[ "$(grep -c qualified "$TMPDIR/out")/$(grep -c kvmwake "$TMPDIR/out")" = 1/0 ]
ok $? '--quiet: the verdict without evidence'

exits 4 'bounded' c M20 --max-states 10
says '^  v4.14  +open$' "$TMPDIR/out" 'a claim that was not explored is open'
says 'bounded' "$TMPDIR/out" 'and why'
exits 2 'no such claim' c M99
exits 2 'no such memory' "$KVMWAKE" claims --memory pram M20

exits 0 'JSON' c --json M7 M20
says '"id":"M7".*"memory":"sc","verdict":"qualified"' "$TMPDIR/out" 'verdicts'
says '"agrees":"no".*"replay":"kvmwake explore' "$TMPDIR/out" 'evidence'

# What a proposal does is the difference between two kernels' findings.
exits 0 'a proposal' c --json MP3
says '"scenario":"line-consumed-request".*"missed","effect":"breaks"' \
	"$TMPDIR/out" 'ode-3 breaks what consumed its request'
says '"scenario":"pmu-overflow-in-wfi".*"missed","effect":"fixes"' \
	"$TMPDIR/out" 'and fixes the overflow'
says '"scenario":"distributor-off".*"missed","effect":"leaves"' \
	"$TMPDIR/out" 'and leaves the distributor'

# Each claim's scenarios are there, each of the mail's claims is judged.
for n in $(seq 1 22); do
	grep -q "id = \"M$n\"" lua/claims/ode.lua
	ok $? "M$n has evidence"
done
finish
