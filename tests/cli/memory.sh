#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `run --memory`: the model is part of what a campaign is, and a barrier that
# is not there is missed where the model needs it, and nowhere else.

. tests/lib/cli.sh

db=$TMPDIR/memory.db

# Where loads may be early by as much as the windows of the kernel are wide.
pause=$TMPDIR/pause.lua
wide='timing = { store_drain = { 1, 500 }, load_window = { 0, 1000 } },'
sed "s/^\tname\t= .*/&\n\t$wide/" scenarios/ode/pause-while-waiting.lua \
	>"$pause"
grep -q load_window "$pause"
ok $? "there is a window"

# run MODEL RUNS KERNEL
run() {
	"$KVMWAKE" run --db "$db" --memory "$1" --runs "$2" --kernel "$3" \
		--as v4.14 "$pause"
}

exits 2 "no such model" run weak 1 v4.14
says '--memory: "weak" is none of sc, tso, arm64' "$TMPDIR/err" "it says so"
exits 2 "Spin has one" "$KVMWAKE" export --promela --memory tso \
	--kernel v4.14 "$pause"

# A request that is tested with an acquire, and without: needed under arm64.
acquire=v4.14+kick-reads-cpu-late+check-acquire
plain=$acquire+mutant-check-plain
for model in sc tso arm64; do
	exits 0 "acquire, $model" run $model 1000 $acquire
done
exits 0 "no acquire, sc" run sc 1000 $plain
exits 0 "no acquire, tso" run tso 1000 $plain
exits 1 "no acquire, arm64" run arm64 1000 $plain
says ', memory arm64, judged as' "$TMPDIR/out" "the heading names the model"
says '^replay: .* --memory arm64 ' "$TMPDIR/out" "so does the replay"
line=$(sed -n 's/^replay: kvmwake //p' "$TMPDIR/out")
# shellcheck disable=SC2086
exits 0 "the replay" "$KVMWAKE" $line --all
says ', memory arm64$' "$TMPDIR/out" "it says under which model"
says ' is [0-9] \(stale\)' "$TMPDIR/out" "a stale read is marked"
says '\.pause = 1 \(buffered\)' "$TMPDIR/out" "a store that waits is marked"
says '\.pause = 1 \(visible now\)' "$TMPDIR/out" "... and when it is visible"
# shellcheck disable=SC2086
"$KVMWAKE" $line --all --json >"$TMPDIR/out"
says '"memory":"stale"' "$TMPDIR/out" "as JSON, too"

# Three campaigns of one kernel, and each goes on by itself.
kernel="SELECT kernel FROM kernels WHERE name = '$plain'"
[ "$(sqlite3 "$db" "SELECT memory, runs FROM campaigns
	WHERE kernel = ($kernel) ORDER BY 1")" = \
	$'arm64|1000\nsc|1000\ntso|1000' ]
ok $? "one campaign each"
exits 0 "tso goes on" run tso 1200 $plain
[ "$(sqlite3 "$db" "SELECT memory, runs FROM campaigns
	WHERE kernel = ($kernel) ORDER BY 1")" = \
	$'arm64|1000\nsc|1000\ntso|1200' ]
ok $? "the others do not"
[ "$(sqlite3 "$db" "SELECT count(DISTINCT program) FROM campaigns
	WHERE kernel = ($kernel)")" = 3 ]
ok $? "the model is in what names the program"
[ "$(sqlite3 "$db" "SELECT memory FROM comparison WHERE old = '$acquire'
	AND new = '$plain' ORDER BY 1")" = $'arm64\nsc\ntso' ]
ok $? "no model is compared with another"

# The same run, with the model or, where there is only one, without.
exits 0 "once" run arm64 10 v4.14
id=pause-while-waiting/v4.14/1/3
"$KVMWAKE" replay --db "$db" --memory arm64 $id >"$TMPDIR/one"
"$KVMWAKE" replay --db "$db" $id >"$TMPDIR/two"
cmp "$TMPDIR/one" "$TMPDIR/two"
ok $? "the database knows the model"
exits 2 "not stored" "$KVMWAKE" replay --db "$db" --memory tso $id
says 'seed 1 --memory tso' "$TMPDIR/err" "it says of which model"
"$KVMWAKE" replay --kernel v4.14 --run 3 --memory arm64 "$pause" \
	>"$TMPDIR/three"
grep digest "$TMPDIR/one" >"$TMPDIR/digest"
grep -qxf "$TMPDIR/digest" "$TMPDIR/three"
ok $? "the file gives the same run"
says 'replay: .* --run 3 --memory arm64$' "$TMPDIR/three" "and says how"

# Comparisons.
compare() {
	"$KVMWAKE" compare --db "$db" --runs 1000 --old $acquire \
		--new $plain "$@" "$pause"
}
exits 1 "compare, arm64" compare --memory arm64 \
	--write-baseline "$TMPDIR/base"
says ', memory arm64, database' "$TMPDIR/out" "compare names the model"
says '^# memory arm64$' "$TMPDIR/base" "and so does the baseline"
exits 1 "compare, sc" compare --baseline "$TMPDIR/base"
says '^-# memory arm64$' "$TMPDIR/out" "has another baseline"
exits 0 "report" "$KVMWAKE" report --db "$db" --memory arm64 --old $acquire \
	--new $plain
says 'memory arm64' "$TMPDIR/out" "the report names the model"

# A memory without delays is that of sc: nothing happens at another time, and
# that a store drains is no step of whoever stored.
export_run() {
	"$KVMWAKE" export --perfetto --memory "$1" --kernel v4.14 --run 1 \
		"$TMPDIR/none.lua" | sed "s/ --memory $1//"
}
none='timing = { store_drain = { 0, 0 }, load_window = { 0, 0 } },'
for s in overcommit level-device cpu-hotplug signals; do
	sed "s/^\tname[[:blank:]]*= .*/&\n\t$none/" scenarios/gallery/$s.lua \
		>"$TMPDIR/none.lua"
	grep -q store_drain "$TMPDIR/none.lua" && export_run sc >"$TMPDIR/sc"
	ok $? "$s has no delays"
	for model in tso arm64; do
		export_run $model | cmp - "$TMPDIR/sc"
		ok $? "$s, $model without delays: as sc"
	done
done

# Block and wake: each of the two barriers is needed, exactly where a store
# may be seen late.
for without in nothing sleeper waker; do
	sed "s/^\tsmp_mb()\t*-- $without\$//" tests/explore/wake.lua \
		>"$TMPDIR/wake.lua"
	for model in sc tso arm64; do
		want=1
		[ $without = nothing ] || [ $model = sc ] && want=0
		rm -f "$TMPDIR/wake.db"
		exits $want "wake without $without, $model" \
			"$KVMWAKE" run --db "$TMPDIR/wake.db" --runs 1000 \
			--memory $model --kernel v4.14 "$TMPDIR/wake.lua"
	done
done
finish
