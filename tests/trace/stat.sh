#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `trace stat`: what it counts is what grep counts; a NAME.stat beside the
# recording is compared; damaged, shuffled and cut files are told and used.

set -u
. tests/lib/cli.sh
recording=scenarios/recorded/pp.trace.gz

# is COUNT NAME FILE...: the last JSON line's counts.NAME
is() {
	local want=$1 name=$2 n
	shift 2
	n=$("$KVMWAKE" trace stat --json "$@" 2>/dev/null | tail -1 |
		sed -n "s/.*\"$name\":\([0-9]*\).*/\1/p")
	[ "${n:-0}" = "$want" ]
	ok $? "$name: ${n:-0}, expected $want"
}
# counts FILE: every number that one grep gives
counts() {
	local text=$TMPDIR/text
	gzip -cdf "$1" >"$text"
	shift
	is "$(grep -c ': kvm_exit: ' "$text")" exits "$text"
	is "$(grep -c ': kvm_entry: ' "$text")" entries "$text"
	is "$(grep -c ': kvm_wfx_arm64: .* wfi ' "$text")" wfi "$text"
	is "$(grep -c ': kvm_vcpu_wakeup: wait' "$text")" report_wait "$text"
	is "$(grep -c ': kvm_vcpu_wakeup: poll' "$text")" report_poll "$text"
	is "$(grep -c ': dispatch_sgi: ' "$text")" sgis "$text"
	# each vcpu_kick once, whatever it did
	n=$("$KVMWAKE" trace stat --json "$text" | tail -1 |
		sed 's/.*"kicks":{\(.*\)},"state_ns.*/\1/' |
		grep -o '[0-9][0-9]*' | awk '{ n += $1 } END { print n }')
	[ "${n:-0}" = "$(grep -c ': vcpu_kick: ' "$text")" ]
	ok $? "kicks: $n"
}
counts $recording

"$KVMWAKE" trace stat $recording >"$TMPDIR/plain"
gzip -dc $recording | "$KVMWAKE" trace stat - | sed 1d >"$TMPDIR/pipe"
sed 1d "$TMPDIR/plain" | cmp -s - "$TMPDIR/pipe"
ok $? "the same from a pipe"

# Parts in a row are one recording, whatever they are cut in.
gzip -dc $recording >"$TMPDIR/all"
for i in 1 2 3; do
	head -12 "$TMPDIR/all" >"$TMPDIR/p.part$i.trace"
done
n=$(($(wc -l <"$TMPDIR/all") - 12))
tail -n $n "$TMPDIR/all" | head -n $((n / 3)) >>"$TMPDIR/p.part1.trace"
tail -n $n "$TMPDIR/all" | sed -n "$((n / 3 + 1)),$((n / 2))p" \
	>>"$TMPDIR/p.part2.trace"
tail -n $n "$TMPDIR/all" | tail -n +$((n / 2 + 1)) >>"$TMPDIR/p.part3.trace"
"$KVMWAKE" trace stat "$TMPDIR"/p.part?.trace | sed 1d >"$TMPDIR/parts"
sed 1d "$TMPDIR/plain" | diff -u - "$TMPDIR/parts" >"$TMPDIR/diff"
ok $? "three parts are one recording"
sed 's/^/# /' "$TMPDIR/diff" | head

# As perf script prints it: no flags, other names of the same.
sed -nE 's/^ *(.*)-([0-9]+) +\[([0-9]+)\] [^ ]+ +([0-9.]+): ([a-z_0-9]+): /\1 \2 [\3] \4: kvm:\5: /p' \
	"$TMPDIR/all" >"$TMPDIR/perf.txt"
numbers() {
	"$KVMWAKE" trace stat --json "$1" | tail -1 |
		sed 's/.*"counts":\({[^}]*}\).*/\1/'
}
[ "$(numbers "$TMPDIR/perf.txt")" = "$(numbers "$TMPDIR/all")" ]
ok $? "the same numbers from perf script"
"$KVMWAKE" trace stat --json "$TMPDIR/perf.txt" | tail -1 |
	grep -q '"causes_possible":{.*"SGI":'
ok $? "but its causes are concluded"

# Two VMs at a time are as each alone: other threads, other CPUs.
sed -E -e 's/^(.{16})-([1-9][0-9]*) +/\1-1\2 /' -e 's/\[0/[1/' \
	-e 's/pid=([1-9])/pid=1\1/g' "$TMPDIR/all" |
	grep -v '^#' >"$TMPDIR/other"
grep -v '^#' "$TMPDIR/all" | paste -d '\n' - "$TMPDIR/other" \
	>"$TMPDIR/two.trace"
"$KVMWAKE" trace stat --json "$TMPDIR/two.trace" | grep '"trace_vcpu"' |
	sed 's/.*"counts"/counts/' | sort | uniq -c | grep -c '^ *2 ' \
	>"$TMPDIR/out"
says '^2$' "$TMPDIR/out" "two VMs, two vCPUs each, as each alone"

# A NAME.stat beside it
n=$(grep -vc '^#' "$TMPDIR/all")
sed "3s,written: .*,written: $n/$n," "$TMPDIR/all" >"$TMPDIR/k.trace"
exits=$(grep -c ': kvm_exit: ' "$TMPDIR/all")
wfi=$(grep -c ': kvm_wfx_arm64: ' "$TMPDIR/all")
stat_file() {
	printf '%s\n' "recording k halt_poll_ns 0" "-- before" "exits 100" \
		"wfi_exit_stat 7" "-- after" "exits $1" \
		"wfi_exit_stat $2" >"$TMPDIR/k.stat"
	"$KVMWAKE" trace stat "$TMPDIR/k.trace" >"$TMPDIR/out" 2>&1
}
stat_file $((exits + 110)) $((wfi + 16))
says '^exits .*\+10  agrees' "$TMPDIR/out" "exits agree"
says '^wfi_exit_stat .*\+9  agrees' "$TMPDIR/out" "WFIs agree"
stat_file $((exits + 110)) $((wfi + 18))
says '^wfi_exit_stat .*DIFFERS' "$TMPDIR/out" "more WFIs than exits do not"
stat_file $((exits + 99)) $((wfi + 7))
says '^exits .*-1  DIFFERS' "$TMPDIR/out" "fewer exits do not"
sed -i '3s,written: .*,written: 9/999999,' "$TMPDIR/k.trace"
stat_file $exits $wfi
says 'not compared' "$TMPDIR/out" "a cut recording is not compared"

# Damage is told with its line, and the rest is used.
sed -e '500s/.*/   what is this/' -e '700s/: kvm/; kvm/' "$TMPDIR/all" \
	>"$TMPDIR/bad.trace"
exits 0 "damaged lines" "$KVMWAKE" trace stat "$TMPDIR/bad.trace"
says 'bad.trace:500: ' "$TMPDIR/err" "the first damaged line"
head -c 200000 "$TMPDIR/all" >"$TMPDIR/bad.trace"
exits 0 "cut in a line" "$KVMWAKE" trace stat "$TMPDIR/bad.trace"
says 'no newline' "$TMPDIR/err" "and it says so"
head -c 20000 $recording >"$TMPDIR/bad.gz"
exits 0 "cut in compressed data" "$KVMWAKE" trace stat "$TMPDIR/bad.gz"
says 'damaged or cut' "$TMPDIR/err" "and it says so"
awk 'NR > 12 { print (NR * 7919) % 10007, $0 }' "$TMPDIR/all" | sort -n |
	sed 's/^[0-9]* //' >"$TMPDIR/shuffled.trace"
exits 0 "shuffled" "$KVMWAKE" trace stat "$TMPDIR/shuffled.trace"
says 'older than the one before' "$TMPDIR/err" "and it says so"
exits 0 "shuffled" "$KVMWAKE" trace find "$TMPDIR/shuffled.trace"
grep -qE ': [1-9][0-9]* and possibly' "$TMPDIR/out"
[ $? = 1 ]
ok $? "nothing is told as a fact of a shuffled recording"
exits 2 "no such file" "$KVMWAKE" trace stat "$TMPDIR/nothing"
exits 2 "no such command" "$KVMWAKE" trace stats $recording
says 'did you mean stat' "$TMPDIR/err" "and it helps"

if [ -n "${KVMWAKE_TRACES:-}" ]; then
	nr=0 bad=
	for f in "$KVMWAKE_TRACES"/*/*.trace.gz; do
		case $f in
		*.part1.*) files=$(ls "${f%1.trace.gz}"*) ;;
		*.part*) continue ;;
		*) files=$f ;;
		esac
		# shellcheck disable=SC2086
		"$KVMWAKE" trace stat $files >"$TMPDIR/out" 2>"$TMPDIR/err" &&
			[ ! -s "$TMPDIR/err" ] &&
			! grep -q DIFFERS "$TMPDIR/out" || bad="$bad $f"
		nr=$((nr + 1))
	done
	[ -z "$bad" ]
	ok $? "$nr recordings agree with the kernel's counters$bad"
fi
exit $failed
