/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which states and moves a graph has; see graph.h. */
#include "graph.h"
#include "inside.h"

struct building {
	struct kw_graph *g;
	struct kw_hunt *h;
	struct kw_expander x;
	uint8_t *level, *next;		/* the states of two levels */
	uint64_t room;			/* states that next has room for */
	uint32_t next_first;		/* number of the first in next */
};

static uint64_t bytes(const struct building *b)
{
	return kw_numbers_bytes(&b->g->numbers) +
	       b->g->max_nodes * sizeof(*b->g->nodes) +
	       b->g->max_edges * sizeof(*b->g->edges) +
	       2 * b->room * b->h->size;
}

static uint64_t away(const struct kw_world *w, const uint8_t *s)
{
	uint64_t all = 0;
	unsigned v, run;

	for (v = 0; v < w->nr_vcpus && v < 64; v++) {
		if (w->thread_of[v] == KW_NO_ACTOR)
			continue;
		run = kw_block(w, s, w->thread_of[v])->run;
		if (run == KW_ASLEEP || run == KW_IN_GUEST)
			all |= UINT64_C(1) << v;
	}
	return all;
}

static void add_state(struct building *b, uint32_t number, uint32_t parent,
		      unsigned move, const uint8_t *s)
{
	struct kw_graph *g = b->g;
	uint64_t at = number - b->next_first;

	if (number + UINT64_C(1) >= g->max_nodes) {
		g->max_nodes = 2 * g->max_nodes + 1024;
		g->nodes = g_renew(struct kw_graph_node, g->nodes,
				   g->max_nodes);
	}
	g->nodes[number] = (struct kw_graph_node){
		.away = away(g->w, s), .parent = parent,
		.move = (uint16_t)move,
	};
	if (at >= b->room) {
		b->room = 2 * b->room + 64;
		b->next = g_realloc(b->next, b->room * b->h->size);
	}
	memcpy(b->next + at * b->h->size, s, b->h->size);
}

static void add_edge(struct kw_graph *g, const struct kw_edge *e)
{
	if (g->nr_edges == g->max_edges) {
		g->max_edges = 2 * g->max_edges + 4096;
		g->edges = g_renew(struct kw_edge, g->edges, g->max_edges);
	}
	g->edges[g->nr_edges++] = *e;
}

/* Child i of state n, as an edge to nowhere. */
static struct kw_edge edge_of(const struct kw_expander *x, unsigned i)
{
	const struct kw_world *w = x->w;
	const struct kw_move *m = &x->children[i].by->move;
	const struct kw_seen_by_move *seen = x->children[i].by->seen;
	unsigned pc = kw_block(w, x->cur, m->actor)->pc;
	struct kw_edge e = {
		.agent = (uint16_t)kw_agent(m), .woken = -1,
		.choice = (uint8_t)m->choice,
	};

	if (m->type == KW_STEP && (w->node[pc] & KW_N_FORKS))
		e.fork = (uint16_t)pc;
	if (seen) {
		e.progress = seen->progress || seen->failed;
		e.woken = (int8_t)seen->woken;
	}
	return e;
}

static void add_child(struct building *b, uint32_t n, unsigned i)
{
	struct kw_expander *x = &b->x;
	const struct kw_child *c = &x->children[i];
	struct kw_edge e = edge_of(x, i);

	if (c->by->seen && c->by->seen->failed) {
		e.to = n;
	} else if (kw_numbers_add(&b->g->numbers, c->fp, &e.to)) {
		kw_child_enter(x->cur, c->by);
		add_state(b, e.to, n, i, x->cur);
		kw_child_leave(x->cur, c->by);
	}
	if (!c->by->move.slow && c->by->move.type != KW_FIRE)
		add_edge(b->g, &e);
}

/* The states from b->next_first on; false: no further. */
static bool visit_level(struct building *b)
{
	struct kw_graph *g = b->g;
	uint32_t n = b->next_first, end = g->numbers.nr;
	const struct kw_search_opts *o = b->h->opts;
	uint8_t *s = b->next;
	unsigned i;

	g_free(b->level);
	b->level = b->next;
	b->next = NULL;
	b->room = 0;
	b->next_first = end;
	for (; n < end; n++, s += b->h->size) {
		g->nodes[n].first = g->nr_edges;
		kw_expander_begin(&b->x);
		kw_expander_set(&b->x, s, g->numbers.fp[n]);
		kw_expander_make(&b->x);
		for (i = 0; i < b->x.nr; i++)
			add_child(b, n, i);
		if (n % 1024 == 0 && ((o->max_bytes &&
				       bytes(b) > o->max_bytes) ||
				      (o->stop && *o->stop)))
			return false;
	}
	return g->numbers.nr < UINT32_MAX - 1;
}

bool kw_graph_build(struct kw_graph *g, struct kw_hunter *k)
{
	struct building b = { .g = g, .h = k->h };
	uint64_t fp = kw_fingerprint(b.h->start, b.h->size);
	bool whole = true;
	uint32_t first;

	*g = (struct kw_graph){
		.w = k->w, .nr_agents = 4 * k->w->p->nr_actors,
	};
	kw_numbers_init(&g->numbers);
	kw_expander_init(&b.x, k->w);
	b.x.every = true;
	kw_numbers_add(&g->numbers, fp, &first);
	add_state(&b, first, 0, 0, b.h->start);
	while (whole && b.next_first < g->numbers.nr)
		whole = visit_level(&b);
	g->nodes[g->numbers.nr].first = g->nr_edges;
	kw_expander_free(&b.x);
	g_free(b.level);
	g_free(b.next);
	return whole;
}

void kw_graph_free(struct kw_graph *g)
{
	kw_numbers_free(&g->numbers);
	g_free(g->nodes);
	g_free(g->edges);
}

void kw_graph_move(struct kw_graph *g, struct kw_expander *x, uint8_t *s,
		   uint32_t n, const struct kw_edge *e, struct kw_move *move)
{
	struct kw_seen_by_move seen;
	unsigned i;

	kw_expander_begin(x);
	kw_expander_set(x, s, g->numbers.fp[n]);
	kw_expander_make(x);
	for (i = 0; i < x->nr; i++) {
		struct kw_edge is = edge_of(x, i);

		if (x->children[i].fp == g->numbers.fp[e->to] &&
		    is.agent == e->agent && is.fork == e->fork &&
		    is.choice == e->choice && !x->children[i].by->move.slow)
			break;
	}
	g_assert(i < x->nr);
	*move = x->children[i].by->move;
	kw_world_apply(g->w, s, move, &seen);
}
