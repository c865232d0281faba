# SPDX-License-Identifier: GPL-2.0-or-later
#
# One run: where each vCPU is, and what was done to it.
#
# What `kvmwake plot` writes in front of this: title, data, marks, name,
# rows, end (us), lanes ("0 name, 1 name").
# data: lane begin end state (1 asleep, 2 host, 3 guest); marks: lane time
# kind (1 deliverable, 2 kick, 3 wake), times in us.

set xrange [0:end]
set yrange [rows - 0.4:-0.6]
set xlabel "us"
set border 1 lc rgb "#888888"
set tics nomirror
set ytics scale 0
eval "set ytics (".lanes.")"
set style fill solid noborder
array color[3] = ["#e3e7ec", "#f2b84b", "#3d7ea6"]
array label[3] = ["asleep", "in host", "in guest"]
# A span in text: a letter for each 56th of the time.
cells(x) = int(x * 56 / end + 0.5)
fill(c, n) = n <= 0 ? "" : c.fill(c, n - 1)
span(b, e, s) = fill(word(". h G", int(s)), cells(e) - cells(b))

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 860, 150 + 56 * rows \
			font "DejaVu Sans,12" background "white" noenhanced
	}
	if (t eq "png") {
		set terminal pngcairo size 860, 150 + 56 * rows \
			font "DejaVu Sans,10" noenhanced
	}
	if (t eq "txt") {
		set terminal dumb size 79, 4 * rows + 6 nofeed mono noenhanced
	}
	set output name.".".t
	set title title
	if (t eq "txt") {
		set lmargin 20
		set rmargin 2
		set tmargin 3
		set bmargin 4
		set yrange [rows:-1]
		set xlabel "us     . asleep  h host  G guest     ". \
			"! deliverable  k kick  w wake"
		set key off
		plot data using 2:1:(span($2, $3, $4)) with labels left, \
		     marks using 2:($1 - 0.3):(word("! k w", int($3))) \
			with labels
	} else {
		set key at screen 0.5, screen 0.02 center bottom horizontal \
			samplen 1.5
		set bmargin 5
		plot for [s = 1:3] data using \
			($4 == s ? ($2 + $3) / 2 : NaN):1: \
			(($3 - $2) / 2):(0.24) with boxxyerror \
			lc rgb color[s] title label[s], \
		     marks using ($3 == 1 ? $2 : NaN):($1 - 0.34) \
			with points pt 11 ps 1.3 lc rgb "#c0392b" \
			title "deliverable", \
		     marks using ($3 == 2 ? $2 : NaN):($1 + 0.34) \
			with points pt 2 ps 0.9 lw 2 lc rgb "#222222" \
			title "kick (IPI)", \
		     marks using ($3 == 3 ? $2 : NaN):($1 + 0.34) \
			with points pt 9 ps 1.1 lc rgb "#2e7d32" title "wake"
	}
	unset output
}
