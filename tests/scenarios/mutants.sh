#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every mutant (lua/patch/mutant-*.lua) names a scenario and a kernel; run
# under that kernel and the mutant, the scenario must not go as it expects of
# the kernel alone.  What a timed run does not show is "explored": by
# tests/explore/mutants.sh, or by the test that is named.
#
#	tests/scenarios/mutants.sh [NAME ...]

set -u
cd "$(dirname "$0")/../.." || exit 2
kvmwake=${KVMWAKE:-${BUILD:-build}/kvmwake}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
bad=0

[ $# -gt 0 ] || set -- lua/patch/mutant-*.lua
for name; do
	file=lua/patch/mutant-${name#lua/patch/mutant-}
	file=${file%.lua}.lua
	mutant=$(basename "$file" .lua)
	line=$(sed -n 's/^-- Caught by: //p' "$file")
	case $line in
	tests/slow/*)
		grep -q "$mutant" "${line%%,*}" || bad=1
		continue ;;
	esac
	case $line in
	*', explored') continue ;;
	esac
	scenario=${line%% *}
	kernel=$(echo "$line" | sed 's/.*(\(.*\)).*/\1/')
	"$kvmwake" run --lua lua --db "$scratch/db" --kernel "$kernel+$mutant" \
		--as "$kernel" "$scenario" >"$scratch/out" 2>&1
	code=$?
	if [ $code -ne 1 ]; then
		echo "$file: $scenario does not catch it (exit code $code)"
		cat "$scratch/out"
		bad=1
	fi
done
exit $bad
