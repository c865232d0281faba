#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `trace plot`: the figures' files, their bytes, and that what is drawn is what
# was recorded.

set -u
. tests/lib/cli.sh
recording=scenarios/recorded/pp.trace.gz
fig=$TMPDIR/fig

if ! command -v gnuplot >/dev/null; then
	echo "no gnuplot"
	exit 77
fi
exits 0 "plot" "$KVMWAKE" trace plot $recording --out "$fig"
for figure in trace-timeline trace-latency trace-sleeps; do
	for suffix in svg png txt gp dat; do
		[ -s "$fig/$figure.$suffix" ]
		ok $? "$figure.$suffix"
	done
done
cp -r "$fig" "$TMPDIR/again"
"$KVMWAKE" trace plot $recording --out "$fig" >/dev/null
diff -r "$fig" "$TMPDIR/again"
ok $? "the same bytes again"

# A window: its guest entries, and the wake-ups whose switch lies in it.
exits 0 "a window" "$KVMWAKE" trace plot $recording --out "$fig" \
	--from 40.55 --to 40.56
within() {
	gzip -dc $recording | awk -v re="$1" '$0 ~ re &&
		match($0, /40\.[0-9]+:/) {
			t = substr($0, RSTART, 9)
			n += t >= 40.55 && t <= 40.56
		} END { print n }'
}
n=$(awk '$1 >= 0 && $2 >= 0 && $4 == 1' "$fig/trace-timeline.dat" | wc -l)
m=$(within ': kvm_entry: ')
[ "$n" -ge "$m" ] && [ "$n" -le $((m + 2)) ]
ok $? "guest: $n spans of $m entries"
n=$(awk '$1 >= 0 && $5 == 1' "$fig/trace-timeline-arrows.dat" | wc -l)
m=$(within ': sched_switch: .*next_comm=kvm-vcpu')
[ "$n" -ge $((m - 2)) ] && [ "$n" -le "$m" ] && [ "$m" -gt 10 ]
ok $? "wake-ups: $n arrows of $m switches"
says '^name_.*SGI: 178, median ' "$fig/trace-latency.gp" \
	"as many SGIs as trace stat counts"
exits 2 "standard input" "$KVMWAKE" trace plot - --out "$fig"
exits 2 "two recordings" "$KVMWAKE" trace plot $recording $recording \
	--out "$fig"
exits 4 "a window behind it" "$KVMWAKE" trace plot $recording \
	--from 9000s --to 9001s --out "$fig"
exits 4 "nothing in the window" "$KVMWAKE" trace plot $recording \
	--from 41.0 --to 40.0 --out "$fig"
exits 2 "no vCPU" "$KVMWAKE" trace plot README.md --from 1s --to 2s \
	--out "$fig"
finish
