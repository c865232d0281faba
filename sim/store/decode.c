/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a stored block's runs are: reads what encode.c has written.
 *
 * A file may be damaged: what cannot be read is the block's end.
 */
#include <string.h>
#include "internal.h"

#define DIGITS 16

static bool read_number(const char **text, uint64_t *n)
{
	const char *p = *text;

	if (*p < '0' || *p > '9')
		return false;
	for (*n = 0; *p >= '0' && *p <= '9'; p++)
		*n = *n * 10 + (uint64_t)(*p - '0');
	*text = p;
	return true;
}

/* The number behind that character. */
static bool read_next(const char **text, char before, uint64_t *n)
{
	if (**text != before)
		return false;
	++*text;
	return read_number(text, n);
}

void kw_decode_begin(struct kw_decoder *d, const char *shapes,
		     const char *runs, const char *digests)
{
	uint64_t n[KW_SHAPE_NUMBERS];
	unsigned i;

	if (!d->shapes)
		d->shapes = g_array_new(FALSE, FALSE, sizeof(n));
	g_array_set_size(d->shapes, 0);
	while (*shapes == '[' || *shapes == ',') {
		shapes++;
		for (i = 0; i < KW_SHAPE_NUMBERS; i++)
			if (!read_next(&shapes, i ? ',' : '[', &n[i]))
				break;
		if (i < KW_SHAPE_NUMBERS || *shapes++ != ']')
			break;
		g_array_append_val(d->shapes, n);
	}
	d->runs = runs;
	d->began = false;
	d->digests = digests;
}

void kw_decode_end(struct kw_decoder *d)
{
	if (d->shapes)
		g_array_free(d->shapes, TRUE);
}

/* Behind the run's last bracket: there may be one in its message. */
static const char *skip_message(const char *p)
{
	if (*p == ',')
		for (p += 2; *p && *p != '"'; p++)
			if (*p == '\\' && p[1])
				p++;
	while (*p && *p != ']')
		p++;
	return *p ? p + 1 : p;
}

static bool read_run(struct kw_decoder *d, uint64_t *shape, uint64_t *end_ns)
{
	const char *p = d->runs;

	if (*p++ != (d->began ? ',' : '['))
		return false;
	*shape = 0;
	if (*p == '[') {
		if (!read_next(&p, '[', shape) || !read_next(&p, ',', end_ns))
			return false;
		p = skip_message(p);
	} else if (!read_number(&p, end_ns)) {
		return false;
	}
	d->began = true;
	d->runs = p;
	return true;
}

static bool read_digest(struct kw_decoder *d, uint64_t *digest)
{
	unsigned i;

	*digest = 0;
	for (i = 0; i < DIGITS; i++) {
		if (!g_ascii_isxdigit(*d->digests))
			return false;
		*digest = *digest << 4 |
			  (uint64_t)g_ascii_xdigit_value(*d->digests++);
	}
	return true;
}

bool kw_decode_run(struct kw_decoder *d, struct kw_run_row *row)
{
	uint64_t shape;

	if (!d->shapes ||
	    !read_run(d, &shape, &row->n[KW_SHAPE_NUMBERS]) ||
	    shape >= d->shapes->len || !read_digest(d, &row->digest))
		return false;
	memcpy(row->n, d->shapes->data + shape * KW_SHAPE_NUMBERS *
		       sizeof(row->n[0]), KW_SHAPE_NUMBERS * sizeof(row->n[0]));
	return true;
}
