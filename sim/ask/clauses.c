/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which tables are still possible.
 *
 * Branch and bound: begin with the usual value everywhere.  A clause that
 * this violates is repaired by changing one of its cells, in every way, or by
 * giving up whose it is.  A cell is changed at most once, and a way that was
 * tried is closed for the next.  The clause with the fewest repairs is first.
 */
#include <string.h>
#include "ask.h"

struct solving {
	struct kw_solve *s;
	uint8_t usual;
	uint8_t cell[KW_ASK_CELLS];	/* FREE: the usual, may be changed */
	bool *given_up;			/* [from] */
	uint64_t cost, best;
	bool found;
};

static uint8_t value(const struct solving *v, unsigned c)
{
	return v->cell[c] == KW_ASK_FREE ? v->usual : v->cell[c];
}

/* How a clause can be repaired: in so many ways; -1: it holds. */
static int repairs(const struct solving *v, const struct kw_clause *k)
{
	int n = v->s->price[k->from] != 0;
	unsigned c;

	if (v->given_up[k->from])
		return -1;
	for (c = 0; c < KW_ASK_CELLS; c++) {
		if (k->want[c] == value(v, c))
			return -1;
		n += k->want[c] != KW_ASK_FREE && v->cell[c] == KW_ASK_FREE;
	}
	return n;
}

static const struct kw_clause *most_urgent(const struct solving *v)
{
	const struct kw_clause *urgent = NULL;
	int n, least = G_MAXINT;
	unsigned i;

	for (i = 0; i < v->s->clauses->len; i++) {
		const struct kw_clause *k = &g_array_index(
			v->s->clauses, struct kw_clause, i);

		n = repairs(v, k);
		if (n < 0 || n >= least)
			continue;
		least = n;
		urgent = k;
	}
	return urgent;
}

static void keep(struct solving *v)
{
	unsigned c;

	for (c = 0; c < KW_ASK_CELLS; c++)
		v->s->table[c] = value(v, c);
	memcpy(v->s->given_up, v->given_up, v->s->nr_from);
	v->best = v->cost;
	v->found = true;
}

static void search(struct solving *v)
{
	const struct kw_clause *k = most_urgent(v);
	uint8_t before[KW_ASK_CELLS];
	unsigned c, price;

	if (v->found && v->cost >= v->best)
		return;
	if (!k) {
		keep(v);
		return;
	}
	memcpy(before, v->cell, sizeof(before));
	for (c = 0; c < KW_ASK_CELLS; c++) {
		if (k->want[c] == KW_ASK_FREE || v->cell[c] != KW_ASK_FREE)
			continue;
		v->cell[c] = k->want[c];
		v->cost++;
		search(v);
		v->cost--;
		v->cell[c] = v->usual;
	}
	price = v->s->price[k->from];
	if (price) {
		v->given_up[k->from] = true;
		v->cost += price;
		search(v);
		v->cost -= price;
		v->given_up[k->from] = false;
	}
	memcpy(v->cell, before, sizeof(before));
}

bool kw_ask_solve(struct kw_solve *s)
{
	struct solving v = {
		.s = s, .usual = s->most ? KW_ASK_TRUE : KW_ASK_FALSE,
		.given_up = g_new0(bool, s->nr_from + 1),
	};

	memcpy(v.cell, s->fixed, sizeof(v.cell));
	memcpy(v.given_up, s->given_up, s->nr_from);
	search(&v);
	g_free(v.given_up);
	return v.found;
}
