/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what each thread's copy of a world has for itself, and how what
 * they have seen comes together.
 */
#include "inside.h"

void *kw_world_knowledge(const struct kw_world *w, bool learnt, size_t *size)
{
	*size = w->guards ? kw_guards_bytes(w->guards) : 0;
	if (!w->guards)
		return NULL;
	w->learnt->news |= learnt;
	return learnt ? w->learnt->seen : w->guards->known;
}

void *kw_world_accesses(const struct kw_world *w, bool learnt, size_t *size)
{
	*size = 0;
	return w->memory ? kw_relaxed_knowledge(w->memory, learnt, size) :
			   NULL;
}

uint64_t kw_world_digest(const struct kw_world *w)
{
	uint64_t x = w->p->digest;

	x = kw_word_hash(0, x) + w->opts.check;
	x = kw_word_hash(1, x) + w->opts.memory;
	x = kw_word_hash(2, x) + w->opts.fold + 2u * kw_world_settles(w);
	x = kw_word_hash(3, x) + w->opts.preemptions;
	x = kw_word_hash(4, x) + w->opts.persist;
	x = kw_word_hash(5, x) + w->opts.row +
	    ((unsigned)w->opts.per_kick << 8);
	x = kw_word_hash(6, x) + kw_world_symmetry(w);
	return kw_word_hash(7, x) + w->size;
}

struct kw_world *kw_world_fork(const struct kw_world *w)
{
	struct kw_world *f = g_memdup2(w, sizeof(*w));

	if (w->guards)
		f->learnt = kw_learnt_new(w->guards);
	if (w->memory)
		f->memory = kw_relaxed_fork(w->memory);
	f->orders = kw_orders_new(w->locks);
	return f;
}

void kw_world_unfork(struct kw_world *f)
{
	if (!f)
		return;
	kw_learnt_free(f->learnt);
	kw_relaxed_unfork(f->memory);
	kw_orders_free(f->orders);
	g_free(f);
}

void kw_world_join(const struct kw_world *w, const struct kw_world *f)
{
	if (w->guards)
		kw_learnt_join(w->guards, w->learnt, f->learnt);
	if (w->memory)
		kw_relaxed_join(w->memory, f->memory);
	if (w->orders)
		kw_orders_join(w->orders, f->orders);
}

void kw_world_forget(const struct kw_world *w)
{
	if (w->guards)
		kw_learnt_forget(w->guards, w->learnt);
	if (w->memory)
		kw_relaxed_forget(w->memory);
}

/* Is some of the actor's block in these grains? */
static bool is_in(const struct kw_world *w, unsigned a, uint64_t grains)
{
	unsigned shift = kw_world_grain_shift(w);
	unsigned first = w->places[a].first >> shift;
	unsigned last = w->places[a].last >> shift;

	return grains >> first & ((UINT64_C(2) << (last - first)) - 1);
}

void kw_world_note_orders(const struct kw_world *w, const uint8_t *s,
			  uint64_t dirty)
{
	unsigned a;

	for (a = 0; w->orders && a < w->nr_actors; a++) {
		const struct kw_actor_state *st = kw_block(w, s, a);

		if (st->run == KW_READY && !st->nest &&
		    w->views[st->pc].takes && is_in(w, a, dirty))
			kw_orders_note(w->orders, s, a);
	}
}

const struct kw_order *kw_world_orders(const struct kw_world *w, unsigned *nr)
{
	return kw_orders_all(w->orders, nr);
}

void kw_world_add_order(const struct kw_world *w, const struct kw_order *o)
{
	kw_orders_add(w->orders, o);
}

GArray *kw_world_order_cycle(const struct kw_world *w)
{
	return kw_orders_cycle(w->orders);
}

unsigned kw_world_shows_orders(const struct kw_world *w, const uint8_t *s,
			       unsigned a, struct kw_order of[KW_MAX_ORDERS])
{
	const struct kw_actor_state *st = kw_block(w, s, a);

	if (!w->takes[st->pc] || st->run != KW_READY || st->nest)
		return 0;
	return kw_locks_show(w->locks, s, a, of);
}
