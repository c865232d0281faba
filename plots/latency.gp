# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long it took from "deliverable" to guest entry: the share of the waits
# that took no longer, old against new.
#
# What `kvmwake plot` writes in front of this: old, new, data, name, low,
# high (us).  data: two blocks (old, new) of us, percent.

set logscale x 10
set xrange [low:high]
set yrange [0:102]
set format x "%g"
set format y "%g %%"
set ytics 25
set xlabel "wake latency in us, from deliverable to guest entry"
set grid lc rgb "#dddddd"
set border 3 lc rgb "#888888"
set tics nomirror
set key above left horizontal samplen 3 noenhanced

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 720, 420 font "DejaVu Sans,12" \
			background "white"
	}
	if (t eq "png") {
		set terminal pngcairo size 720, 420 font "DejaVu Sans,10"
	}
	if (t eq "txt") {
		set terminal dumb size 79, 26 nofeed mono
		unset grid
		set border 3
	}
	set output name.".".t
	if (t eq "txt") {
		plot data index 0 using 1:2 with points pt "o" title old, \
		     data index 1 using 1:2 with points pt "#" title new
	} else {
		plot data index 0 using 1:2 with steps lw 3 \
			lc rgb "#9aa5b1" title old, \
		     data index 1 using 1:2 with steps lw 2 \
			lc rgb "#1b6ca8" title new
	}
	unset output
}
