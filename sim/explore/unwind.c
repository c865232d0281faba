/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what really happens on the way to a find, where states that differ
 * only in who is who are one: each state on that way was put in order before
 * the search went on from it.
 *
 * Invariant: the real state is the one in order, with each unit called what
 * real[] says; so is the real move.
 */
#include "hunt.h"
#include "inside.h"

struct unwinding {
	const struct kw_world *w;
	struct kw_canon *canon;
	uint16_t *real;			/* [unit] */
	uint16_t *to, *next;
	uint8_t *s;			/* in order */
};

static void make(struct unwinding *u, const struct kw_move *m)
{
	unsigned nr = u->w->symmetry->nr_units, i;
	struct kw_seen_by_move seen;

	kw_world_apply(u->w, u->s, m, &seen);
	kw_canon_order(u->canon, u->s, u->to);
	for (i = 0; i < nr; i++)
		u->next[u->to[i]] = u->real[i];
	memcpy(u->real, u->next, nr * sizeof(*u->real));
}

static uint16_t real_object(const struct unwinding *u, unsigned o)
{
	unsigned nr = u->w->nr_actors;

	return (uint16_t)(u->real[nr + o] - nr);
}

static uint16_t real_address(const struct unwinding *u, unsigned addr)
{
	const struct kw_program *p = u->w->p;
	const struct kw_object *o = kw_object_at(p, addr);

	return (uint16_t)(o ? addr - o->addr + p->objects[
		real_object(u, (unsigned)(o - p->objects))].addr : addr);
}

static void name_find(const struct unwinding *u, struct kw_witness *f)
{
	const struct kw_program *p = u->w->p;

	if (f->vcpu >= 0)
		f->vcpu = p->objects[real_object(u, u->w->vcpus[f->vcpu])]
				  .index;
	if (f->object < p->nr_objects)
		f->object = real_object(u, f->object);
	if (f->actor < u->w->nr_actors)
		f->actor = u->real[f->actor];
	f->addr = real_address(u, f->addr);
}

/* All edges of a cycle of locks: they are one by other names, too. */
static void name_cycle(const struct unwinding *u, GArray *cycle)
{
	unsigned i;

	for (i = 0; i < cycle->len; i++) {
		struct kw_order *e = &g_array_index(cycle, struct kw_order, i);

		e->node = (uint16_t)kw_canon_node(u->canon, e->actor, e->node,
						  u->real[e->actor]);
		e->actor = u->real[e->actor];
		e->from = real_address(u, e->from);
		e->to = real_address(u, e->to);
	}
}

void kw_hunt_unwind(const struct kw_hunt *h, const struct kw_find *f,
		    struct kw_move *moves, unsigned nr, struct kw_witness *to)
{
	struct unwinding u = { .w = h->w };
	unsigned i, n;

	if (!h->w->symmetry)
		return;
	n = h->w->symmetry->nr_units;
	u.canon = kw_canon_new(h->w->symmetry);
	u.real = g_new(uint16_t, n);
	u.to = g_new(uint16_t, n);
	u.next = g_new(uint16_t, n);
	u.s = g_memdup2(h->start, h->size);
	for (i = 0; i < n; i++)
		u.real[i] = (uint16_t)i;
	for (i = 0; i < nr; i++) {
		const struct kw_move m = moves[i];

		moves[i].actor = u.real[m.actor];
		if (i + 1 == nr && f->by_move)
			break;
		make(&u, &m);
	}
	name_find(&u, to);
	if (f->what == KW_FINDS_ORDER)
		name_cycle(&u, h->res->cycle);
	kw_canon_free(u.canon);
	g_free(u.real);
	g_free(u.to);
	g_free(u.next);
	g_free(u.s);
}
