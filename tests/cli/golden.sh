#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the verbs print, letter by letter: tests/golden/*.  After a change that
# is meant, GOLDEN=write tests/cli/golden.sh writes them anew; read the diff.
. tests/lib/cli.sh
# Nothing that is printed, or where it is wrapped, depends on $TMPDIR.
top=$PWD
here=$(mktemp -d "$TMPDIR/XXXXXX") || exit
ln -s "$top/tests" "$here/tests"
cd "$here" || exit
db=golden.db
golden=tests/cli/golden.lua

# The digests (of kernels, too) are not compared.
same() {
	local name=$1
	shift
	"$@" 2>&1 | sed -E 's/[0-9a-f]{16}/0123456789abcdef/g' >"$TMPDIR/now"
	if [ "${GOLDEN:-}" = write ]; then
		cp "$TMPDIR/now" "tests/golden/$name"
	fi
	diff -u "tests/golden/$name" "$TMPDIR/now" >"$TMPDIR/diff"
	ok $? "$name"
	sed 's/^/# /' "$TMPDIR/diff" | head -40
}

same run.txt "$KVMWAKE" run --db "$db" $golden
same run-differs.txt "$KVMWAKE" run --db "$db" --kernel v4.14 --as v4.14+ode \
	$golden
same run.json "$KVMWAKE" run --db "$db" --json $golden
same compare.txt "$KVMWAKE" compare --db "$db" --old v4.14 --new v4.14+ode \
	$golden
same compare-worse.txt "$KVMWAKE" compare --db "$db" --old v4.14+ode \
	--new v4.14 $golden
same compare.json "$KVMWAKE" compare --db "$db" --json --old v4.14 \
	--new v4.14+ode $golden
same replay.txt "$KVMWAKE" replay --db "$db" golden/v4.14/1/13
same replay-fine.txt "$KVMWAKE" replay --db "$db" golden/v4.14+ode/1/13
same replay-all.txt "$KVMWAKE" replay --db "$db" --all --from 12us \
	golden/v4.14/1/13
same replay.json "$KVMWAKE" replay --db "$db" --json --from 12us \
	golden/v4.14/1/13
same report.txt "$KVMWAKE" report --db "$db"
awk 'length($0) > 72 { exit 1 }' tests/golden/report.txt \
	tests/golden/replay*.txt
ok $? "mail output has at most 72 columns"
for model in tso arm64; do
	same run-$model.txt "$KVMWAKE" run --db "$db" --memory $model $golden
done
same run-arm64.json "$KVMWAKE" run --db "$db" --memory arm64 --json $golden
same compare-arm64.txt "$KVMWAKE" compare --db "$db" --memory arm64 \
	--old v4.14 --new v4.14+ode $golden
same replay-arm64.txt "$KVMWAKE" replay --db "$db" --memory arm64 \
	--from 11us golden/v4.14/1/13
# Headings are wrapped, too.
long=v4.14+kick-reads-cpu-late+cpu-on-ordered+check-acquire
same headings.txt "$KVMWAKE" replay --memory arm64 --run 13 --kernel $long \
	$golden
for order in --bfs --dfs; do
	"$KVMWAKE" explore --db "$db" --memory sc $order --kernel v4.14 \
		$golden >"$TMPDIR/explored" 2>&1
done
same headings-explored.txt "$KVMWAKE" replay --db "$db" \
	explore/golden/v4.14/sc/missed
! awk 'length($0) > 72' tests/golden/headings*.txt | grep -v '^replay: '
ok $? 'in 72 columns'
same list.txt "$KVMWAKE" list $golden
same list.json "$KVMWAKE" list --json $golden
same help.txt "$KVMWAKE" help
same help-run.txt "$KVMWAKE" run --help
same error.json "$KVMWAKE" run --json --db "$db" tests/cli/bad/unknown-key.lua
same views.txt sqlite3 -header "$db" 'SELECT * FROM summary;
	SELECT * FROM missed_by_cause; SELECT * FROM wake_latency;
	SELECT scenario, old, new, missed_old, missed_new FROM comparison;
	SELECT * FROM runs LIMIT 2; SELECT * FROM episodes LIMIT 6'
finish
