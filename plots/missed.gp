# SPDX-License-Identifier: GPL-2.0-or-later
#
# Missed and spurious wake-ups of each scenario, old beside new.
#
# What `kvmwake plot` writes in front of this: old, new, data, name, rows.
# data: "scenario" missed_old missed_new spurious_old spurious_new, in percent
# of the runs.

set style fill solid noborder
unset ytics
set xrange [0:118]
set xtics 0, 25, 100 scale 0.5
set yrange [rows - 0.4:-0.6]
set format x "%g %%"
set grid xtics lc rgb "#dddddd"
set border 1 lc rgb "#666666"
# Light and dark, warm and cold: they differ in print and to every eye.
orange = "#e09f3e"
blue = "#1b4f8a"
height = 96 + 32 * rows
percent(x) = x == 0 ? "0" : x < 0.1 ? "<0.1" : \
	sprintf(x < 10 && x != int(x) ? "%.1f" : "%.0f", x)
# A number where there is something; one 0 where neither has anything.
label(x, other) = x > 0 ? percent(x) : other > 0 ? "0" : ""
nothing(x, other) = x > 0 || other > 0 ? "" : "0"
band(i) = int(i) % 2 ? 0 : 0.5
head(i) = word("missed,old missed,new spurious,old spurious,new", i)
fifty = "##################################################"
stars(x) = x > 0 ? fifty[1:(x < 4 ? 1 : int(x / 2 + 0.5))]." " : ""
bar(i, x) = sprintf("%-13s%s%s", head(i), stars(x), percent(x))

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 920, height \
			font "DejaVu Sans,12" background "white"
	}
	if (t eq "png") {
		set terminal pngcairo size 920, height \
			font "DejaVu Sans,10"
	}
	if (t eq "txt") {
		set terminal dumb size 79, 6 * rows + 4 nofeed mono \
			noenhanced
	}
	set output name.".".t
	if (t eq "txt") {
		# Five lines a scenario: its name, and a bar for each number.
		set key off
		unset border
		unset xtics
		unset grid
		set lmargin 0
		set rmargin 0
		set tmargin 1
		set bmargin 0
		set xrange [0:79]
		set yrange [6 * rows + 2:0]
		set label 1 "% of the runs; old: ".old.", new: ".new at 0, 0
		plot for [i = 0:4] data using (i ? 2 : 0):(6 * $0 + 1 + i): \
			(i ? bar(i, column(i + 1)) : strcol(1)) \
			with labels left
	} else {
		set multiplot
		set lmargin at screen 0.30
		set rmargin at screen 0.63
		set tmargin at screen 1 - 58.0 / height
		set bmargin at screen 32.0 / height
		set key at screen 0.02, screen 1 - 18.0 / height left top \
			Left reverse samplen 1.2 noenhanced
		set label 1 "Runs with a missed wake-up" \
			at screen 0.30, screen 1 - 40.0 / height
		set label 2 old." against ".new.", % of the runs" noenhanced \
			at screen 0.30, screen 1 - 16.0 / height
		plot data using (59):0:(59):(band($0)) with boxxyerror \
			lc rgb "#f1f4f7" notitle, \
		     data using (0):0:1 with labels right offset -1, 0 \
			noenhanced notitle, \
		     data using ($2 / 2):($0 - 0.17):($2 / 2):(0.17) \
			with boxxyerror lc rgb orange title old, \
		     data using ($3 / 2):($0 + 0.17):($3 / 2):(0.17) \
			with boxxyerror lc rgb blue title new, \
		     data using 2:($0 - 0.2):(label($2, $3)) with labels \
			left offset 0.5, 0 tc rgb "#8a5a10" notitle, \
		     data using 3:($0 + 0.2):(label($3, $2)) with labels \
			left offset 0.5, 0 tc rgb blue notitle, \
		     data using (0):0:(nothing($2, $3)) with labels \
			left offset 0.5, 0 tc rgb "#777777" notitle
		set key off
		unset label 2
		set lmargin at screen 0.66
		set rmargin at screen 0.99
		set label 1 "Runs with a spurious wake-up" \
			at screen 0.66, screen 1 - 40.0 / height
		plot data using (59):0:(59):(band($0)) with boxxyerror \
			lc rgb "#f1f4f7", \
		     data using ($4 / 2):($0 - 0.17):($4 / 2):(0.17) \
			with boxxyerror lc rgb orange, \
		     data using ($5 / 2):($0 + 0.17):($5 / 2):(0.17) \
			with boxxyerror lc rgb blue, \
		     data using 4:($0 - 0.2):(label($4, $5)) with labels \
			left offset 0.5, 0 tc rgb "#8a5a10", \
		     data using 5:($0 + 0.2):(label($5, $4)) with labels \
			left offset 0.5, 0 tc rgb blue, \
		     data using (0):0:(nothing($4, $5)) with labels \
			left offset 0.5, 0 tc rgb "#777777"
		unset label 1
		unset multiplot
	}
	unset output
}
