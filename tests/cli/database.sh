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

# As version 3 left it: all that blocks say is in every element.
version_3() {
	sqlite3 "$1" "
		CREATE TEMP TABLE r AS SELECT campaign, run / 256 * 256 AS f,
			json_group_array(json_array(episodes, exposures,
			 missed, late, spurious, futile, storm, failed,
			 steps, end_ns, digest)) AS t FROM runs GROUP BY 1, 2;
		CREATE TEMP TABLE e AS SELECT campaign, run / 256 * 256 AS f,
			json_group_array(json_array(run % 256, v.object,
			 coalesce(o.object, 0), number, uninterruptible,
			 sleeps, futile, begin_ns, deliverable_ns - begin_ns,
			 woken_ns - begin_ns, left_ns - begin_ns,
			 e.end_ns - begin_ns)) AS t
			FROM (SELECT e.*, c.class AS number FROM episodes e
			 JOIN classes c ON c.name = e.class) e
			LEFT JOIN objects v USING (campaign)
			LEFT JOIN objects o USING (campaign)
			WHERE v.name = e.vcpu AND (o.name = e.cause OR
			 e.cause IS NULL AND o.object = 0) GROUP BY 1, 2;
		DROP VIEW runs; DROP VIEW episodes;
		DELETE FROM blocks;
		ALTER TABLE blocks DROP COLUMN shapes;
		ALTER TABLE blocks DROP COLUMN digests;
		ALTER TABLE blocks DROP COLUMN kinds;
		INSERT INTO blocks SELECT campaign, f, r.t, e.t
			FROM r JOIN e USING (campaign, f);
		CREATE VIEW runs AS SELECT 0 FROM blocks;
		CREATE VIEW episodes AS SELECT 0 FROM blocks;
		PRAGMA user_version = 3"
	sqlite3 "$1" 'SELECT runs, episodes FROM blocks LIMIT 1' |
		grep -qE '^\[\[([0-9]+,){10}"[0-9a-f]{16}"\].*\|\[\[([0-9]+,){8}'
	ok $? "version 3 has whole elements"
}

# As version 2 left it: no memory models.
version_2() {
	version_3 "$1"
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
for verb in report run; do for version in 1 2 3; do
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
		SELECT memory, runs FROM summary')" = "4
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

# ... but what an exploration has found is told, though it is not kept.
explored --memory tso $scenario >/dev/null
(ulimit -f 36; trap '' XFSZ; explored --memory sc --kernel v4.14 \
	$scenario) \
	>"$TMPDIR/out" 2>"$TMPDIR/err"
ok $(($? != 2)) "disk full, explored: exit 2"
says 'violated: missed; as expected$' "$TMPDIR/out" "the verdict is told"
says '^why: ' "$TMPDIR/out" "and why"
says 'is full|cannot write' "$TMPDIR/err" "and that it is not kept"
finish
