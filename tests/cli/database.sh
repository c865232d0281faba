#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Databases that are none, not ours, too new, read-only, or on a full disk:
# a clear message, exit 2, and nothing is lost.
. tests/lib/cli.sh
run() {
	"$KVMWAKE" run --db "$1" --runs "${2:-300}" --kernel v4.14 $scenario
}

echo "not a database, but long enough to be taken for one" >"$TMPDIR/text.db"
cp "$TMPDIR/text.db" "$TMPDIR/text.was"
exits 2 "text" run "$TMPDIR/text.db"
says 'text.db: .*not a (kvmwake )?database' "$TMPDIR/err" "it says so"
cmp "$TMPDIR/text.db" "$TMPDIR/text.was"
ok $? "and the file is as it was"

sqlite3 "$TMPDIR/other.db" 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'
cp "$TMPDIR/other.db" "$TMPDIR/other.was"
exits 2 "somebody else's" run "$TMPDIR/other.db"
says 'other.db: not a kvmwake database' "$TMPDIR/err" "it says so"
cmp "$TMPDIR/other.db" "$TMPDIR/other.was"
ok $? "and the file is as it was"
exits 2 "somebody else's, reading" "$KVMWAKE" report --db "$TMPDIR/other.db"

run "$TMPDIR/new.db" >/dev/null
sqlite3 "$TMPDIR/new.db" 'PRAGMA user_version = 99'
exits 2 "newer" run "$TMPDIR/new.db"
says 'newer kvmwake \(schema 99' "$TMPDIR/err" "it says so"

# As version 2 left it: no memory models.
version_2() {
	sqlite3 "$1" "SELECT 'DROP VIEW ' || name || '; ' || sql || ';'
		FROM sqlite_schema WHERE type = 'view' AND sql LIKE '%memory%'
		AND name <> 'explored'" |
		sed -E 's/, +[a-z]\.memory AS memory//; s/, c\.memory//
			s/ AND n\.memory = o\.memory//' >"$TMPDIR/views.sql"
	sqlite3 "$1" ".read $TMPDIR/views.sql" \
		'ALTER TABLE campaigns DROP COLUMN memory;
		PRAGMA user_version = 2'
	! sqlite3 "$1" "SELECT sql FROM sqlite_schema
		WHERE name <> 'explored' AND name <> 'explorations'" |
		grep -q memory
	ok $? "version 2 has no memory models"
}

version_1() {
	version_2 "$1"
	sqlite3 "$1" 'DROP VIEW interleavings; DROP VIEW explored;
		DROP TABLE explored_by; DROP TABLE counterexamples;
		DROP TABLE explorations; PRAGMA user_version = 1'
}

# Whoever opens it brings it up to date.
for verb in report run; do for version in 1 2; do
	rm -f "$TMPDIR/one.db"
	run "$TMPDIR/one.db" >/dev/null
	before=$(rows "$TMPDIR/one.db" | cksum)
	version_$version "$TMPDIR/one.db"
	case $verb in
	report)	exits 4 "older, $verb" "$KVMWAKE" report --db "$TMPDIR/one.db" ;;
	run)	exits 0 "older, $verb" run "$TMPDIR/one.db" ;;
	esac
	[ "$(sqlite3 "$TMPDIR/one.db" 'PRAGMA user_version;
		SELECT count(*) FROM explored;
		SELECT memory, runs FROM summary')" = "3
0
sc|300" ] && [ "$before" = "$(rows "$TMPDIR/one.db" | cksum)" ]
	ok $? "version $version, $verb: brought up to date, all rows kept"
done; done

run "$TMPDIR/ro.db" >/dev/null
before=$(rows "$TMPDIR/ro.db" | cksum)
if [ "$(id -u)" != 0 ]; then
	chmod a-w "$TMPDIR/ro.db"
	exits 2 "read-only" run "$TMPDIR/ro.db" 600
	says 'read-?only' "$TMPDIR/err" "it says so"
	chmod u+w "$TMPDIR/ro.db"
fi
mkdir "$TMPDIR/folder.db"
exits 2 "a folder" run "$TMPDIR/folder.db"

# A full disk: no file may grow beyond 1 MB.
(ulimit -f 1000; run "$TMPDIR/ro.db" 200000) >"$TMPDIR/out" 2>"$TMPDIR/err"
ok $(($? != 2)) "disk full: exit 2"
says 'ro.db: ' "$TMPDIR/err" "it names the file"
n=$(sqlite3 "$TMPDIR/ro.db" 'SELECT runs FROM campaigns')
[ "$n" -ge 300 ] && [ "$(sqlite3 "$TMPDIR/ro.db" 'PRAGMA integrity_check')" = ok ]
ok $? "what was committed is there ($n runs)"
run "$TMPDIR/ro.db" 300 >/dev/null
ok $? "and it goes on"
sqlite3 "$TMPDIR/ro.db" 'PRAGMA foreign_key_check' | grep -q .
ok $((!$?)) "references hold ($before)"

# Two at a time, two campaigns; both make the file, again and again.
for i in 1 2 3 4 5 6; do
	two=$TMPDIR/two$i.db
	"$KVMWAKE" run --db "$two" --runs 8000 --kernel v4.14 $scenario \
		>/dev/null 2>&1 &
	"$KVMWAKE" run --db "$two" --runs 8000 --kernel v4.14+ode-3 \
		$scenario >"$TMPDIR/out" 2>&1
	ok $? "the second of two writers"
	wait $!
	ok $? "the first of two writers"
	[ "$(sqlite3 "$two" 'SELECT sum(runs) FROM campaigns')" = 16000 ]
	ok $? "both are there"
done
finish
