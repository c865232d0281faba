# SPDX-License-Identifier: GPL-2.0-or-later
#
# A window of a recording: where each vCPU is, who runs on each CPU, and who
# woke or kicked whom.
#
# What `kvmwake trace plot` writes in front of this: title, data, arrows, name,
# rows, end (us), lanes ("name 0, name 1"), width (of the longest name).
# data: lane begin end kind (1 guest, 2 host, 3 awake in a WFI, 4 blocked, 5 user,
# 6 preempted; of CPUs 7 a vCPU's thread, 8 another task); arrows: us lane us
# lane kind (1 wake-up, 2 kick, 3 IPI).

set xrange [0:end]
set yrange [rows - 0.4:-0.6]
set xlabel "us" offset 0, 0.5
set border 1 lc rgb "#666666"
set tics nomirror textcolor rgb "#222222"
set ytics scale 0 noenhanced
eval "set ytics (".lanes.")"
set style fill solid noborder
array color[8] = ["#1b4f8a", "#e9b44c", "#c4691c", "#d5dbe1", "#9a8c98", \
	"#b2182b", "#6b9ac4", "#b8b8b8"]
array label[8] = ["in the guest", "in the host", "in a WFI, awake", "blocked, off", \
	"user space", "preempted", "CPU: a vCPU's thread", "CPU: another task"]
array tip[3] = ["#1b7837", "#111111", "#762a83"]
array tipname[3] = ["wake-up", "kick", "IPI"]
# A span in text: a letter for each column of the plot.
columns = 75 - width
cells(x) = int(x * columns / end + 0.5)
fill(c, n) = n <= 0 ? "" : c.fill(c, n - 1)
span(b, e, k) = fill(word("G h p . u r v t", int(k)), cells(e) - cells(b))

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 960, 190 + 44 * rows \
			font "DejaVu Sans,12" background "white" noenhanced
	}
	if (t eq "png") {
		set terminal pngcairo size 960, 190 + 44 * rows \
			font "DejaVu Sans,10" noenhanced
	}
	if (t eq "txt") {
		set terminal dumb size 79, 4 * rows + 7 nofeed mono noenhanced
	}
	set output name.".".t
	set title title
	if (t eq "txt") {
		set lmargin width + 2
		set rmargin 2
		set tmargin 3
		set bmargin 5
		set yrange [rows:-1]
		set xlabel "G guest h host p awake in WFI . blocked u user r preempted "\
			."v vCPU t task\nw woken k kicked i IPI   us" \
			offset 0, 0
		set key off
		plot data using 2:1:(span($2, $3, $4)) with labels left, \
		     arrows using 3:($4 - 0.3):(word("w k i", int($5))) \
			with labels
	} else {
		set key at screen 0.5, screen 0.01 center bottom horizontal \
			maxcols 4 samplen 1.5 width 2
		set bmargin 7
		plot for [k = 1:8] data using \
			($4 == k ? ($2 + $3) / 2 : NaN):1: \
			(($3 - $2) / 2):($4 > 6 ? 0.12 : 0.22) \
			with boxxyerror lc rgb color[k] title label[k], \
		     for [k = 1:3] arrows using \
			($5 == k ? $1 : NaN):2:($3 - $1):($4 - $2) \
			with vectors filled head size screen 0.008, 20 \
			lw 1.5 lc rgb tip[k] title tipname[k]
	}
	unset output
}
