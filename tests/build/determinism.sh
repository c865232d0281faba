#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same bytes from any build: gcc -O0 and -O3, and clang where there is
# one, give the database (with every run's trace digest) and the words that
# the build under test gives.
. tests/lib/cli.sh

scenarios="scenarios/ode/pmu-overflow-around-wfi.lua scenarios/ode/on-spin.lua
	scenarios/gallery/irq-balancer.lua scenarios/gallery/overcommit.lua
	scenarios/gallery/idle-tick.lua scenarios/recorded/pp.lua"

# build NAME CC CFLAGS
build() {
	mkdir -p "$TMPDIR/$1"
	cp "$BUILD/deps.mk" "$TMPDIR/$1" 2>/dev/null
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -j2 \
		BUILD="$TMPDIR/$1" CC="$2" CFLAGS="$3" all >"$TMPDIR/log" 2>&1
	ok $? "$1: builds"
	grep -E 'error|warning' "$TMPDIR/log" | sed 's/^/# /'
}

# results NAME PROGRAM
results() {
	# shellcheck disable=SC2086
	"$2" run --lua lua --db "$TMPDIR/$1.db" --runs 60 --no-provenance \
		--jobs 2 $scenarios | sed 1d >"$TMPDIR/$1.txt"
	# shellcheck disable=SC2086
	"$2" run --lua lua --db "$TMPDIR/$1.db" --runs 60 --no-provenance \
		--jobs 2 --memory arm64 --kernel v4.14 $scenarios |
		sed 1d >>"$TMPDIR/$1.txt"
	sqlite3 "$TMPDIR/$1.db" \
		'SELECT campaign, run, digest FROM runs' >"$TMPDIR/$1.digests"
}

results reference "$KVMWAKE"
[ "$(wc -l <"$TMPDIR/reference.digests")" -ge 600 ]
ok $? "there is something to compare"

compilers="gcc-O0:gcc:-O0 gcc-O3:gcc:-O3"
command -v clang >/dev/null && compilers="$compilers clang-O2:clang:-O2"
for c in $compilers; do
	IFS=: read -r name cc flags <<<"$c"
	build "$name" "$cc" "$flags"
	results "$name" "$TMPDIR/$name/kvmwake"
	cmp "$TMPDIR/reference.digests" "$TMPDIR/$name.digests"
	ok $? "$name: the same trace digests"
	cmp "$TMPDIR/reference.db" "$TMPDIR/$name.db"
	ok $? "$name: the same database"
	cmp "$TMPDIR/reference.txt" "$TMPDIR/$name.txt"
	ok $? "$name: the same words"
	rm -rf "${TMPDIR:?}/$name"
done
finish
