/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides whether locks are taken in an order; see orders.h. */
#include "../machine/step.h"
#include "orders.h"
#include "symmetry.h"

struct kw_locks {
	const struct kw_program *p;
	uint16_t *addr;			/* [lock] */
	uint16_t *kind;			/* [lock]: of locks, from 1 on */
	uint16_t *at;			/* [address]: lock + 1, or 0 */
	GArray *kinds;			/* uint32_t: kind of object, field */
	unsigned nr;
	const struct kw_symmetry *alike;	/* or NULL */
};

/* What was noted lately: of an actor that stands there and holds these. */
#define NOTED	64			/* a power of 2 */
struct noted {
	uint64_t who;			/* 0: nothing was */
	uint64_t holds;			/* bit i: lock i */
};

struct kw_orders {
	const struct kw_locks *l;
	struct noted noted[NOTED];
	GArray *edges;			/* struct kw_order */
	GArray *swaps;			/* int, [edge]: it was not seen, but
					   what this swap makes of it; or -1 */
	uint16_t *between;		/* [kind][kind]: edge + 1, or 0 */
	unsigned asked;			/* edges when it was last asked for a
					   cycle */
};

static void add_lock(struct kw_locks *l, unsigned addr, unsigned kind)
{
	l->addr = g_renew(uint16_t, l->addr, l->nr + 1);
	l->kind = g_renew(uint16_t, l->kind, l->nr + 1);
	l->addr[l->nr] = (uint16_t)addr;
	l->kind[l->nr] = (uint16_t)kind;
	l->at[addr] = (uint16_t)++l->nr;
}

/* Of field f of objects of that kind, from 1 on. */
static unsigned kind_number(struct kw_locks *l, unsigned kind, unsigned f)
{
	uint32_t is = kind << 16 | f;
	unsigned i;

	for (i = 0; i < l->kinds->len; i++)
		if (g_array_index(l->kinds, uint32_t, i) == is)
			return i + 1;
	g_array_append_val(l->kinds, is);
	return l->kinds->len;
}

struct kw_locks *kw_locks_new(const struct kw_program *p)
{
	struct kw_locks *l = g_new0(struct kw_locks, 1);
	unsigned i, f;

	l->p = p;
	l->at = g_new0(uint16_t, p->objects_size + 8);
	l->kinds = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (i = 0; i < p->nr_objects; i++) {
		const struct kw_object *o = &p->objects[i];
		const struct kw_kind *k = &p->kinds[o->kind];

		for (f = 0; f < k->nr_fields; f++)
			if (k->fields[f].type == KW_LOCK)
				add_lock(l, o->addr + k->fields[f].off,
					 kind_number(l, o->kind, f));
	}
	return l;
}

void kw_locks_free(struct kw_locks *l)
{
	g_free(l->addr);
	g_free(l->kind);
	g_free(l->at);
	g_array_free(l->kinds, TRUE);
	g_free(l);
}

void kw_locks_alike(struct kw_locks *l, const struct kw_symmetry *y)
{
	l->alike = y;
}

bool kw_locks_concern(const struct kw_locks *l, const struct kw_node *n)
{
	return l->nr && (n->op == KW_OP_LOCK || n->op == KW_OP_IRQ_ON);
}

static unsigned kind_of(const struct kw_locks *l, unsigned addr)
{
	return addr == KW_IN_IRQ ? 0 : l->kind[l->at[addr] - 1];
}

unsigned kw_locks_show(const struct kw_locks *l, const uint8_t *s,
		       unsigned a, struct kw_order of[KW_MAX_ORDERS])
{
	const struct kw_actor *ac = &l->p->actors[a];
	const struct kw_actor_state *st = (const void *)(s + ac->base);
	const struct kw_node *n = &l->p->nodes[st->pc];
	struct kw_order e = { .actor = (uint16_t)a, .node = st->pc };
	unsigned to = st->regs[n->reg] + (unsigned)n->off, nr = 0, i;
	bool takes = n->op == KW_OP_LOCK;

	if (!kw_locks_concern(l, n) || (takes && !l->at[to]))
		return 0;
	e.to = (uint16_t)(takes ? to : KW_IN_IRQ);
	for (i = 0; i < l->nr && nr + 2 < KW_MAX_ORDERS; i++) {
		e.from = l->addr[i];
		if (kw_get16(s, e.from) == a + 1 && e.from != e.to)
			of[nr++] = e;
	}
	if (takes && ac->type == KW_HARDIRQ) {
		e.from = KW_IN_IRQ;
		of[nr++] = e;
	} else if (takes && ac->type == KW_THREAD && !st->irq_off) {
		e.from = e.to;
		e.to = KW_IN_IRQ;
		of[nr++] = e;
	}
	return nr;
}

struct kw_orders *kw_orders_new(const struct kw_locks *l)
{
	struct kw_orders *o = g_new0(struct kw_orders, 1);
	unsigned n = l->kinds->len + 1;

	o->l = l;
	o->edges = g_array_new(FALSE, FALSE, sizeof(struct kw_order));
	o->swaps = g_array_new(FALSE, FALSE, sizeof(int));
	o->between = g_new0(uint16_t, n * n);
	return o;
}

void kw_orders_free(struct kw_orders *o)
{
	if (!o)
		return;
	g_array_free(o->edges, TRUE);
	g_array_free(o->swaps, TRUE);
	g_free(o->between);
	g_free(o);
}

static const struct kw_order *edge(const struct kw_orders *o, unsigned i)
{
	return &g_array_index(o->edges, struct kw_order, i);
}

/* Among locks of one kind: its number, or -1. */
static int find(const struct kw_orders *o, const struct kw_order *e)
{
	unsigned i;

	for (i = 0; i < o->edges->len; i++)
		if (edge(o, i)->from == e->from && edge(o, i)->to == e->to)
			return (int)i;
	return -1;
}

/* The edge that the swap makes of it. */
static struct kw_order swapped(const struct kw_symmetry *y, unsigned swap,
			       const struct kw_order *e)
{
	const uint16_t *node = y->swaps[swap].node[e->actor];

	return (struct kw_order){
		.from = (uint16_t)kw_rename_address(&y->renamings[swap],
						    e->from),
		.to = (uint16_t)kw_rename_address(&y->renamings[swap], e->to),
		.actor = y->swaps[swap].unit[e->actor],
		.node = node ? node[e->node] : e->node,
	};
}

/* swap: see struct kw_orders; and what swaps make of it. */
static void add(struct kw_orders *o, struct kw_order e, int swap)
{
	const struct kw_symmetry *y = o->l->alike;
	unsigned from = kind_of(o->l, e.from), to = kind_of(o->l, e.to);
	uint16_t *at = &o->between[from * (o->l->kinds->len + 1) + to];
	unsigned i;

	if (from != to ? *at != 0 : find(o, &e) >= 0)
		return;
	g_array_append_val(o->edges, e);
	g_array_append_val(o->swaps, swap);
	*at = (uint16_t)o->edges->len;
	for (i = 0; y && i < y->nr_swaps; i++)
		add(o, swapped(y, i, &e), (int)i);
}

void kw_orders_add(struct kw_orders *o, const struct kw_order *e)
{
	add(o, *e, -1);
}

/* All that kw_locks_show() looks at, if there are no more than 64 locks. */
static struct noted what_counts(const struct kw_locks *l, const uint8_t *s,
				unsigned a)
{
	const struct kw_actor_state *st =
		(const void *)(s + l->p->actors[a].base);
	const struct kw_node *n = &l->p->nodes[st->pc];
	unsigned to = st->regs[n->reg] + (unsigned)n->off, i;
	struct noted now = {
		.who = (uint64_t)(a + 1) << 48 | (uint64_t)st->pc << 32 |
		       (uint64_t)(st->irq_off != 0) << 31 | to,
	};

	for (i = 0; i < l->nr; i++)
		now.holds |= (uint64_t)(kw_get16(s, l->addr[i]) == a + 1)
			     << i % 64;
	return now;
}

void kw_orders_note(struct kw_orders *o, const uint8_t *s, unsigned a)
{
	struct noted now = what_counts(o->l, s, a), *at;
	struct kw_order of[KW_MAX_ORDERS];
	unsigned nr, i;

	at = &o->noted[(now.who >> 32 ^ now.who >> 48) % NOTED];
	if (at->who == now.who && at->holds == now.holds && o->l->nr <= 64)
		return;
	*at = now;
	nr = kw_locks_show(o->l, s, a, of);
	for (i = 0; i < nr; i++)
		kw_orders_add(o, &of[i]);
}

void kw_orders_join(struct kw_orders *to, const struct kw_orders *from)
{
	unsigned i;

	for (i = 0; to != from && i < from->edges->len; i++)
		kw_orders_add(to, edge(from, i));
}

const struct kw_order *kw_orders_all(const struct kw_orders *o, unsigned *nr)
{
	*nr = o->edges->len;
	return (const void *)o->edges->data;
}

/* --- cycles ------------------------------------------------------------- */

struct graph {
	const struct kw_orders *o;
	bool same;		/* of locks of one kind, else of kinds */
	unsigned nr;		/* vertices */
	int *by;		/* [vertex]: edge by which it is reached, -1 */
	uint16_t *todo;		/* vertices */
};

static unsigned vertex(const struct graph *g, unsigned addr)
{
	return g->same ? g->o->l->at[addr] : kind_of(g->o->l, addr);
}

static bool is_of(const struct graph *g, const struct kw_order *e)
{
	return (kind_of(g->o->l, e->from) == kind_of(g->o->l, e->to)) ==
	       g->same;
}

/* Goes a shortest way from one vertex to another: g->by; false: none. */
static bool go(struct graph *g, unsigned from, unsigned to)
{
	unsigned nr = 0, at = 0, i, v;

	memset(g->by, 0xff, g->nr * sizeof(*g->by));
	g->todo[nr++] = (uint16_t)from;
	for (; at < nr; at++)
		for (i = 0; i < g->o->edges->len; i++) {
			const struct kw_order *e = edge(g->o, i);

			if (!is_of(g, e) || vertex(g, e->from) != g->todo[at])
				continue;
			v = vertex(g, e->to);
			if (v == from || g->by[v] >= 0)
				continue;
			g->by[v] = (int)i;
			if (v == to)
				return true;
			g->todo[nr++] = (uint16_t)v;
		}
	return false;
}

/* The edges of the way that it went, and the one that closes it. */
static GArray *cycle_of(const struct graph *g, unsigned from, unsigned to,
			unsigned closing)
{
	GArray *cycle = g_array_new(FALSE, FALSE, sizeof(struct kw_order));
	unsigned v;

	for (v = to; v != from;
	     v = vertex(g, edge(g->o, (unsigned)g->by[v])->from))
		g_array_prepend_vals(cycle, edge(g->o, (unsigned)g->by[v]), 1);
	g_array_append_vals(cycle, edge(g->o, closing), 1);
	return cycle;
}

/* A shortest cycle that a new edge closes; or NULL. */
static GArray *shortest(struct graph *g)
{
	GArray *best = NULL, *cycle;
	unsigned i, from, to;

	g->nr = (g->same ? g->o->l->nr : g->o->l->kinds->len) + 1;
	g->by = g_new(int, g->nr);
	g->todo = g_new(uint16_t, g->nr + 1);
	for (i = g->o->asked; i < g->o->edges->len; i++) {
		if (!is_of(g, edge(g->o, i)))
			continue;
		from = vertex(g, edge(g->o, i)->to);
		to = vertex(g, edge(g->o, i)->from);
		if (!go(g, from, to))
			continue;
		cycle = cycle_of(g, from, to, i);
		if (best && best->len <= cycle->len) {
			g_array_free(cycle, TRUE);
			continue;
		}
		if (best)
			g_array_free(best, TRUE);
		best = cycle;
	}
	g_free(g->by);
	g_free(g->todo);
	return best;
}

/* By names by which its last edge has been seen. */
static void name(const struct kw_orders *o, GArray *cycle)
{
	struct kw_order *of = (void *)cycle->data, *last = of + cycle->len - 1;
	unsigned i;
	int swap;

	if (kind_of(o->l, last->from) != kind_of(o->l, last->to))
		return;
	while ((swap = g_array_index(o->swaps, int, find(o, last))) >= 0)
		for (i = 0; i < cycle->len; i++)
			of[i] = swapped(o->l->alike, (unsigned)swap, &of[i]);
}

GArray *kw_orders_cycle(struct kw_orders *o)
{
	struct graph g = { .o = o };
	GArray *cycle;

	if (o->asked == o->edges->len)
		return NULL;
	cycle = shortest(&g);
	g.same = true;
	if (!cycle)
		cycle = shortest(&g);
	o->asked = o->edges->len;
	if (cycle)
		name(o, cycle);
	return cycle;
}
