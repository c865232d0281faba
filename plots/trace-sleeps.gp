# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long vCPUs slept: the share of a recording's blocked waits that slept no
# longer, from being switched out to sched_waking, a curve a cause.
#
# What `kvmwake trace plot` writes in front of this: about, curves, name_0 ...
# (legends), data, name.  data: a block a curve of us, percent.

xtitle = "us from switched out to sched_waking"
set title "Sleeps of ".about.", by cause" noenhanced
set logscale x 10
set yrange [0:104]
set format x "%g"
set format y "%g %%"
set ytics 25
set xlabel xtitle noenhanced
set grid xtics ytics lt 1 lc rgb "#dddddd"
set border 3 lc rgb "#666666"
set tics nomirror
legend(i) = value(sprintf("name_%d", i))
# They differ in print and to every eye, by colour and by dashes.
array color[6] = ["#1b4f8a", "#e09f3e", "#1b7837", "#b2182b", "#762a83", \
	"#444444"]
letter(i) = word("o # x + * = % @ & $ ~ :", i + 1)

do for [t in "svg png txt"] {
	if (t eq "svg") {
		set terminal svg size 760, 380 + 26 * curves \
			font "DejaVu Sans,12" background "white"
	}
	if (t eq "png") {
		set terminal pngcairo size 760, 380 + 26 * curves \
			font "DejaVu Sans,10"
	}
	if (t eq "txt") {
		set terminal dumb size 79, 24 + curves nofeed mono
		unset grid
		set border 3
	}
	set key below left Left reverse maxcols 1 samplen 3 noenhanced
	set output name.".".t
	if (t eq "txt") {
		plot for [i = 0:curves - 1] data index i using 1:2 \
			with points pt letter(i) title legend(i)
	} else {
		plot for [i = 0:curves - 1] data index i using 1:2 \
			with lines lw 3 dt i / 3 + 1 \
			lc rgb color[i % 6 + 1] title legend(i)
	}
	unset output
}
