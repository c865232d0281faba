#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGKILL at any moment: the database opens, holds whole blocks and their
# sums, and the same command goes on to the same rows.
. tests/lib/cli.sh
runs=600000
run() {
	(exec_run "$1")
}
exec_run() {
	exec "$KVMWAKE" run --db "$1" --runs $runs --kernel v4.14 \
		--no-provenance $scenario
}

run "$TMPDIR/whole.db" >"$TMPDIR/whole.txt"
ok $? "uninterrupted"
kills=0
for delay in 0.01 0.05 0.1 0.03 0.2 0.06 0.15 0.08; do
	# exec: the kill meets the tool, not a shell that waits for it.
	(exec_run "$TMPDIR/killed.db") >/dev/null 2>&1 &
	sleep $delay
	kill -KILL $! 2>/dev/null && kills=$((kills + 1))
	wait $! 2>/dev/null
	[ -s "$TMPDIR/killed.db" ] || continue
	bad=$(sqlite3 "$TMPDIR/killed.db" 'PRAGMA integrity_check;
		PRAGMA foreign_key_check;
		SELECT "sums" FROM campaigns c WHERE runs !=
			(SELECT count(*) FROM runs r
			 WHERE r.campaign = c.campaign);
		SELECT "steps" FROM totals t WHERE quantity = "steps" AND
			total != (SELECT sum(steps) FROM runs r
				  WHERE r.campaign = t.campaign);
		' 2>&1 | grep -vE '^ok$|no such table')
	[ -z "$bad" ]
	ok $? "killed after $delay s: whole ($bad)"
done
echo "# $kills kills, $(sqlite3 "$TMPDIR/killed.db" \
	'SELECT runs FROM campaigns') runs so far"
run "$TMPDIR/killed.db" >"$TMPDIR/killed.txt"
ok $? "it goes on"
rows "$TMPDIR/whole.db" >"$TMPDIR/whole.rows"
rows "$TMPDIR/killed.db" >"$TMPDIR/killed.rows"
cmp "$TMPDIR/whole.rows" "$TMPDIR/killed.rows"
ok $? "the same rows"

# A campaign that ended within a block grows, as if it had been one.
"$KVMWAKE" run --db "$TMPDIR/grown.db" --runs 300 --kernel v4.14 \
	--no-provenance $scenario >/dev/null
"$KVMWAKE" run --db "$TMPDIR/grown.db" --runs 700 --kernel v4.14 \
	--no-provenance $scenario >"$TMPDIR/grown.txt"
ok $? "it grows"
"$KVMWAKE" run --db "$TMPDIR/once.db" --runs 700 --kernel v4.14 \
	--no-provenance $scenario >/dev/null
rows "$TMPDIR/grown.db" >"$TMPDIR/grown.rows"
rows "$TMPDIR/once.db" >"$TMPDIR/once.rows"
cmp "$TMPDIR/grown.rows" "$TMPDIR/once.rows"
ok $? "the same rows as in one go"
finish
