#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an exploration found is kept, and shown again: all of it, one state,
# step by step; a stale replay is refused.

. tests/lib/cli.sh

db=$TMPDIR/found.db
id=explore/pmu-overflow-in-wfi/v4.14/sc/missed
replay() {
	"$KVMWAKE" replay --db "$db" "$@"
}

cp "$scenario" "$TMPDIR/copy.lua"
"$KVMWAKE" explore --no-provenance --db "$db" --kernel v4.14 --memory sc \
	"$TMPDIR/copy.lua" >"$TMPDIR/first"
exits 0 'replay' replay $id
sed -n '/^missed, after/,$p' "$TMPDIR/first" >"$TMPDIR/a"
sed -n '/^missed, after/,$p' "$TMPDIR/out" >"$TMPDIR/b"
[ -s "$TMPDIR/a" ] && diff "$TMPDIR/a" "$TMPDIR/b"
ok $? 'shows what explore showed, letter by letter'
exits 0 'as JSON' replay $id --json
says '"type":"why","property":"missed","moves":36' "$TMPDIR/out" 'why'
exits 0 '--goto' replay $id --goto 26
says '^step 26 of 32, vcpu0: vcpu0.wq.list gets vcpu0$' "$TMPDIR/out" 'the step'
says '^ \* wq.list  *vcpu0  \(was NULL\)$' "$TMPDIR/out" 'what it changed'
says '^   requests  *KVM_REQ_IRQ_PENDING$' "$TMPDIR/out" 'and the rest'
exits 2 'no such step' replay $id --goto 33
printf 'n\n\ng 19\np\ns\nx\nq\nn\n' | replay $id --step >"$TMPDIR/out"
[ "$(grep -o 'step [0-9]* of' "$TMPDIR/out" | tr -dc '0-9\n' | tr '\n' ' ')" \
	= '1 2 3 19 18 18 ' ]
ok $? '--step goes where it is told, up to q'

exits 2 'a property that was not found' replay ${id%missed}spurious
exits 2 'another memory' replay explore/pmu-overflow-in-wfi/v4.14/tso/missed
exits 2 'no such memory' replay explore/pmu-overflow-in-wfi/v4.14/pram/missed
exits 2 'no ID' replay explore/pmu-overflow-in-wfi
cp "$db" "$TMPDIR/again.db"
"$KVMWAKE" explore --no-provenance --db "$TMPDIR/again.db" --kernel v4.14 \
	--memory sc "$TMPDIR/copy.lua" >/dev/null
rows() {
	sqlite3 "$1" 'SELECT * FROM explorations; SELECT * FROM counterexamples'
}
[ "$(rows "$db")" = "$(rows "$TMPDIR/again.db")" ]
ok $? 'the same exploration gives the same rows'
[ "$(sqlite3 "$db" "SELECT verdict, found FROM explored")" = 'violated|missed' ]
ok $? 'the view explored'
[ "$(sqlite3 "$db" "SELECT count(DISTINCT actor) FROM interleavings")" = 4 ]
ok $? 'the view interleavings'

echo '-- changed' >>"$TMPDIR/copy.lua"
exits 2 'a stale one is refused' replay $id
says 'copy.lua has changed since' "$TMPDIR/err" 'and says why'
exits 0 '--force goes on' replay $id --force
says '^why: vcpu0 sleeps' "$TMPDIR/out" 'to the end, here'
sed -i 's/uniform(us(1), us(30))/us(1)/; s/cpu:wfi()/cpu:compute(us(1))/' \
	"$TMPDIR/copy.lua"
exits 0 '--force on another program' replay $id --force
says 'of [0-9]* steps could be done' "$TMPDIR/err" 'as far as there are steps'

# Weak memory: what was not the newest, and what waited.
weak=scenarios/ode/power-on-while-waiting.lua
"$KVMWAKE" explore --db "$db" --kernel v4.14 \
	--without smp_mb@kvm_psci_vcpu_on $weak >"$TMPDIR/first"
says 'vcpu0.regs = 1 \(buffered\)$' "$TMPDIR/first" 'a store waits'
says 'vcpu0.power_off = 0 \(visible now\)$' "$TMPDIR/first" 'another passes it'
exits 0 'replayed with what was left out' \
	replay explore/power-on-while-waiting/v4.14/arm64/failed \
	--without smp_mb@kvm_psci_vcpu_on
says '^why: I7' "$TMPDIR/out" 'and found again'

# Of several explorations the newest is meant, or the one of that number.
older=$TMPDIR/older.db
cp "$scenario" "$TMPDIR/copy.lua"
for option in '' --dfs '--dfs --exact' '--max-states 2'; do
	# shellcheck disable=SC2086
	"$KVMWAKE" explore --db "$older" --kernel v4.14 --memory sc $option \
		"$TMPDIR/copy.lua" >"$TMPDIR/explored$option"
done
"$KVMWAKE" explore --db "$older" --kernel v4.14 --memory sc \
	--without smp_mb@swq_has_sleeper "$TMPDIR/copy.lua" >/dev/null
exits 2 'the newest has not found it' replay --db "$older" $id
says 'it is in explore/1/missed explore/2/missed explore/3/missed$' \
	"$TMPDIR/err" 'but those have'
exits 0 'an older one' replay --db "$older" explore/1/missed
sed -n '/^missed, after/,/^why/p' "$TMPDIR/explored" >"$TMPDIR/a"
sed -n '/^missed, after/,/^why/p' "$TMPDIR/out" >"$TMPDIR/b"
[ -s "$TMPDIR/a" ] && diff "$TMPDIR/a" "$TMPDIR/b"
ok $? 'is what was shown then'
says "^replay: kvmwake replay explore/1/missed --db $older" "$TMPDIR/out" \
	'and is named so'
tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
says 'memory sc, exploration 1; also found in explore/2/missed explore/3/missed ' \
	"$TMPDIR/line" 'which says of the others'
[ "$(awk 'length > 72' "$TMPDIR/out" | grep -vc '^replay:')" = 0 ]
ok $? 'in 72 columns'
exits 0 'depth first' replay --db "$older" explore/2/missed
sed -n '/^missed, after/,/^why/p' "$TMPDIR/explored--dfs" >"$TMPDIR/a"
sed -n '/^missed, after/,/^why/p' "$TMPDIR/out" >"$TMPDIR/b"
diff "$TMPDIR/a" "$TMPDIR/b"
ok $? 'the same'
exits 0 'one with a step left out' replay --db "$older" explore/5/missed
exits 2 'which is not said twice' replay --db "$older" explore/5/missed \
	--without smp_mb@swq_has_sleeper
exits 2 'one that has not found it' replay --db "$older" explore/4/missed
says 'exploration 4 has not found missed; it is in explore/1' "$TMPDIR/err" \
	'and where it is'
for number in 6 0 99999999999999999999 -1 1x; do
	exits 2 "no exploration $number" replay --db "$older" \
		explore/$number/missed
	[ "$(wc -l <"$TMPDIR/err")" = 1 ]
	ok $? 'in one line'
done
exits 2 'unknown property' replay --db "$older" explore/1/mist

# A vCPU that sleeps though it waits for nothing any more: it is said that it may
# run, and where that stands.
"$KVMWAKE" explore --db "$db" --memory sc --as v4.14 --kernel \
	v4.14+mutant-no-wake-on-cpu-on scenarios/gallery/cpu-hotplug.lua | \
	tr '\n' ' ' >"$TMPDIR/out"
says 'although it may run: vcpu1.hw_off is 0\. ' "$TMPDIR/out" 'it may run'

# Why a wait ended: all that its predicate saw, not what it saw last.
"$KVMWAKE" explore --db "$db" --kernel v4.14+ode-3 --memory sc --no-check \
	scenarios/ode/migrated-before-wait.lua >"$TMPDIR/out"
sed -n '/^why:/,/^replay/p' "$TMPDIR/out" | tr '\n' ' ' >"$TMPDIR/why"
says 'having seen in kvm_test_request.*has KVM_REQ_IRQ_PENDING; ' \
	"$TMPDIR/why" 'the request'
says '; vcpu_stopped\(\): vcpu1.power_off is 0\.' "$TMPDIR/why" \
	'... and power_off'

# The mail has explorations, too.
ode=scenarios/ode/vgic-consumed-request.lua
"$KVMWAKE" explore --db "$db" --kernel v4.14 $ode >/dev/null
"$KVMWAKE" explore --db "$db" --kernel v4.14+ode-3 $ode >/dev/null
exits 0 'report' "$KVMWAKE" report --db "$db" --old v4.14 --new v4.14+ode-3
says '^ +arm64 +violated: I2 +[0-9]+ +violated: I2, missed' "$TMPDIR/out" \
	'what was found'
says '^vgic-consumed-request: missed under arm64, with the new kernel only$' \
	"$TMPDIR/out" 'what tells them apart'
says '^replay: kvmwake replay explore/vgic-consumed-request/' "$TMPDIR/out" \
	'and how to see it'
[ "$(awk 'length > 72' "$TMPDIR/out" | grep -vc '^replay:')" = 0 ]
ok $? 'in 72 columns'
exits 4 'nothing of these kernels' "$KVMWAKE" report --db "$db" --old v4.15
finish
