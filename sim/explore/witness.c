/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which interleaving shows what breadth first has found: one with
 * the fewest moves; among these one whose moves change least often from one
 * actor to another; among these one in which the fewest actors take part
 * (ways.h); then the first.  Where nothing was found, which one is the sample.
 *
 * The search itself keeps no way back.  This one looks again, by itself and
 * no further than the level of the last find, and remembers for each state
 * the best ways there.  Levels, and what they hold, are the same.
 */
#include "hunt.h"
#include "inside.h"
#include "numbers.h"
#include "ways.h"

struct candidate {
	struct kw_find find;
	uint32_t state;
	int last;		/* one move more, or -1 */
	unsigned actor;		/* whose */
	unsigned depth;		/* moves in all */
};

#define SAMPLE	(1u << KW_FINDS_NOTHING)

struct again {
	struct kw_hunt *h;
	struct kw_hunter k;
	struct kw_expander x;
	struct kw_numbers numbers;
	struct kw_ways ways;
	uint8_t *states, *next;	/* of this level and the next one's */
	size_t room;		/* states that next has room for */
	uint32_t level_end;	/* number of the first in next */
	unsigned depth;		/* of this level */
	GArray *candidates;	/* of this level */
	unsigned wanted;	/* bit p: property p, or SAMPLE */
	struct candidate dull;	/* the sample if there is none better */
	bool has_dull;
	/* Where states that differ in who is who are one. */
	struct kw_canon *canon;
	uint8_t *after;
	uint16_t *to;		/* [unit]: what it is called there */
};

static void add_state(struct again *g, uint32_t number, const uint8_t *s)
{
	size_t at = number - g->level_end, size = g->h->size;

	if (at >= g->room) {
		g->room = 2 * g->room + 64;
		g->next = g_realloc(g->next, g->room * size);
	}
	memcpy(g->next + at * size, s, size);
}

static void add_candidate(struct again *g, const struct kw_find *f,
			  uint32_t state, int last, unsigned actor)
{
	struct candidate c = {
		.find = *f, .state = state, .last = last, .actor = actor,
		.depth = g->depth + (last >= 0 || state >= g->level_end),
	};

	g_array_append_val(g->candidates, c);
}

/* Who takes part, by the names that they have in the child. */
static uint64_t renamed(const struct again *g, uint64_t actors)
{
	uint64_t by = actors & kw_way_bit(63);
	unsigned a;

	for (actors &= ~by; actors; actors &= actors - 1) {
		a = (unsigned)__builtin_ctzll(actors);
		by |= kw_way_bit(g->to[a]);
	}
	return by;
}

/* The ways to state n go on by move i to state `to`. */
static void go_on(struct again *g, uint32_t n, unsigned i, uint32_t to)
{
	const struct kw_made *by = g->x.children[i].by;
	unsigned actor = by->move.actor;
	struct kw_seen_by_move seen;
	struct kw_way way;
	uint32_t k;

	if (g->canon) {
		memcpy(g->after, g->x.cur, g->h->size);
		kw_world_apply(g->k.w, g->after, &by->move, &seen);
		kw_canon_order(g->canon, g->after, g->to);
	}
	for (k = kw_ways_of(&g->ways, n); k; k = kw_way(&g->ways, k)->next) {
		way = *kw_way(&g->ways, k);
		way.from = k;
		way.move = (uint16_t)i;
		way.changes += way.last != actor;
		way.actors |= kw_way_bit(actor);
		way.last = (uint16_t)actor;
		way.dull &= !(by->seen && by->seen->exposed);
		if (g->canon) {
			way.actors = renamed(g, way.actors);
			way.last = g->to[actor];
		}
		kw_ways_add(&g->ways, to, &way);
	}
}

/* Child i of state n. */
static void look_at(struct again *g, uint32_t n, unsigned i)
{
	struct kw_expander *x = &g->x;
	const struct kw_child *c = &x->children[i];
	const struct kw_seen_by_move *seen = c->by->seen;
	struct kw_find f;
	unsigned slot_nr = 0, p;
	uint32_t to;
	bool new;

	for (p = 0; seen && kw_hunt_move(&g->k, seen, &p, &f);)
		add_candidate(g, &f, n, (int)i, c->by->move.actor);
	if (seen && seen->failed)
		return;
	new = kw_numbers_add(&g->numbers, c->fp, &to);
	if (to >= g->level_end)
		go_on(g, n, i, to);
	if (!new)
		return;
	kw_child_enter(x->cur, c->by);
	add_state(g, to, x->cur);
	while (kw_hunt_state(&g->k, x->cur, c->fp, &slot_nr, &f))
		add_candidate(g, &f, to, -1, 0);
	kw_child_leave(x->cur, c->by);
}

/* State n has no moves: a sample. */
static void add_sample(struct again *g, uint32_t n)
{
	struct kw_find f = {
		.what = KW_FINDS_NOTHING, .witness = { .vcpu = -1 },
	};

	if (!kw_way(&g->ways, kw_ways_best(&g->ways, n))->dull) {
		add_candidate(g, &f, n, -1, 0);
	} else if (!g->has_dull) {
		g->dull = (struct candidate){ .find = f, .state = n,
					      .last = -1 };
		g->has_dull = true;
	}
}

static void visit(struct again *g, uint32_t n, const uint8_t *s)
{
	struct kw_expander *x = &g->x;
	struct kw_find f;
	unsigned i;

	kw_expander_begin(x);
	kw_expander_set(x, s, g->numbers.fp[n]);
	kw_expander_make(x);
	kw_world_note_orders(g->k.w, x->cur, ~UINT64_C(0));
	if (!x->nr && kw_hunt_end(&g->k, x->cur, &f))
		add_candidate(g, &f, n, -1, 0);
	if (kw_hunt_orders(&g->k, &f))
		add_candidate(g, &f, n, -1, 0);
	if (!x->nr && g->wanted & SAMPLE)
		add_sample(g, n);
	for (i = 0; i < x->nr; i++)
		look_at(g, n, i);
}

/* Its best way, with the last move; and which way that goes on from. */
static struct kw_way way_of(const struct again *g, const struct candidate *c,
			    uint32_t *from)
{
	struct kw_way best = { .changes = UINT16_MAX }, way;
	uint32_t k;

	*from = kw_ways_best(&g->ways, c->state);
	if (c->last < 0)
		return *kw_way(&g->ways, *from);
	for (k = kw_ways_of(&g->ways, c->state); k; k = way.next) {
		way = *kw_way(&g->ways, k);
		way.changes += way.last != c->actor;
		way.actors |= kw_way_bit(c->actor);
		way.dull = false;
		if (kw_way_compare(&way, &best) >= 0)
			continue;
		best = way;
		*from = k;
	}
	return best;
}

static bool is_better(const struct again *g, const struct candidate *a,
		      const struct candidate *b)
{
	struct kw_way of_a, of_b;
	uint32_t from;

	if (a->depth != b->depth)
		return a->depth < b->depth;
	of_a = way_of(g, a, &from);
	of_b = way_of(g, b, &from);
	return kw_way_compare(&of_a, &of_b) < 0;
}

/* The moves of its best way. */
static void keep(struct again *g, const struct candidate *c)
{
	uint8_t *s = g_memdup2(g->h->start, g->h->size);
	struct kw_seen_by_move seen;
	struct kw_move *moves;
	unsigned nr, i;
	uint32_t from;
	uint16_t *way;

	way_of(g, c, &from);
	way = kw_way_moves(&g->ways, from, &nr);
	if (c->last >= 0)
		way[nr++] = (uint16_t)c->last;
	moves = g_new(struct kw_move, nr + 1);
	for (i = 0; i < nr; i++) {
		kw_expander_begin(&g->x);
		kw_expander_set(&g->x, s, 0);
		kw_expander_make(&g->x);
		moves[i] = g->x.children[way[i]].by->move;
		kw_world_apply(g->h->w, s, &moves[i], &seen);
		if (g->x.canon)
			kw_canon_order(g->x.canon, s, NULL);
	}
	kw_hunt_found(g->h, &c->find, moves, nr);
	g_free(way);
	g_free(s);
}

static void choose(struct again *g)
{
	const struct candidate *best[KW_FINDS_NOTHING + 1] = { NULL }, *c;
	unsigned i, p;

	for (i = 0; i < g->candidates->len; i++) {
		c = &g_array_index(g->candidates, struct candidate, i);
		p = c->find.what;
		if (!best[p] || is_better(g, c, best[p]))
			best[p] = c;
	}
	for (p = 0; p <= KW_FINDS_NOTHING; p++)
		if (best[p])
			keep(g, best[p]);
	for (i = 0; i < g->candidates->len; i++) {
		c = &g_array_index(g->candidates, struct candidate, i);
		if (c->find.cycle)
			g_array_unref(c->find.cycle);
	}
	g_array_set_size(g->candidates, 0);
}

static void levels(struct again *g)
{
	size_t size = g->h->size;
	uint32_t n = 0, first;

	for (; g->wanted & ~g->h->found; g->depth++) {
		if (n == g->numbers.nr) {
			g_assert(g->wanted == SAMPLE);
			if (g->has_dull)
				keep(g, &g->dull);
			return;
		}
		first = n;
		g->level_end = g->numbers.nr;
		g_free(g->states);
		g->states = g->next;
		g->next = NULL;
		g->room = 0;
		for (; n < g->level_end; n++)
			visit(g, n, g->states + (n - first) * size);
		choose(g);
	}
}

static void begin(struct again *g)
{
	struct kw_way way = { .last = UINT16_MAX };
	struct kw_hunt *h = g->h;
	unsigned slot_nr = 0;
	struct kw_find f;
	uint32_t first;
	uint64_t fp;

	kw_hunter_init(&g->k, h);
	kw_expander_init(&g->x, g->k.w);
	kw_numbers_init(&g->numbers);
	kw_ways_init(&g->ways, h->opts->max_bytes);
	g->candidates = g_array_new(FALSE, FALSE, sizeof(struct candidate));
	g->canon = kw_canon_new(h->w->symmetry);
	if (g->canon) {
		g->after = g_malloc(h->size);
		g->to = g_new(uint16_t, h->w->symmetry->nr_units);
	}
	/* Else there is nothing to prefer. */
	way.dull = g->wanted == SAMPLE && h->res->exposed;
	fp = kw_fingerprint(h->start, h->size);
	kw_numbers_add(&g->numbers, fp, &first);
	add_state(g, first, h->start);
	kw_ways_add(&g->ways, first, &way);
	while (kw_hunt_state(&g->k, h->start, fp, &slot_nr, &f)) {
		struct candidate c = { .find = f, .last = -1 };

		g_array_append_val(g->candidates, c);
	}
}

void kw_hunt_witnesses(struct kw_hunt *h)
{
	struct again *g;
	unsigned wanted = h->found;

	if (!wanted && h->opts->sample && h->res->complete && h->res->ends)
		wanted = SAMPLE;
	if (!wanted)
		return;
	h->found = ~wanted;
	g = g_new0(struct again, 1);
	g->h = h;
	g->wanted = wanted;
	begin(g);
	levels(g);
	h->res->rough = g->ways.rough;
	g->k.states = g->k.transitions = g->k.ends = 0;
	kw_hunter_end(&g->k);
	kw_expander_free(&g->x);
	kw_numbers_free(&g->numbers);
	kw_ways_free(&g->ways);
	kw_canon_free(g->canon);
	g_array_free(g->candidates, TRUE);
	g_free(g->states);
	g_free(g->next);
	g_free(g->after);
	g_free(g->to);
	g_free(g);
}
