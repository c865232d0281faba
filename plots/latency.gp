# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long it took from "deliverable" to guest entry: the share of the waits
# that took no longer, old against new.  A curve that ends below 100 % has
# waits that never ended: missed wake-ups.
#
# What `kvmwake plot` writes in front of this: old, new, old_waits, new_waits
# (legends), about, data, name, low, high (us).  data: two blocks (old, new)
# of us, percent.

set logscale x 10
set xrange [low:high]
set yrange [0:104]
set format x "%g"
set format y "%g %%"
set ytics 25
set xlabel "wake latency in us, from deliverable to guest entry"
set title "Wake latency of ".about.": ".old." against ".new noenhanced
set grid xtics ytics lt 1 lc rgb "#dddddd"
set border 3 lc rgb "#666666"
set tics nomirror
set key inside left top Left reverse samplen 2 spacing 1.2 noenhanced \
	width 2 opaque

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 720, 420 font "DejaVu Sans,12" \
			background "white"
	}
	if (t eq "png") {
		set terminal pngcairo size 720, 420 font "DejaVu Sans,10"
	}
	if (t eq "txt") {
		set terminal dumb size 79, 28 nofeed mono
		unset grid
		set border 3
		set key above noopaque
	}
	set output name.".".t
	if (t eq "txt") {
		plot data index 0 using 1:2 with points pt "o" \
			title old_waits, \
		     data index 1 using 1:2 with points pt "#" \
			title new_waits
	} else {
		plot data index 0 using 1:2 with steps lw 4 \
			lc rgb "#e09f3e" title old_waits, \
		     data index 1 using 1:2 with steps lw 2 \
			lc rgb "#1b4f8a" title new_waits
	}
	unset output
}
