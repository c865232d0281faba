/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which of a state's moves may be left for later.
 *
 * A unit is a CPU (a thread, its guest, their handlers), or an actor that
 * needs none.  Some units' moves, all of them, are enough where nothing that
 * the other units may ever do touches what these are about to touch: then
 * whatever the others do first may as well be done afterwards (persistent
 * sets; Godefroid, LNCS 1032).  What SPEC, waits and invariants are made of
 * are places as others are (footprint.h), so that what shows something shows
 * it in the same order.
 *
 * All moves are made where the few
 *
 *	go round a loop, or begin a handler: else the others could wait for
 *	ever (each cycle of states has such a move);
 *	are slow ones only: who oversleeps must not be woken by one;
 *	fail: nothing comes after that.
 */
#include "footprint.h"
#include "inside.h"

#define MAX_UNITS 64

struct unit {
	unsigned nr_moves;
	bool whole;		/* all must be made if its moves are */
	bool fast;		/* has a move that is not slow */
	uint64_t asked, meets;	/* bit v: unit_meets(v), if it was asked */
};

struct choosing {
	const struct kw_world *w;
	const struct kw_footprint *f;
	const uint8_t *s;
	struct unit of[MAX_UNITS];
};

static void find_unit(struct kw_world *w, unsigned a)
{
	const struct kw_program *p = w->p;
	unsigned home = p->actors[a].home;

	if (p->actors[a].type == KW_VIRQ)
		home = p->actors[home].home;
	w->unit[a] = (uint16_t)home;
}

void kw_persist_init(struct kw_world *w)
{
	unsigned a, u, nr = 0;
	uint16_t *at = g_new0(uint16_t, w->nr_actors + 1);

	if (!w->opts.persist || w->memory || w->opts.preemptions)
		goto out_free;
	w->unit = g_new0(uint16_t, w->nr_actors + 1);
	for (a = 0; a < w->nr_actors; a++)
		find_unit(w, a);
	/* Numbered in the order of their threads. */
	for (a = 0; a < w->nr_actors; a++)
		if (w->unit[a] == a)
			at[a] = (uint16_t)nr++;
	if (nr > MAX_UNITS)
		goto out_free;
	w->nr_units = nr;
	w->members = g_new0(uint16_t, w->nr_actors + 1);
	w->first_member = g_new0(uint16_t, nr + 1);
	for (a = 0; a < w->nr_actors; a++)
		w->unit[a] = at[w->unit[a]];
	for (nr = 0, u = 0; u < w->nr_units; u++) {
		w->first_member[u] = (uint16_t)nr;
		for (a = 0; a < w->nr_actors; a++)
			if (w->unit[a] == u)
				w->members[nr++] = (uint16_t)a;
	}
	w->first_member[w->nr_units] = (uint16_t)nr;
	w->footprint = kw_footprint_new(w);
out_free:
	g_free(at);
}

void kw_persist_free(struct kw_world *w)
{
	kw_footprint_free(w->footprint);
	g_free(w->unit);
	g_free(w->members);
	g_free(w->first_member);
}

static const struct kw_touch *touch_of(const struct kw_footprint *f,
				       unsigned a, unsigned pc)
{
	unsigned i = f->of[a].index[pc];

	g_assert(i);
	return &f->of[a].own[i - 1];
}

/* May actor b, from where it is on, write (or: touch) the place? */
static bool may(const struct choosing *c, unsigned b, unsigned place,
		bool touch)
{
	const struct kw_actor_state *st = kw_block(c->w, c->s, b);
	const struct kw_prints *p = &c->f->of[b];
	const uint64_t *sets = touch ? p->touched : p->written;
	bool waits = st->pend || st->armed, runs;

	runs = st->run != KW_IDLE && st->run != KW_ENDED;
	if (waits && (place == kw_place_header(c->f, b) ||
		      (touch && place == kw_place_irqs(
					c->f, c->w->p->actors[b].home))))
		return true;
	if (waits && kw_place_in(sets + (size_t)c->f->words *
			(p->index[c->w->p->actors[b].entry] - 1u), place))
		return true;
	return runs && kw_place_in(sets + (size_t)c->f->words *
					  (p->index[st->pc] - 1u), place);
}

static bool unit_may(const struct choosing *c, unsigned v, unsigned place,
		     bool touch)
{
	unsigned i;

	for (i = c->w->first_member[v]; i < c->w->first_member[v + 1]; i++)
		if (may(c, c->w->members[i], place, touch))
			return true;
	return false;
}

static bool is_over(const struct choosing *c, unsigned v)
{
	unsigned i;

	for (i = c->w->first_member[v]; i < c->w->first_member[v + 1]; i++) {
		const struct kw_actor_state *st = kw_block(
			c->w, c->s, c->w->members[i]);

		if ((st->run != KW_IDLE && st->run != KW_ENDED) ||
		    st->pend || st->armed)
			return false;
	}
	return true;
}

static bool touch_meets(const struct choosing *c, const struct kw_touch *t,
			unsigned v)
{
	unsigned i;

	if (t->all)
		return !is_over(c, v);
	for (i = 0; i < t->reads->len; i++)
		if (unit_may(c, v, g_array_index(t->reads, uint16_t, i),
			     false))
			return true;
	for (i = 0; i < t->writes->len; i++)
		if (unit_may(c, v, g_array_index(t->writes, uint16_t, i),
			     true))
			return true;
	return false;
}

/* Does what a is about to do, or waits for, meet what v may do? */
static bool actor_meets(const struct choosing *c, unsigned a, unsigned v)
{
	const struct kw_actor_state *st = kw_block(c->w, c->s, a);
	const struct kw_actor *ac = &c->w->p->actors[a];
	unsigned t = ac->type == KW_VIRQ ? c->w->p->actors[ac->home].home :
					   ac->home;
	bool guest = ac->type == KW_GUEST || ac->type == KW_VIRQ;

	if ((st->pend || st->armed) &&
	    (unit_may(c, v, kw_place_header(c->f, a), true) ||
	     unit_may(c, v, kw_place_irqs(c->f, ac->home), false)))
		return true;
	if (st->run == KW_ASLEEP)
		return unit_may(c, v, kw_place_header(c->f, a), true);
	if (st->run != KW_READY || st->nest ||
	    (guest && kw_block(c->w, c->s, t)->run != KW_IN_GUEST))
		return false;
	return touch_meets(c, touch_of(c->f, a, st->pc), v);
}

static bool unit_meets(struct choosing *c, unsigned u, unsigned v)
{
	uint64_t bit = UINT64_C(1) << v;
	struct unit *of = &c->of[u];
	unsigned i;

	if (of->asked & bit)
		return of->meets & bit;
	of->asked |= bit;
	for (i = c->w->first_member[u]; i < c->w->first_member[u + 1]; i++)
		if (actor_meets(c, c->w->members[i], v)) {
			of->meets |= bit;
			return true;
		}
	return false;
}

/*
 * The units that must go together with u; 0 if that is no gain over `most`
 * moves, or must be all.
 */
static uint64_t close_over(struct choosing *c, unsigned u, unsigned *most)
{
	uint64_t in = UINT64_C(1) << u, todo = in;
	unsigned nr = c->of[u].nr_moves, v;
	bool fast = c->of[u].fast;

	while (todo) {
		u = (unsigned)__builtin_ctzll(todo);
		todo &= todo - 1;
		if (c->of[u].whole)
			return 0;
		for (v = 0; v < c->w->nr_units; v++) {
			if ((in >> v & 1) || !unit_meets(c, u, v))
				continue;
			in |= UINT64_C(1) << v;
			todo |= UINT64_C(1) << v;
			nr += c->of[v].nr_moves;
			fast |= c->of[v].fast;
			if (nr >= *most)
				return 0;
		}
	}
	if (!fast || nr >= *most)
		return 0;
	*most = nr;
	return in;
}

static void count_moves(struct choosing *c, const struct kw_expander *x)
{
	unsigned i, u;

	for (u = 0; u < c->w->nr_units; u++)
		c->of[u] = (struct unit){ .nr_moves = 0 };
	for (i = 0; i < x->nr; i++) {
		const struct kw_made *by = x->children[i].by;
		struct unit *of = &c->of[c->w->unit[by->move.actor]];

		of->nr_moves++;
		of->whole |= by->sticky || (by->seen && by->seen->failed);
		of->fast |= !by->move.slow;
	}
}

void kw_persist_choose(struct kw_expander *x)
{
	const struct kw_world *w = x->w;
	struct choosing c = { .w = w, .f = w->footprint, .s = x->cur };
	unsigned most = x->nr, u, i, nr = 0;
	uint64_t best = 0, in;

	if (x->nr < 2)
		return;
	count_moves(&c, x);
	for (u = 0; u < w->nr_units; u++) {
		if (!c.of[u].nr_moves || c.of[u].nr_moves >= most)
			continue;
		in = close_over(&c, u, &most);
		best = in ? in : best;
	}
	for (i = 0; best && i < x->nr; i++)
		if (best >> w->unit[x->children[i].by->move.actor] & 1)
			x->children[nr++] = x->children[i];
	if (best)
		x->nr = nr;
}
