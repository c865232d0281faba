# SPDX-License-Identifier: GPL-2.0-or-later
#
# Missed and spurious wake-ups of each scenario, old beside new.
#
# What `kvmwake plot` writes in front of this: old, new, data, name, rows.
# data: "scenario" missed_old missed_new spurious_old spurious_new, in percent
# of the runs.

set key off
set style fill solid noborder
unset ytics
set xrange [0:118]
set xtics 0, 25, 100 scale 0.5
set yrange [rows - 0.4:-0.6]
set format x "%g %%"
set grid xtics lc rgb "#dddddd"
set border 1 lc rgb "#888888"
grey = "#9aa5b1"
blue = "#1b6ca8"
percent(x) = x == 0 ? "0" : x < 0.1 ? "<0.1" : \
	sprintf(x < 10 && x != int(x) ? "%.1f" : "%.0f", x)
head(i) = word("missed,old missed,new spurious,old spurious,new", i)
fifty = "##################################################"
stars(x) = x > 0 ? fifty[1:(x < 4 ? 1 : int(x / 2 + 0.5))]." " : ""
bar(i, x) = sprintf("%-13s%s%s", head(i), stars(x), percent(x))

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 920, 110 + 34 * rows \
			font "DejaVu Sans,12" background "white"
	}
	if (t eq "png") {
		set terminal pngcairo size 920, 110 + 34 * rows \
			font "DejaVu Sans,10"
	}
	if (t eq "txt") {
		set terminal dumb size 79, 6 * rows + 4 nofeed mono \
			noenhanced
	}
	set output name.".".t
	if (t eq "txt") {
		# Five lines a scenario: its name, and a bar for each number.
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
		set tmargin at screen 1 - 62.0 / (110 + 34 * rows)
		set bmargin at screen 34.0 / (110 + 34 * rows)
		set label 1 "runs with a missed wake-up" \
			at graph 0, screen 1 - 46.0 / (110 + 34 * rows)
		set label 2 old tc rgb "#6b7785" noenhanced \
			at screen 0.30, screen 1 - 20.0 / (110 + 34 * rows)
		set label 3 "against" tc rgb "#444444" \
			at screen 0.47, \
			   screen 1 - 20.0 / (110 + 34 * rows) center
		set label 4 new tc rgb blue noenhanced \
			at screen 0.53, screen 1 - 20.0 / (110 + 34 * rows)
		plot data using (0):0:1 with labels right offset -1, 0 \
			noenhanced, \
		     data using ($2 / 2):($0 - 0.18):($2 / 2):(0.16) \
			with boxxyerror lc rgb grey, \
		     data using ($3 / 2):($0 + 0.18):($3 / 2):(0.16) \
			with boxxyerror lc rgb blue, \
		     data using 2:($0 - 0.18):(percent($2)) with labels \
			left offset 0.5, 0 tc rgb "#6b7785", \
		     data using 3:($0 + 0.18):(percent($3)) with labels \
			left offset 0.5, 0 tc rgb blue
		unset label 2
		unset label 3
		unset label 4
		set lmargin at screen 0.66
		set rmargin at screen 0.99
		set label 1 "runs with a spurious wake-up"
		plot data using ($4 / 2):($0 - 0.18):($4 / 2):(0.16) \
			with boxxyerror lc rgb grey, \
		     data using ($5 / 2):($0 + 0.18):($5 / 2):(0.16) \
			with boxxyerror lc rgb blue, \
		     data using 4:($0 - 0.18):(percent($4)) with labels \
			left offset 0.5, 0 tc rgb "#6b7785", \
		     data using 5:($0 + 0.18):(percent($5)) with labels \
			left offset 0.5, 0 tc rgb blue
		unset label 1
		unset multiplot
	}
	unset output
}
