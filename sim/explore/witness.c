/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which interleaving shows what breadth first has found: one with
 * the fewest moves; among these one whose moves change least often from one
 * actor to another, as far as the first found ways to each state tell; then
 * the first.  Where nothing was found, which one is the sample.
 *
 * The search itself keeps no way back.  This one looks again, by itself and
 * no further than the level of the last find, and remembers for each state
 * the best way there.  Levels, and what they hold, are the same.
 */
#include "expand.h"
#include "hunt.h"
#include "symmetry.h"

struct node {
	uint64_t fp;
	uint32_t parent;
	uint16_t move, actor;	/* the move from there, and whose it is */
	uint16_t changes;	/* of actor, so far */
	bool dull;		/* for a sample: SPEC held in no wait so far */
};

struct candidate {
	struct kw_find find;
	uint32_t node;
	int last;		/* one move more, or -1 */
	unsigned changes;
};

#define SAMPLE	(1u << KW_FINDS_NOTHING)

struct again {
	struct kw_hunt *h;
	struct kw_hunter k;
	struct kw_expander x;
	GArray *nodes;		/* in the order of their levels */
	uint32_t *at;		/* [slot]: node + 1, by fingerprint */
	uint64_t nr_slots;
	uint8_t *states, *next;	/* of this level's nodes and the next one's */
	size_t room;		/* states that next has room for */
	uint32_t level_end;
	GArray *candidates;	/* of this level */
	unsigned wanted;	/* bit p: property p, or SAMPLE */
	struct candidate dull;	/* the sample if there is none better */
	bool has_dull;
};

static struct node *node(const struct again *g, uint32_t n)
{
	return &g_array_index(g->nodes, struct node, n);
}

/* Where fp is, or where it goes. */
static uint32_t *slot(const struct again *g, uint64_t fp)
{
	uint64_t i = fp & (g->nr_slots - 1);

	while (g->at[i] && node(g, g->at[i] - 1)->fp != fp)
		i = (i + 1) & (g->nr_slots - 1);
	return &g->at[i];
}

static void grow(struct again *g)
{
	uint32_t n;

	g_free(g->at);
	g->nr_slots = g->nr_slots ? 2 * g->nr_slots : 4096;
	g->at = g_new0(uint32_t, g->nr_slots);
	for (n = 0; n < g->nodes->len; n++)
		*slot(g, node(g, n)->fp) = n + 1;
}

static void add_node(struct again *g, const struct node *n, const uint8_t *s)
{
	size_t at = g->nodes->len - g->level_end, size = g->h->size;

	if (2 * ((uint64_t)g->nodes->len + 1) > g->nr_slots)
		grow(g);
	if (at == g->room) {
		g->room = 2 * g->room + 64;
		g->next = g_realloc(g->next, g->room * size);
	}
	memcpy(g->next + at * size, s, size);
	*slot(g, n->fp) = g->nodes->len + 1;
	g_array_append_val(g->nodes, *n);
}

static void add_candidate(struct again *g, const struct kw_find *f,
			  uint32_t n, int last, unsigned changes)
{
	struct candidate c = { *f, n, last, changes };

	g_array_append_val(g->candidates, c);
}

/* Is it the better way to a state of the same level? */
static bool is_better(const struct node *a, const struct node *b)
{
	return a->dull == b->dull ? a->changes < b->changes : b->dull;
}

/* Child i of state n. */
static void look_at(struct again *g, uint32_t n, unsigned i)
{
	struct kw_expander *x = &g->x;
	const struct kw_child *c = &x->children[i];
	const struct kw_seen_by_move *seen = c->by->seen;
	struct node new = {
		.fp = c->fp, .parent = n, .move = (uint16_t)i,
		.actor = c->by->move.actor,
	};
	struct kw_find f;
	unsigned slot_nr = 0, p;
	uint32_t *at;

	new.changes = (uint16_t)MIN(UINT16_MAX, node(g, n)->changes +
				    (node(g, n)->actor != new.actor));
	new.dull = node(g, n)->dull && !(seen && seen->exposed);
	for (p = 0; seen && kw_hunt_move(&g->k, seen, &p, &f);)
		add_candidate(g, &f, n, (int)i, new.changes);
	if (seen && seen->failed)
		return;
	at = slot(g, c->fp);
	if (*at && *at - 1 >= g->level_end &&
	    is_better(&new, node(g, *at - 1)))
		*node(g, *at - 1) = new;
	if (*at)
		return;
	kw_child_enter(x->work, c->by);
	add_node(g, &new, x->work);
	while (kw_hunt_state(&g->k, x->work, c->fp, &slot_nr, &f))
		add_candidate(g, &f, g->nodes->len - 1, -1, 0);
	kw_child_leave(x->work, c->by);
}

/* State n has no moves: a sample. */
static void add_sample(struct again *g, uint32_t n)
{
	struct kw_find f = {
		.what = KW_FINDS_NOTHING, .witness = { .vcpu = -1 },
	};

	if (!node(g, n)->dull) {
		add_candidate(g, &f, n, -1, 0);
	} else if (!g->has_dull) {
		g->dull = (struct candidate){ .find = f, .node = n,
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
	kw_expander_set(x, s, node(g, n)->fp);
	kw_expander_make(x);
	if (!x->nr && kw_hunt_end(&g->k, x->work, &f))
		add_candidate(g, &f, n, -1, 0);
	if (kw_hunt_orders(&g->k, &f))
		add_candidate(g, &f, n, -1, 0);
	if (!x->nr && g->wanted & SAMPLE)
		add_sample(g, n);
	for (i = 0; i < x->nr; i++)
		look_at(g, n, i);
}

static unsigned depth_of(const struct again *g, uint32_t n)
{
	unsigned depth = 0;

	for (; n; n = node(g, n)->parent)
		depth++;
	return depth;
}

/* The moves to node n, and one more unless last is -1. */
static void keep(struct again *g, const struct candidate *c)
{
	unsigned depth = depth_of(g, c->node), nr = depth + (c->last >= 0), i;
	struct kw_move *moves = g_new(struct kw_move, nr + 1);
	uint8_t *s = g_memdup2(g->h->start, g->h->size);
	uint16_t *way = g_new(uint16_t, nr + 1);
	struct kw_seen_by_move seen;
	uint32_t n = c->node;

	way[nr - (nr > 0)] = (uint16_t)c->last;
	for (i = depth; i-- > 0; n = node(g, n)->parent)
		way[i] = node(g, n)->move;
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

/* Fewest moves, then fewest changes of actor. */
static uint64_t cost(const struct again *g, const struct candidate *c)
{
	unsigned changes = c->last >= 0 ? c->changes :
					  node(g, c->node)->changes;

	return (uint64_t)(depth_of(g, c->node) + (c->last >= 0)) << 32 |
	       changes;
}

static void choose(struct again *g)
{
	const struct candidate *best[KW_FINDS_NOTHING + 1] = { NULL }, *c;
	unsigned i, p;

	for (i = 0; i < g->candidates->len; i++) {
		c = &g_array_index(g->candidates, struct candidate, i);
		p = c->find.what;
		if (!best[p] || cost(g, c) < cost(g, best[p]))
			best[p] = c;
	}
	for (p = 0; p <= KW_FINDS_NOTHING; p++)
		if (best[p])
			keep(g, best[p]);
	g_array_set_size(g->candidates, 0);
}

static void levels(struct again *g)
{
	size_t size = g->h->size;
	uint32_t n = 0, first;

	while (g->wanted & ~g->h->found) {
		if (n == g->nodes->len) {
			g_assert(g->wanted == SAMPLE);
			if (g->has_dull)
				keep(g, &g->dull);
			return;
		}
		first = n;
		g->level_end = g->nodes->len;
		g_free(g->states);
		g->states = g->next;
		g->next = NULL;
		g->room = 0;
		for (; n < g->level_end; n++)
			visit(g, n, g->states + (n - first) * size);
		choose(g);
	}
}

void kw_hunt_witnesses(struct kw_hunt *h)
{
	struct node start = { .actor = UINT16_MAX };
	struct again *g;
	struct kw_find f;
	unsigned slot_nr = 0, wanted = h->found;

	if (!wanted && h->opts->sample && h->res->complete && h->res->ends)
		wanted = SAMPLE;
	if (!wanted)
		return;
	h->found = ~wanted;
	g = g_new0(struct again, 1);
	g->h = h;
	g->wanted = wanted;
	kw_hunter_init(&g->k, h);
	kw_expander_init(&g->x, g->k.w);
	g->nodes = g_array_new(FALSE, FALSE, sizeof(struct node));
	g->candidates = g_array_new(FALSE, FALSE, sizeof(struct candidate));
	start.dull = h->res->exposed;	/* else there is nothing to prefer */
	start.fp = kw_fingerprint(h->start, h->size);
	add_node(g, &start, h->start);
	while (kw_hunt_state(&g->k, h->start, start.fp, &slot_nr, &f))
		add_candidate(g, &f, 0, -1, 0);
	levels(g);
	g->k.states = g->k.transitions = g->k.ends = 0;
	kw_hunter_end(&g->k);
	kw_expander_free(&g->x);
	g_array_free(g->nodes, TRUE);
	g_array_free(g->candidates, TRUE);
	g_free(g->at);
	g_free(g->states);
	g_free(g->next);
	g_free(g);
}
