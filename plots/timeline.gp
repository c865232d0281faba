# SPDX-License-Identifier: GPL-2.0-or-later
#
# One run: where each vCPU is, and what was done to it.
#
# What `kvmwake plot` writes in front of this: title, data, marks, name,
# rows, begin and end (us), lanes ("0 name, 1 name"), width (of the longest name).
# data: lane begin end state (1 asleep, 2 host, 3 guest); marks: lane time
# kind (1 deliverable, 2 interrupt, 3 kick, 4 wake), times in us.

set xrange [begin:end]
set yrange [rows - 0.4:-0.7]
set xlabel "us" offset 0, 0.5
set border 1 lc rgb "#666666"
set tics nomirror textcolor rgb "#222222"
set ytics scale 0
eval "set ytics (".lanes.")"
set style fill solid noborder
array color[3] = ["#d5dbe1", "#e9b44c", "#1b4f8a"]
array label[3] = ["asleep", "in the host", "in the guest"]
# A span in text: a letter for each column of the plot.
columns = 75 - width
cells(x) = int((x - begin) * columns / (end - begin) + 0.5)
fill(c, n) = n <= 0 ? "" : c.fill(c, n - 1)
span(b, e, s) = fill(word(". h G", int(s)), cells(e) - cells(b))

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 860, 150 + 60 * rows \
			font "DejaVu Sans,12" background "white" noenhanced
	}
	if (t eq "png") {
		set terminal pngcairo size 860, 150 + 60 * rows \
			font "DejaVu Sans,10" noenhanced
	}
	if (t eq "txt") {
		set terminal dumb size 79, 4 * rows + 6 nofeed mono noenhanced
	}
	set output name.".".t
	set title title
	if (t eq "txt") {
		set lmargin width + 2
		set rmargin 2
		set tmargin 3
		set bmargin 4
		set yrange [rows:-1]
		set xlabel ". asleep h host G guest   ! deliverable ". \
			"i interrupt k kick w wake   us" offset 0, 0
		set key off
		plot data using 2:1:(span($2, $3, $4)) with labels left, \
		     marks using 2:($1 - 0.3):(word("! i k w", int($3))) \
			with labels
	} else {
		set key at screen 0.5, screen 0.02 center bottom horizontal \
			maxcols 4 samplen 1.5 width 2
		set bmargin 6
		plot for [s = 1:3] data using \
			($4 == s ? ($2 + $3) / 2 : NaN):1: \
			(($3 - $2) / 2):(0.22) with boxxyerror \
			lc rgb color[s] title label[s], \
		     marks using ($3 == 1 ? $2 : NaN):($1 - 0.33) \
			with points pt 11 ps 1.4 lc rgb "#b2182b" \
			title "deliverable", \
		     marks using ($3 == 2 ? $2 : NaN):($1 + 0.33) \
			with points pt 13 ps 1.2 lc rgb "#762a83" \
			title "host interrupt", \
		     marks using ($3 == 3 ? $2 : NaN):($1 + 0.33) \
			with points pt 2 ps 0.9 lw 2 lc rgb "#111111" \
			title "kick (IPI)", \
		     marks using ($3 == 4 ? $2 : NaN):($1 + 0.33) \
			with points pt 9 ps 1.2 lc rgb "#1b7837" \
			title "wake-up"
	}
	unset output
}
