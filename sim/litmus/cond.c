/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a test asks: filter, locations, and exists, ~exists or forall.
 *
 *	~ and not bind tightest, then /\, then \/, then =>
 */
#include <inttypes.h>
#include <string.h>
#include "read.h"

static int read_implies(struct kw_lit_reader *r);

static int add(struct kw_lit_reader *r, struct kw_lit_cond *c)
{
	if (r->l->conds->len >= 5000)
		kw_lit_fail(r, r->tok.line, "the condition is too long");
	g_array_append_val(r->l->conds, *c);
	return (int)r->l->conds->len - 1;
}

static int make(struct kw_lit_reader *r, enum kw_lit_cond_op op, int a, int b)
{
	struct kw_lit_cond c = {
		.op = op, .a = (uint16_t)a, .b = (uint16_t)b,
	};

	return add(r, &c);
}

/* The number or the P of THREAD:REGISTER comes next. */
static bool at_loc(const struct kw_lit_reader *r)
{
	const char *p = r->at;

	while (p < r->end && (*p == ' ' || *p == '\t'))
		p++;
	return (r->tok.type == KW_T_NUMBER || kw_lit_at_thread(r)) &&
	       p < r->end && *p == ':';
}

/* 0 or P0, and the colon */
static int read_thread(struct kw_lit_reader *r)
{
	bool named = r->tok.type == KW_T_NAME;
	int64_t n = named ? g_ascii_strtoll(r->tok.at + 1, NULL, 10) :
		r->tok.number;

	if (n < 0 || n >= r->l->nr_threads) {
		kw_lit_fail(r, r->tok.line, "there is no P%" PRId64, n);
		return -1;
	}
	kw_lit_next(r);
	kw_lit_expect(r, ":");
	return (int)n;
}

/* 0:r1  P0:r1  x  [x]  *x */
static struct kw_lit_loc read_loc(struct kw_lit_reader *r)
{
	struct kw_lit_loc loc = { .thread = -1 };
	bool bracket = kw_lit_accept(r, "[");
	char *name;

	if (r->tok.type == KW_T_NUMBER || at_loc(r))
		loc.thread = read_thread(r);
	kw_lit_accept(r, "*");
	name = kw_lit_take_name(r, "a variable or THREAD:REGISTER");
	if (r->err) {
		g_free(name);
		return loc;
	}
	loc.index = loc.thread < 0 ? kw_lit_var(r, name) :
		kw_lit_reg(r, (unsigned)loc.thread, name);
	if (bracket)
		kw_lit_expect(r, "]");
	g_free(name);
	return loc;
}

static int compare(const void *a, const void *b)
{
	const struct kw_lit_loc *x = a, *y = b;
	unsigned tx = (unsigned)x->thread, ty = (unsigned)y->thread;

	/* registers by thread, then the variables (-1 is the largest) */
	if (tx != ty)
		return tx < ty ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void show(struct kw_lit_reader *r, const struct kw_lit_loc *loc)
{
	unsigned i;

	for (i = 0; i < r->l->shown->len; i++)
		if (!compare(loc, &g_array_index(r->l->shown,
						 struct kw_lit_loc, i)))
			return;
	g_array_append_val(r->l->shown, *loc);
}

/* loc = value, loc = loc */
static int read_atom(struct kw_lit_reader *r)
{
	struct kw_lit_cond c = { .op = KW_C_EQ };
	bool unequal;

	c.loc = read_loc(r);
	show(r, &c.loc);
	unequal = kw_lit_is(r, "!=") || kw_lit_is(r, "<>");
	if (!unequal && !kw_lit_is(r, "=") && !kw_lit_is(r, "==")) {
		kw_lit_unexpected(r, "\"=\"");
		return 0;
	}
	kw_lit_next(r);
	if (at_loc(r) || kw_lit_is(r, "[")) {
		c.op = KW_C_EQ_LOC;
		c.other = read_loc(r);
		show(r, &c.other);
	} else {
		c.value = kw_lit_read_value(r);
	}
	if (!unequal)
		return add(r, &c);
	return make(r, KW_C_NOT, add(r, &c), 0);
}

static int read_not(struct kw_lit_reader *r)
{
	int c;

	if (!kw_lit_enter(r))
		return 0;
	if (kw_lit_accept(r, "~") || kw_lit_accept(r, "!") ||
	    kw_lit_accept(r, "not")) {
		c = make(r, KW_C_NOT, read_not(r), 0);
	} else if (kw_lit_accept(r, "(")) {
		c = read_implies(r);
		kw_lit_expect(r, ")");
	} else if (kw_lit_accept(r, "true")) {
		c = make(r, KW_C_TRUE, 0, 0);
	} else if (kw_lit_accept(r, "false")) {
		c = make(r, KW_C_FALSE, 0, 0);
	} else {
		c = read_atom(r);
	}
	r->depth--;
	return c;
}

static int read_and(struct kw_lit_reader *r)
{
	int c = read_not(r);

	while (kw_lit_accept(r, "/\\") || kw_lit_accept(r, "&&"))
		c = make(r, KW_C_AND, c, read_not(r));
	return c;
}

static int read_or(struct kw_lit_reader *r)
{
	int c = read_and(r);

	while (kw_lit_accept(r, "\\/") || kw_lit_accept(r, "||"))
		c = make(r, KW_C_OR, c, read_and(r));
	return c;
}

static int read_implies(struct kw_lit_reader *r)
{
	int c = read_or(r);

	if (!kw_lit_enter(r))
		return c;
	if (kw_lit_accept(r, "=>"))
		c = make(r, KW_C_IMPLIES, c, read_implies(r));
	r->depth--;
	return c;
}

static void read_locations(struct kw_lit_reader *r)
{
	kw_lit_expect(r, "[");
	while (!r->err && !kw_lit_is(r, "]")) {
		struct kw_lit_loc loc = read_loc(r);

		show(r, &loc);
		while (kw_lit_skip_type(r) || kw_lit_accept(r, "*"))
			;	/* its type, which is not needed */
		if (!kw_lit_accept(r, ";") && !kw_lit_accept(r, ","))
			break;
	}
	kw_lit_expect(r, "]");
	kw_lit_accept(r, ";");
}

/* The text from "from" to "to" in one line. */
static char *one_line(const char *from, const char *to)
{
	GString *s = g_string_new(NULL);

	while (to > from && g_ascii_isspace(to[-1]))
		to--;
	for (; from < to; from++)
		if (!g_ascii_isspace(*from))
			g_string_append_c(s, *from);
		else if (s->len && s->str[s->len - 1] != ' ')
			g_string_append_c(s, ' ');
	return g_string_free(s, FALSE);
}

static void read_final(struct kw_lit_reader *r)
{
	const char *from;
	char *text;

	if (r->tok.type == KW_T_END && !r->err) {	/* none: herd7's */
		r->l->quantifier = KW_Q_FORALL;
		r->l->condition = g_strdup("(true)");
		r->l->cond = make(r, KW_C_TRUE, 0, 0);
		return;
	}
	if (kw_lit_accept(r, "~")) {
		r->l->quantifier = KW_Q_NOT_EXISTS;
		if (!kw_lit_is(r, "exists"))
			kw_lit_unexpected(r, "exists");
	} else if (kw_lit_is(r, "forall")) {
		r->l->quantifier = KW_Q_FORALL;
	} else if (!kw_lit_is(r, "exists")) {
		kw_lit_unexpected(r, "exists, ~exists or forall");
	}
	kw_lit_next(r);
	from = r->tok.at;
	r->l->cond = read_implies(r);
	text = one_line(from, r->tok.at);
	r->l->condition = g_utf8_make_valid(text, -1);
	g_free(text);
}

void kw_lit_read_conditions(struct kw_lit_reader *r)
{
	unsigned nr_shown;

	while (!r->err) {
		if (kw_lit_accept(r, "locations")) {
			read_locations(r);
		} else if (kw_lit_accept(r, "filter")) {
			nr_shown = r->l->shown->len;
			r->l->filter = read_implies(r);
			g_array_set_size(r->l->shown, nr_shown);
		} else {
			break;
		}
	}
	read_final(r);
	kw_lit_accept(r, ";");
	if (!r->err && r->tok.type != KW_T_END)
		kw_lit_unexpected(r, "the end of the file");
	if (!r->err)
		g_array_sort(r->l->shown, compare);
}
