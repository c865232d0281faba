#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same bytes for any number of jobs and in ten processes.
. tests/lib/cli.sh
run() {
	"$KVMWAKE" run --db "$TMPDIR/$1.db" --jobs "$2" --runs 600 \
		--no-provenance scenarios/ode/pmu-*.lua \
		scenarios/gallery/irq-balancer.lua |
		sed 1d >"$TMPDIR/$1.txt"
	"$KVMWAKE" run --db "$TMPDIR/$1.db" --jobs "$2" --runs 520 \
		--no-provenance --memory arm64 --kernel v4.14 \
		scenarios/ode/pause-while-waiting.lua \
		scenarios/gallery/signals.lua |
		sed 1d >>"$TMPDIR/$1.txt"
}

run one 1
run two 2
run three 3
for i in two three; do
	cmp "$TMPDIR/one.db" "$TMPDIR/$i.db"
	ok $? "jobs: one database as $i"
	cmp "$TMPDIR/one.txt" "$TMPDIR/$i.txt"
	ok $? "jobs: one output as $i"
done
for i in 1 2 3 4 5 6 7 8 9 10; do
	"$KVMWAKE" run --db "$TMPDIR/p$i.db" --runs 600 --no-provenance \
		--kernel v4.14 $scenario >/dev/null
done
for i in 2 3 4 5 6 7 8 9 10; do
	cmp "$TMPDIR/p1.db" "$TMPDIR/p$i.db"
	ok $? "process $i"
done
finish
