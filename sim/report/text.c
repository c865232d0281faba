/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how durations, paragraphs and tables are set. */
#include <stdarg.h>
#include <string.h>
#include "report.h"

/* Three significant digits, cut off, never rounded up to the next unit. */
const char *kw_ns_text(uint64_t ns, char buf[KW_NS_TEXT])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	uint64_t scale = 1;
	unsigned u = 0;

	if (ns == KW_NEVER_NS)
		return "-";
	while (u < 3 && ns / scale >= 1000) {
		scale *= 1000;
		u++;
	}
	if (!u || ns / scale >= 100)
		g_snprintf(buf, KW_NS_TEXT, "%" G_GUINT64_FORMAT "%s",
			   ns / scale, units[u]);
	else if (ns / scale >= 10)
		g_snprintf(buf, KW_NS_TEXT, "%u.%u%s", (unsigned)(ns / scale),
			   (unsigned)(ns * 10 / scale % 10), units[u]);
	else
		g_snprintf(buf, KW_NS_TEXT, "%u.%02u%s",
			   (unsigned)(ns / scale),
			   (unsigned)(ns * 100 / scale % 100), units[u]);
	return buf;
}

const char *kw_permille_text(const struct kw_hist *h, unsigned permille,
			     char buf[KW_NS_TEXT])
{
	return h->n ? kw_ns_text(kw_hist_permille(h, permille), buf) : "-";
}

void kw_text_wrap(GString *out, const char *words, unsigned width,
		  const char *first, const char *indent)
{
	const char *lead = first;
	size_t column = 0;

	while (*words) {
		size_t n = strcspn(words, " \n");

		if (column && column + 1 + n > width) {
			g_string_append_c(out, '\n');
			column = 0;
			lead = indent;
		}
		if (n) {
			g_string_append(out, column ? " " : lead);
			column += column ? 1 : strlen(lead);
			g_string_append_len(out, words, (gssize)n);
			column += n;
		}
		words += n + (words[n] != '\0');
	}
	g_string_append_c(out, '\n');
}

void kw_text_fill(GString *out, const char *words, unsigned width,
		  const char *indent)
{
	kw_text_wrap(out, words, width, indent, indent);
}

struct kw_table {
	char *columns;
	unsigned nr;
	unsigned *width;
	GPtrArray *cells;		/* row after row */
};

struct kw_table *kw_table_new(const char *columns)
{
	struct kw_table *t = g_new0(struct kw_table, 1);

	t->columns = g_strdup(columns);
	t->nr = (unsigned)strlen(columns);
	t->width = g_new0(unsigned, t->nr);
	t->cells = g_ptr_array_new_with_free_func(g_free);
	return t;
}

void kw_table_width(struct kw_table *t, unsigned column, unsigned at_least)
{
	if (t->width[column] < at_least)
		t->width[column] = at_least;
}

void kw_table_row(struct kw_table *t, const char *first, ...)
{
	const char *cell = first;
	va_list ap;
	unsigned i;

	va_start(ap, first);
	for (i = 0; i < t->nr; i++) {
		kw_table_width(t, i, (unsigned)g_utf8_strlen(cell, -1));
		g_ptr_array_add(t->cells, g_strdup(cell));
		if (i + 1 < t->nr)
			cell = va_arg(ap, const char *);
	}
	va_end(ap);
}

void kw_table_narrow(struct kw_table *t, unsigned column, unsigned width)
{
	unsigned i, others = 2 * (t->nr - 1);

	for (i = 0; i < t->nr; i++)
		if (i != column)
			others += t->width[i];
	if (others + t->width[column] > width && others + 8 < width)
		t->width[column] = width - others;
}

static void pad(GString *out, unsigned n)
{
	while (n--)
		g_string_append_c(out, ' ');
}

void kw_table_print(struct kw_table *t, GString *out)
{
	unsigned i;

	for (i = 0; i < t->cells->len; i++) {
		const char *cell = t->cells->pdata[i];
		unsigned c = i % t->nr, blanks;
		unsigned chars = (unsigned)g_utf8_strlen(cell, -1);

		if (chars > t->width[c]) {
			g_string_append_printf(out, "%s\n", cell);
			cell = "";
			chars = 0;
		}
		blanks = t->width[c] - chars;
		if (t->columns[c] == 'r')
			pad(out, blanks);
		g_string_append(out, cell);
		if (c + 1 < t->nr) {
			if (t->columns[c] == 'l')
				pad(out, blanks);
			g_string_append(out, "  ");
			continue;
		}
		while (out->len && out->str[out->len - 1] == ' ')
			g_string_truncate(out, out->len - 1);
		g_string_append_c(out, '\n');
	}
	g_ptr_array_set_size(t->cells, 0);
}

void kw_table_free(struct kw_table *t)
{
	g_ptr_array_free(t->cells, TRUE);
	g_free(t->columns);
	g_free(t->width);
	g_free(t);
}
