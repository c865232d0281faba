#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each verb: help with two examples, its options in the completion, and
# what the other tests of the command line do not do.
. tests/lib/cli.sh
db="--db $TMPDIR/a.db"

verbs=$("$KVMWAKE" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$verbs" | wc -w)" -ge 14 ]
ok $? "the overview names the verbs"
for verb in $verbs; do
	exits 0 "$verb --help" "$KVMWAKE" "$verb" --help
	[ "$(sed -n '/^examples:/,$p' "$TMPDIR/out" |
	     grep -c '^  .*kvmwake ')" -ge 2 ]
	ok $? "$verb: two examples"
	awk 'length($0) > 80 { exit 1 }' "$TMPDIR/out"
	ok $? "$verb: 80 columns"
	exits 0 "help $verb" "$KVMWAKE" help "$verb"
	exits 0 "help --man $verb" "$KVMWAKE" help --man "$verb"
	if command -v groff >/dev/null; then
		groff -man -ww -z "$TMPDIR/out" >"$TMPDIR/warnings" 2>&1
		[ ! -s "$TMPDIR/warnings" ]
		ok $? "$verb: its manual page is roff"
		sed 's/^/# /' "$TMPDIR/warnings"
	fi
done
exits 0 "help --man" "$KVMWAKE" help --man
says '^\.TH KVMWAKE 1' "$TMPDIR/out" "a manual page"

exits 0 "completion" "$KVMWAKE" completion
(
	# shellcheck disable=SC1091
	. "$TMPDIR/out"
	COMP_WORDS=(kvmwake comp) COMP_CWORD=1
	_kvmwake
	[ "${COMPREPLY[*]}" = "compare completion" ] || exit 1
	COMP_WORDS=(kvmwake run --jo) COMP_CWORD=2
	_kvmwake
	[ "${COMPREPLY[*]}" = "--jobs" ]
)
ok $? "it completes verbs and options"

exits 0 "list" "$KVMWAKE" list
says '^  v4.14 +Linux' "$TMPDIR/out" "list: a kernel"
says '^  ode-3 +Proposal' "$TMPDIR/out" "list: a patch"
says '^  pmu-overflow-in-wfi +the over' "$TMPDIR/out" "list: a scenario"
awk 'length($0) > 80 { exit 1 }' "$TMPDIR/out"
ok $? "list: 80 columns"
exits 0 "list --json" "$KVMWAKE" list --json
python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)' "$TMPDIR/out"
ok $? "list: every line is JSON"

exits 0 "show" "$KVMWAKE" show v4.14 kvm_vcpu_wake_up --scenario $scenario
says 'RETURN 1' "$TMPDIR/out" "show: the automaton"
exits 0 "show --dot" "$KVMWAKE" show v4.14 kvm_vcpu_wake_up --dot \
	--scenario $scenario
says '^digraph' "$TMPDIR/out" "show: a graph"
exits 2 "show: no such path" "$KVMWAKE" show v4.14 kvm_vcpu_wakeup \
	--scenario $scenario
says 'did you mean kvm_vcpu_wake_up\?' "$TMPDIR/err" "show: did you mean"

zcat scenarios/recorded/pp.trace.gz >"$TMPDIR/pp.trace"
exits 0 "import" "$KVMWAKE" import "$TMPDIR/pp.trace" --out "$TMPDIR/pp.lua"
exits 0 "the imported scenario" "$KVMWAKE" run $db --runs 2 "$TMPDIR/pp.lua"
exits 2 "import of nothing" "$KVMWAKE" import "$TMPDIR/none"

exits 0 "bench" "$KVMWAKE" bench --runs 10 $scenario
says '^scenario=[^ ]+ kernel=v4.14 steps=[0-9]+ wakeups=[0-9]+ cpu_ns=[0-9]+ compile_ns=[0-9]+ runs=10 rss_kb=[0-9]+$' \
	"$TMPDIR/out" "bench: key=value"
exits 0 "bench --db" "$KVMWAKE" bench $db --runs 10 $scenario

exits 0 "run --quiet" "$KVMWAKE" run $db --runs 20 --quiet $scenario
[ ! -s "$TMPDIR/out" ] && [ ! -s "$TMPDIR/err" ]
ok $? "run --quiet: silence when all is as expected"
exits 0 "a folder of scenarios" "$KVMWAKE" run $db --runs 2 --kernel v4.14 \
	--as v4.14 scenarios/ode/pmu-overflow-in-wfi.lua
"$KVMWAKE" run $db --runs 20 --color=always $scenario | grep -q "$(printf '\033')"
ok $? "--color=always"
"$KVMWAKE" run $db --runs 20 $scenario | grep -q "$(printf '\033')"
ok $((!$?)) "no colour into a pipe"

"$KVMWAKE" compare $db --runs 20 --old v4.14 --new v4.14+ode $scenario \
	>/dev/null
exits 0 "replay --all" "$KVMWAKE" replay $db --all \
	pmu-overflow-in-wfi/v4.14/1/3
says '^why: ' "$TMPDIR/out" "replay: why"
says '^replay: kvmwake replay pmu-overflow-in-wfi/v4.14/1/3' "$TMPDIR/out" \
	"replay: replay"
run=pmu-overflow-in-wfi/v4.14/1/3
for wrong in '--vcpu 1' '--vcpu 4294967296' '--kernel v4.14+ode' '--run 4' \
		'--seed 2' '--goto 1' '--step'; do
	# shellcheck disable=SC2086
	exits 2 "replay of a run, $wrong" "$KVMWAKE" replay $db $run $wrong
	says "^kvmwake: .*${wrong%% *}" "$TMPDIR/err" "it names the option"
done
"$KVMWAKE" replay $db $run --json --all --vcpu 0 >"$TMPDIR/out"
says '"actor":"vcpu0"' "$TMPDIR/out" "replay --json --vcpu: what is the vCPU's"
! grep -q '"step":"raises pmi.irq"' "$TMPDIR/out"
ok $? "replay --json --vcpu: and nothing else"
explored --memory sc --kernel v4.14 $scenario >/dev/null
found=explore/pmu-overflow-in-wfi/v4.14/sc/missed
exits 0 "replay of what was explored" "$KVMWAKE" replay \
	--db "$TMPDIR/explored.db" $found
for wrong in '--vcpu 0' '--all' '--from 3us' '--memory tso' '--run 1'; do
	# shellcheck disable=SC2086
	exits 2 "replay of what was explored, $wrong" "$KVMWAKE" replay \
		--db "$TMPDIR/explored.db" $found $wrong
	says "^kvmwake: .*${wrong%% *}: for runs" "$TMPDIR/err" \
		"it names the option"
done
cp $scenario "$TMPDIR/mine.lua"
exits 0 "replay of a file" "$KVMWAKE" replay "$TMPDIR/mine.lua" \
	--kernel v4.14 --run 3
"$KVMWAKE" run --db "$TMPDIR/b.db" --runs 5 --kernel v4.14 \
	"$TMPDIR/mine.lua" >/dev/null
echo "-- changed" >>"$TMPDIR/mine.lua"
exits 2 "a stale replay" "$KVMWAKE" replay --db "$TMPDIR/b.db" \
	pmu-overflow-in-wfi/v4.14/1/3
says 'has changed since' "$TMPDIR/err" "it says what has changed"
exits 0 "a stale replay --force" "$KVMWAKE" replay --db "$TMPDIR/b.db" \
	--force pmu-overflow-in-wfi/v4.14/1/3

if command -v gnuplot >/dev/null; then
	exits 0 "plot" "$KVMWAKE" plot $db --out "$TMPDIR/fig"
	for figure in missed latency timeline; do
		for suffix in svg png txt gp dat; do
			[ -s "$TMPDIR/fig/$figure.$suffix" ]
			ok $? "plot: $figure.$suffix"
		done
	done
	cp -r "$TMPDIR/fig" "$TMPDIR/fig1"
	"$KVMWAKE" plot $db --out "$TMPDIR/fig" >/dev/null
	diff -r "$TMPDIR/fig" "$TMPDIR/fig1"
	ok $? "plot: the same bytes again"
	mkdir "$TMPDIR/bin"
	printf '#!/bin/sh\necho "line 0: warning: unrecognized option" >&2\n' \
		>"$TMPDIR/bin/gnuplot"
	chmod +x "$TMPDIR/bin/gnuplot"
	exits 3 "a gnuplot warning is a failure" \
		env PATH="$TMPDIR/bin:$PATH" "$KVMWAKE" plot $db \
		--out "$TMPDIR/fig"
fi
finish
