#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every exit code, from a command that must give it.
. tests/lib/cli.sh
db="--db $TMPDIR/a.db"

# 0
exits 0 "as expected" "$KVMWAKE" run $db --runs 50 $scenario
exits 0 "the same again, from the database" \
	"$KVMWAKE" run $db --runs 50 $scenario
exits 0 "compare" "$KVMWAKE" compare $db --old v4.14 --new v4.14+ode-3 \
	--runs 50 $scenario
exits 0 "help" "$KVMWAKE" --help
exits 0 "version" "$KVMWAKE" --version

# 1
exits 1 "a verdict differs" "$KVMWAKE" run $db --runs 50 \
	--kernel v4.14+ode-3 --as v4.14 $scenario
says '^replay: kvmwake replay pmu-overflow-in-wfi/v4.14\+ode-3/1/0' \
	"$TMPDIR/out" "it ends with a replay line"
says 'NOT AS EXPECTED: missed: always expected, 0 of 50 runs' "$TMPDIR/out" \
	"it says what differs"
cat >"$TMPDIR/bug.lua" <<'L'
local wake = K.kvm_pmu_perf_overflow
function K.kvm_pmu_perf_overflow(vcpu)
	wake(vcpu)
	fail("BUG")
end
L
exits 1 "runs fail, of which the scenario says nothing" "$KVMWAKE" run $db \
	--runs 50 --kernel "v4.14+$TMPDIR/bug.lua" --as v4.14 $scenario
says 'NOT AS EXPECTED: .*failed: never expected, 50 of 50 runs' "$TMPDIR/out" \
	"no run may fail unless it is said"
exits 4 "runs fail, and nothing is expected" "$KVMWAKE" run $db --runs 50 \
	--kernel "v4.14+$TMPDIR/bug.lua" $scenario
says 'not judged: 50 of 50 runs failed' "$TMPDIR/out" "it says that they fail"
exits 1 "worse" "$KVMWAKE" compare $db --old v4.14+ode-3 --new v4.14 \
	--runs 50 $scenario
says 'WORSE' "$TMPDIR/out" "compare says WORSE"
exits 0 "write a baseline" "$KVMWAKE" compare $db --old v4.14 \
	--new v4.14+ode-3 --runs 50 --write-baseline "$TMPDIR/base" $scenario
exits 0 "the baseline holds" "$KVMWAKE" compare $db --old v4.14 \
	--new v4.14+ode-3 --runs 50 --baseline "$TMPDIR/base" $scenario
sed -i 's/ 50 50 / 50 49 /' "$TMPDIR/base"
exits 1 "the baseline does not hold" "$KVMWAKE" compare $db --old v4.14 \
	--new v4.14+ode-3 --runs 50 --baseline "$TMPDIR/base" $scenario
says '^-pmu-overflow-in-wfi v4.14 1 50 49 ' "$TMPDIR/out" \
	"what the baseline had"
says '^\+pmu-overflow-in-wfi v4.14 1 50 50 ' "$TMPDIR/out" "what is now"

# 2
exits 2 "no verb" "$KVMWAKE"
exits 2 "unknown verb" "$KVMWAKE" rum
says 'did you mean run\?' "$TMPDIR/err" "did you mean, of a verb"
exits 2 "unknown option" "$KVMWAKE" run --job 3 $scenario
says 'did you mean --jobs\?' "$TMPDIR/err" "did you mean, of an option"
exits 2 "an option of another verb" "$KVMWAKE" list --dot
exits 2 "a flag with a value" "$KVMWAKE" list --json=3
exits 2 "a number that is none" "$KVMWAKE" run --runs 1e3 $scenario
exits 2 "a negative number" "$KVMWAKE" run --runs -1 $scenario
exits 2 "a value is missing" "$KVMWAKE" run $scenario --runs
exits 2 "--color" "$KVMWAKE" list --color=maybe
exits 2 "a value that is empty" "$KVMWAKE" run --db= $scenario
exits 2 "run without a scenario" "$KVMWAKE" run $db
exits 2 "compare without --new" "$KVMWAKE" compare $db --old v4.14 $scenario
exits 2 "no such scenario" "$KVMWAKE" run $db "$TMPDIR/none.lua"
says "^kvmwake: $TMPDIR/none.lua: No such file or directory\$" "$TMPDIR/err" \
	"it says which"
exits 2 "no such kernel" "$KVMWAKE" run $db --kernel v4.41 $scenario
exits 2 "--as without an expectation" "$KVMWAKE" run $db --runs 1 \
	--kernel v4.14 --as v9 $scenario
exits 2 "explore --as without an expectation" explored --as v9 $scenario
says "^kvmwake: $scenario expects nothing of v9 \\(--as\\)\$" \
	"$TMPDIR/err" "it says so"
for pair in '--check I2 --no-check' '--bfs --dfs' '--per-kick' \
		'--spurious-bound 256' '--compare v4.14 v4.14+ode --as v4.14' \
		'--compare v4.14 v4.14+ode --kernel v4.14' \
		'--compare v4.14 v4.14+ode --resume' \
		'--without list --without smp_mb' '--without list --only list' \
		'--without list --compare v4.14 v4.14+ode'; do
	# shellcheck disable=SC2086
	exits 2 "explore $pair" explored $pair $scenario
	says '^kvmwake: --' "$TMPDIR/err" "it names the option"
done
sed '/expect/i explore = { every = { broken = { "I99" } } },' \
	tests/cli/vacuous.lua >"$TMPDIR/broken.lua"
exits 2 "explore, an invariant that is none" explored "$TMPDIR/broken.lua"
says "^$TMPDIR/broken.lua:11: explore: broken: \"I99\" is no invariant of v4.14" \
	"$TMPDIR/err" "it says where"
# Not at the scenario's line: what is wrong stands on the command line.
for wrong in '--check I99' '--without smp_mb@nobody' \
		"--resume --save $TMPDIR/none"; do
	# shellcheck disable=SC2086
	exits 2 "explore $wrong" explored $wrong tests/cli/vacuous.lua
	says '^kvmwake: ' "$TMPDIR/err" "said of the command line"
done
exits 2 "no such database" "$KVMWAKE" report --db "$TMPDIR/none.db"
exits 2 "replay of nothing" "$KVMWAKE" replay $db nonsense
exits 2 "replay of what is not stored" \
	"$KVMWAKE" replay $db pmu-overflow-in-wfi/v4.14/7/1
exits 2 "replay --from" "$KVMWAKE" replay $scenario --kernel v4.14 \
	--from yesterday

# 3
for letter in a b c d e f; do
	sqlite3 "$TMPDIR/a.db" \
		"UPDATE blocks SET digests = replace(digests, '$letter', '0')"
done
exits 3 "another digest, run" "$KVMWAKE" run $db --runs 50 $scenario
exits 3 "another digest, replay" \
	"$KVMWAKE" replay $db pmu-overflow-in-wfi/v4.14/1/0

# 4
mkdir "$TMPDIR/empty"
exits 4 "no scenario" "$KVMWAKE" run $db "$TMPDIR/empty"
exits 4 "vacuous" "$KVMWAKE" run --db "$TMPDIR/b.db" --kernel v4.14 \
	tests/cli/vacuous.lua
says 'vacuous' "$TMPDIR/out" "it says vacuous"
exits 1 "vacuous, and a verdict differs" "$KVMWAKE" run \
	--db "$TMPDIR/b.db" --kernel v4.14 --as v4.14+ode tests/cli/vacuous.lua
exits 4 "nothing judged" "$KVMWAKE" run $db --seed 2 --runs 10 \
	--kernel v4.14+ode-1+ode-2 $scenario
exits 4 "nothing judged, explored" explored --memory sc \
	--kernel v4.14+ode-1+ode-3 $scenario
says '; not judged$' "$TMPDIR/out" "it says not judged"
exits 1 "never expected, and nothing else is" explored --memory sc \
	--kernel v4.14+ode-1+ode-2 $scenario
says 'violated: missed; NOT AS EXPECTED$' "$TMPDIR/out" "missed never is"
exits 4 "nothing to report" "$KVMWAKE" report --seed 9 --db "$TMPDIR/b.db"

# 130
"$KVMWAKE" run --db "$TMPDIR/c.db" --runs 500000000 --kernel v4.14 $scenario \
	>/dev/null 2>"$TMPDIR/err" &
pid=$!
for _ in $(seq 100); do
	sleep 0.1
	n=$(sqlite3 "$TMPDIR/c.db" 'SELECT runs FROM campaigns' 2>/dev/null)
	[ "${n:-0}" -gt 0 ] && break
done
kill -INT $pid
wait $pid
ok $(($? != 130)) "interrupted: exit 130"
says 'same command goes on' "$TMPDIR/err" "it says that it is saved"
n=$(sqlite3 "$TMPDIR/c.db" 'SELECT runs FROM campaigns')
ok $((n == 0)) "runs are saved"
ok $((n % 256)) "in whole blocks"
[ ! -e "$TMPDIR/c.db-wal" ]
ok $? "one file remains"
finish
