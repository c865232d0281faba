/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the layout of rows that belong to columns: at most KW_WIDTH wide up
 * to four columns.  Only one acts at a time, so a row's text may run on into
 * the columns to its right: where it begins says whose it is.
 */
#include <string.h>
#include "report.h"

#define LEAD	  16		/* "nnnn ttttttttt  " */
#define LEAD_ORDER 6		/* "nnnn  ": rows without times */
#define MIN_LANE  10
#define MAX_LANE  24
#define LAST_LANE 26

static void blanks(GString *out, size_t n)
{
	while (n--)
		g_string_append_c(out, ' ');
}

/*
 * How much of text goes on a line of width, never nothing: whole words, or
 * else what ends where a name may be broken.
 */
static size_t break_at(const char *text, size_t width)
{
	size_t n, word = 0, part = 0;

	if (strlen(text) <= width)
		return strlen(text);
	for (n = 1; n <= width; n++)
		if (text[n] == ' ')
			word = n;
		else if (strchr(".|_(/", text[n - 1]))
			part = n;
	if (word > width / 3)
		return word;
	return part > width / 3 ? part : width;
}

/* The text, in as many lines as it needs; the first follows lead. */
static void put_cell(const struct kw_grid *g, const char *lead,
		     unsigned column, const char *t)
{
	size_t begin = (size_t)column * g->spacing, n;
	size_t width = g->width - g->lead - begin;
	unsigned indent = 0;

	while (*t) {
		n = break_at(t, width - indent);
		g_string_append_printf(g->out, "%-*s", (int)g->lead, lead);
		blanks(g->out, begin + indent);
		g_string_append_len(g->out, t, (gssize)n);
		while (g->out->str[g->out->len - 1] == ' ')
			g_string_truncate(g->out, g->out->len - 1);
		g_string_append_c(g->out, '\n');
		for (t += n; *t == ' '; t++)
			;
		lead = "";
		indent = 3;
	}
}

void kw_grid_path(const struct kw_grid *g, unsigned column, const char *text)
{
	put_cell(g, "", column, text);
}

void kw_grid_row(const struct kw_grid *g, unsigned nr, uint64_t ns,
		 unsigned column, const char *text)
{
	char lead[LEAD + KW_NS_TEXT];

	/* One unit, so that rows can be subtracted by eye. */
	if (g->untimed)
		g_snprintf(lead, sizeof(lead), "%4u", nr);
	else
		g_snprintf(lead, sizeof(lead),
			   "%4u %6" G_GUINT64_FORMAT ".%02u", nr, ns / 1000,
			   (unsigned)(ns / 10 % 100));
	put_cell(g, lead, column, text);
}

void kw_grid_begin(struct kw_grid *g, const char *const *heads)
{
	unsigned i, others = g->nr > 1 ? g->nr - 1 : 0;

	g->lead = g->untimed ? LEAD_ORDER : LEAD;
	g->spacing = 0;
	if (others)
		g->spacing = (KW_WIDTH - g->lead - LAST_LANE) / others;
	g->spacing = CLAMP(g->spacing, MIN_LANE, MAX_LANE);
	g->width = MAX(g->lead + others * g->spacing + LAST_LANE, KW_WIDTH);
	if (g->untimed)
		g_string_append_printf(g->out, "%4s  ", "step");
	else
		g_string_append_printf(g->out, "%4s %9s  ", "step", "us");
	for (i = 0; i < g->nr; i++)
		g_string_append_printf(g->out, "%-*.*s",
				       i + 1 < g->nr ? (int)g->spacing : 0,
				       (int)g->spacing - 1, heads[i]);
	g_string_append_c(g->out, '\n');
}
