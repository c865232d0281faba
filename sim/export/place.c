/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides where an actor can stand.
 *
 * Invariant: a place's block has run IDLE, READY or ENDED and 0 in all that
 * others change: two states of the explorer in which an actor stands at the
 * same place differ, as far as this actor goes, in variables only.
 */
#include <string.h>
#include "model.h"

#define MAX_PLACES 30000	/* Spin numbers them in a short */

struct key {
	const uint8_t *bytes;
	size_t size;
};

static guint hash(gconstpointer p)
{
	const struct key *k = p;
	guint h = 5381;
	size_t i;

	for (i = 0; i < k->size; i++)
		h = h * 33 + k->bytes[i];
	return h;
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
	const struct key *x = a, *y = b;

	return !memcmp(x->bytes, y->bytes, x->size);
}

static void place_free(gpointer p)
{
	struct kw_place *pl = p;

	g_free((void *)(uintptr_t)pl->block);
	g_array_free(pl->held, TRUE);
	g_free(pl);
}

struct kw_place *kw_export_place(struct kw_export *x, unsigned a,
				 const struct kw_actor_state *block)
{
	struct kw_walker *k = &x->walkers[a];
	struct kw_actor_state *copy = g_memdup2(block, k->size);
	struct key key = { (const uint8_t *)copy, k->size }, *keep;
	struct kw_place *pl;

	if (!k->index) {
		k->index = g_hash_table_new_full(hash, equal, g_free, NULL);
		k->places = g_ptr_array_new_with_free_func(place_free);
	}
	if (copy->run == KW_ASLEEP || copy->run == KW_IN_GUEST)
		copy->run = KW_READY;
	copy->pend = copy->armed = copy->exit = 0;
	copy->nest = copy->trap = 0;
	pl = g_hash_table_lookup(k->index, &key);
	if (pl) {
		g_free(copy);
		return pl;
	}
	pl = g_new0(struct kw_place, 1);
	pl->block = copy;
	pl->held = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	pl->nr = k->places->len;
	keep = g_new(struct key, 1);
	*keep = key;
	g_hash_table_insert(k->index, keep, pl);
	g_ptr_array_add(k->places, pl);
	x->grew = true;
	if (k->places->len > MAX_PLACES)
		kw_export_refuse(x, "%s can stand at more than %u places",
				 x->p->actors[a].name, MAX_PLACES);
	return pl;
}

void kw_export_first_places(struct kw_export *x)
{
	unsigned a;

	for (a = 0; a < x->nr_actors; a++)
		kw_export_place(x, a, (const struct kw_actor_state *)
				      (x->init + x->p->actors[a].base));
}

bool kw_export_holds(const struct kw_place *at, unsigned lock)
{
	unsigned i;

	for (i = 0; i < at->held->len; i++)
		if (g_array_index(at->held, uint16_t, i) == lock)
			return true;
	return false;
}

void kw_export_may_hold(struct kw_export *x, struct kw_place *at,
			unsigned lock)
{
	uint16_t lock16 = (uint16_t)lock;

	if (kw_export_holds(at, lock))
		return;
	g_array_append_val(at->held, lock16);
	x->grew = true;
}

void kw_export_entry(const struct kw_export *x, unsigned h,
		     const struct kw_actor_state *idle,
		     struct kw_actor_state *to)
{
	const struct kw_actor *ac = &x->p->actors[h];
	const uint64_t *in;
	unsigned i;

	memcpy(to, idle, x->walkers[h].size);
	to->run = KW_READY;
	to->pc = ac->entry;
	for (i = 0; i < ac->nr_args; i++)
		to->regs[ac->arg_reg[i]] = ac->arg_val[i];
	in = x->live->in + (size_t)to->pc * x->live->words;
	for (i = 0; i < ac->nr_regs; i++)
		if (!(in[i / 64] >> i % 64 & 1))
			to->regs[i] = 0;
}

unsigned kw_export_forget(const struct kw_export *x, unsigned a,
			  struct kw_actor_state *st, unsigned from)
{
	const struct kw_live *l = x->live;
	const uint64_t *had = l->had + (size_t)from * l->words;
	const uint64_t *in = l->in + (size_t)st->pc * l->words;
	unsigned bit, also = 0;

	for (bit = 0; bit < l->nr_regs + 2; bit++) {
		if (!((had[bit / 64] & ~in[bit / 64]) >> bit % 64 & 1))
			continue;
		if (bit < x->p->actors[a].nr_regs)
			st->regs[bit] = 0;
		else if (bit == kw_live_exit(l))
			also |= KW_EXPORT_EXIT;
		else if (bit == kw_live_trap(l))
			also |= KW_EXPORT_TRAP;
	}
	return also;
}
