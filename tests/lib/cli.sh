# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# What the tests of the command line share.  Each check is a TAP line.

: "${TMPDIR:?}" "${KVMWAKE:?}"	# tests/run sets them

nr=0
failed=0
scenario=scenarios/ode/pmu-overflow-in-wfi.lua

# ok CONDITION-RESULT NAME
ok() {
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr - $2"
	else
		echo "not ok $nr - $2"
		failed=1
	fi
}

# exits CODE NAME COMMAND...: runs it, output in $TMPDIR/out and err
exits() {
	local want=$1 name=$2 rc
	shift 2
	"$@" >"$TMPDIR/out" 2>"$TMPDIR/err"
	rc=$?
	[ $rc = "$want" ]
	ok $? "$name: exit $want"
	if [ $rc != "$want" ]; then
		echo "# $*: exit $rc"
		sed 's/^/# /' "$TMPDIR/out" "$TMPDIR/err" | head -20
	fi
}

# explore, with a database of the test's own
explored() {
	"$KVMWAKE" explore --db "$TMPDIR/explored.db" "$@"
}

# says REGEX FILE NAME
says() {
	grep -qE -- "$1" "$2"
	ok $? "$3"
	grep -qE -- "$1" "$2" || sed 's/^/# /' "$2" | head -10
}

# The rows of everything but the provenance, in a fixed order.
rows() {
	sqlite3 "$1" '
		SELECT * FROM scenarios ORDER BY 1;
		SELECT * FROM kernels ORDER BY 1;
		SELECT * FROM campaigns ORDER BY 1;
		SELECT * FROM blocks ORDER BY campaign, first;
		SELECT * FROM totals; SELECT * FROM objects;
		SELECT * FROM causes; SELECT * FROM counters;
		SELECT * FROM latency; SELECT * FROM expectations;
		SELECT * FROM claims; SELECT * FROM verdicts;'
}

finish() {
	echo "1..$nr"
	exit $failed
}
