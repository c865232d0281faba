/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures: NAME.dat, NAME.gp, NAME.svg, NAME.png and a text twin NAME.txt in
 * one folder; NAME.gp runs there on its own.
 */
#ifndef KW_FIGURE_H
#define KW_FIGURE_H

#include "cli.h"

struct kw_figure {
	struct kw_cli *cli;
	const char *dir;
};

/* The folder, if it is not there yet. */
bool kw_figure_dir(const struct kw_figure *f, GError **err);
/* DIR/NAMESUFFIX */
bool kw_figure_save(const struct kw_figure *f, const char *name,
		    const char *suffix, const GString *text, GError **err);
/* name = "value" in gnuplot's script */
void kw_figure_define(GString *script, const char *name, const char *value);
/* "..." of gnuplot: what we put in has no control characters.  Free it. */
char *kw_figure_quoted(const char *text);
void kw_figure_us(GString *data, uint64_t ns);
/* plots/NAME.gp with its definitions in front; then gnuplot. */
bool kw_figure_draw(const struct kw_figure *f, const char *name,
		    GString *script, GError **err);

#endif
