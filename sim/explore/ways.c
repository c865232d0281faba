/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which ways to a state are kept; see ways.h. */
#include "ways.h"

void kw_ways_init(struct kw_ways *w, uint64_t max_bytes)
{
	*w = (struct kw_ways){
		.ways = g_array_new(FALSE, TRUE, sizeof(struct kw_way)),
		.first = g_array_new(FALSE, TRUE, sizeof(uint32_t)),
		.max_bytes = max_bytes,
	};
	g_array_set_size(w->ways, 1);
}

void kw_ways_free(struct kw_ways *w)
{
	g_array_free(w->ways, TRUE);
	g_array_free(w->first, TRUE);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int kw_way_compare(const struct kw_way *a, const struct kw_way *b)
{
	int c = compare(a->dull, b->dull);

	if (!c)
		c = compare(a->changes, b->changes);
	return c ? c : compare((uint64_t)__builtin_popcountll(a->actors),
			       (uint64_t)__builtin_popcountll(b->actors));
}

/* However both go on, is a no worse? */
static bool is_as_good(const struct kw_way *a, const struct kw_way *b)
{
	/* Who has moved last need not be changed to. */
	unsigned more = a->last != b->last;

	if (a->dull > b->dull || a->changes + more > b->changes)
		return false;
	return a->changes + more < b->changes || !(a->actors & ~b->actors);
}

/* Where a way to this state is written, or NULL: it is not worth it. */
static struct kw_way *place(struct kw_ways *w, uint32_t state,
			    const struct kw_way *way)
{
	unsigned most = w->rough ? 1 : KW_MOST_WAYS, nr = 0;
	struct kw_way *worst = NULL, *x, new = { .next = 0 };
	uint32_t i;

	for (i = kw_ways_of(w, state); i; i = x->next, nr++) {
		x = kw_way(w, i);
		if (is_as_good(x, way))
			return NULL;
		if (!worst || kw_way_compare(x, worst) > 0)
			worst = x;
		if (is_as_good(way, x))
			return x;
	}
	if (nr >= most)
		return kw_way_compare(way, worst) < 0 ? worst : NULL;
	new.next = kw_ways_of(w, state);
	if (state >= w->first->len)
		g_array_set_size(w->first, state + 1);
	g_array_index(w->first, uint32_t, state) = w->ways->len;
	g_array_append_val(w->ways, new);
	return kw_way(w, w->ways->len - 1);
}

/* Ways that this one, of the same state, is as good as are no more. */
static void drop_others(struct kw_ways *w, uint32_t state,
			const struct kw_way *than)
{
	uint32_t *at = &g_array_index(w->first, uint32_t, state);
	struct kw_way *x;

	while (*at) {
		x = kw_way(w, *at);
		if (x != than && is_as_good(than, x))
			*at = x->next;
		else
			at = &x->next;
	}
}

void kw_ways_add(struct kw_ways *w, uint32_t state, const struct kw_way *way)
{
	struct kw_way *at;
	uint32_t next;

	w->rough |= w->max_bytes &&
		    w->ways->len * sizeof(*way) > w->max_bytes;
	at = place(w, state, way);
	if (!at)
		return;
	next = at->next;
	*at = *way;
	at->next = next;
	drop_others(w, state, at);
}

uint32_t kw_ways_best(const struct kw_ways *w, uint32_t state)
{
	uint32_t best = kw_ways_of(w, state), i;

	for (i = best; i; i = kw_way(w, i)->next)
		if (kw_way_compare(kw_way(w, i), kw_way(w, best)) < 0)
			best = i;
	return best;
}

uint16_t *kw_way_moves(const struct kw_ways *w, uint32_t way, unsigned *nr)
{
	uint16_t *moves;
	uint32_t i;

	for (*nr = 0, i = way; kw_way(w, i)->from; i = kw_way(w, i)->from)
		++*nr;
	moves = g_new(uint16_t, *nr + 1);
	for (i = *nr; i-- > 0; way = kw_way(w, way)->from)
		moves[i] = kw_way(w, way)->move;
	return moves;
}
