#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `claims`: verdicts follow from what is found, each finding is in the database
# and replays, and nothing is a verdict that was not explored.

. tests/lib/cli.sh

c() {
	"$KVMWAKE" claims --db "$TMPDIR/claims.db" --memory sc "$@"
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

# Every replay line that is printed: of claims, of a proposal, with a step left
# out, with a preemption, under a weak memory model.
"$KVMWAKE" claims --db "$TMPDIR/claims.db" M4 M7 M22 I7 >"$TMPDIR/lines"
c M17 MP3 >>"$TMPDIR/lines"
sed -n 's/^ *kvmwake \(.*\)/\1/p' "$TMPDIR/lines" | sort -u >"$TMPDIR/replays"
for part in line-consumed-request/v4.14+ode/sc/missed \
	power-on-while-waiting/v4.14/arm64/failed \
	on-spin/v4.14+check-on-spin/sc/failed \
	vgic-consumed-request/v4.14+ode-3/sc/missed \
	'kick-wakes/v4.14/sc/missed --without kvm_vcpu_wake_up@kvm_vcpu_kick'; do
	says "^replay explore/.*${part//+/\\+} --db" "$TMPDIR/replays" "a line: $part"
done
while read -r line; do
	# shellcheck disable=SC2086 # several words
	"$KVMWAKE" $line >"$TMPDIR/out" 2>&1 </dev/null
	says '^why: ' "$TMPDIR/out" "$line"
done <"$TMPDIR/replays"
[ "$(grep -c . "$TMPDIR/replays")" -gt 15 ]
ok $? 'there are many'
exits 0 'brief' c --quiet M7
[ "$(grep -c qualified "$TMPDIR/out")/$(grep -c kvmwake "$TMPDIR/out")" = 1/0 ]
ok $? '--quiet: the verdict without evidence'

# Nothing depends on who was first.
for jobs in 1 5; do
	"$KVMWAKE" claims --db "$TMPDIR/jobs.db" --no-provenance --jobs $jobs \
		M2 M7 >"$TMPDIR/jobs$jobs" 2>&1
	mv "$TMPDIR/jobs.db" "$TMPDIR/jobs$jobs.db"
done
cmp "$TMPDIR/jobs1" "$TMPDIR/jobs5" && cmp "$TMPDIR/jobs1.db" "$TMPDIR/jobs5.db"
ok $? 'one thread or five: the same output, the same database'

exits 4 'bounded' c M20 --max-states 10
says '^  v4.14  +open$' "$TMPDIR/out" 'a claim that was not explored is open'
says 'bounded' "$TMPDIR/out" 'and why'
exits 2 'no such claim' c M99
exits 2 'no such memory' "$KVMWAKE" claims --memory pram M20
exits 2 'no database' "$KVMWAKE" claims --db "$TMPDIR" M20

exits 0 'JSON' c --json M7 M20
says '"id":"M7".*"memory":"sc","verdict":"qualified"' "$TMPDIR/out" 'verdicts'
says '"agrees":"no".*"replay":"kvmwake replay explore/' "$TMPDIR/out" 'evidence'
exits 0 'evidence for one memory model' c --json M1
! grep -q 'smp_mb@set_current_state' "$TMPDIR/out"
ok $? 'is none under another'

# What a proposal does is the difference between two kernels' findings.
exits 0 'a proposal' c --json MP3
says '"scenario":"line-consumed-request".*"missed","effect":"breaks"' \
	"$TMPDIR/out" 'ode-3 breaks what consumed its request'
says '"scenario":"pmu-overflow-in-wfi".*"missed","effect":"fixes"' \
	"$TMPDIR/out" 'and fixes the overflow'
says '"scenario":"distributor-off".*"missed","effect":"leaves"' \
	"$TMPDIR/out" 'and leaves the distributor'

# A finding is what it is called: each scenario shows one thing.
mkdir -p "$TMPDIR/own/scenarios/ode"
cp -r lua "$TMPDIR/own/lua"
sed 's/"locked", "locked"/"plain", "locked"/' tests/explore/race.lua \
	>"$TMPDIR/own/scenarios/ode/race.lua"
sed 's/"ab", "ab", "nothing"/"ab_first", "ba_then", "nothing"/' \
	tests/explore/locks.lua >"$TMPDIR/own/scenarios/ode/locks.lua"
cp tests/explore/storm.lua "$TMPDIR/own/scenarios/ode"
properties='failed race lock-order storm invariant'
{
	echo 'include("kvmwake/claims")'
	echo 'return claims { about = "", scenarios = "scenarios/ode",'
	echo 'kernels = { "v4.14" }, base = "v4.14", bases = {},'
	echo 'proposals = {}, claims = {'
	for s in race locks storm; do
		for p in $properties; do
			echo "{ id = \"$s-$p\", says = \"it\", " \
			     "{ \"$s\", sometimes = \"$p\" } },"
		done
	done
	echo '} }'
} >"$TMPDIR/own/lua/claims/ode.lua"
exits 0 'of each kind' c --lua "$TMPDIR/own/lua" --json
for s in race locks storm; do
	for p in $properties; do
		verdict=open
		case $s-$p in
		race-race | locks-lock-order | storm-storm) verdict=holds ;;
		esac
		says "\"id\":\"$s-$p\".*\"verdict\":\"$verdict\"" \
			"$TMPDIR/out" "$s shows $p: $verdict"
	done
done
sed -i 's/sometimes = "storm"/never = "storm"/' "$TMPDIR/own/lua/claims/ode.lua"
exits 0 'one that is denied' c --lua "$TMPDIR/own/lua" storm-storm
says '^ +never storm: storm +STORM$' "$TMPDIR/out" 'is called that'

# Each claim's scenarios are there, each of the mail's claims is judged.
for n in $(seq 1 22); do
	grep -q "id = \"M$n\"" lua/claims/ode.lua
	ok $? "M$n has evidence"
done
finish
