/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which words a move changed; see expand.h. */
#include "inside.h"

void kw_expander_init(struct kw_expander *x, const struct kw_world *w)
{
	uint32_t size = kw_world_size(w);

	x->w = w;
	x->nr_words = size / 8;
	x->grain_shift = kw_world_grain_shift(w);
	x->cur = g_malloc0(size);
	x->work = g_malloc0(size);
	x->max_changes = 64 + x->nr_words;
	x->changes = g_new(struct kw_change, x->max_changes);
	x->nr = x->nr_changes = 0;
	x->fp = 0;
}

void kw_expander_free(struct kw_expander *x)
{
	g_free(x->cur);
	g_free(x->work);
	g_free(x->changes);
}

void kw_expander_set(struct kw_expander *x, const uint8_t *s, uint64_t fp)
{
	memcpy(x->cur, s, 8 * (size_t)x->nr_words);
	memcpy(x->work, s, 8 * (size_t)x->nr_words);
	x->fp = fp;
}

/* Notes what differs from cur, and undoes it. */
static void note_changes(struct kw_expander *x, uint64_t dirty,
			 struct kw_child *c)
{
	struct kw_change *at = x->changes + c->first;
	unsigned n = 1u << x->grain_shift, i, end;
	uint64_t m, a, b;

	for (m = dirty; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << x->grain_shift;
		end = MIN(i + n, x->nr_words);
		for (; i < end; i++) {
			a = kw_word_at(x->cur, i);
			b = kw_word_at(x->work, i);
			if (a == b)
				continue;
			c->fp += kw_word_hash(i, b) - kw_word_hash(i, a);
			*at++ = (struct kw_change){ i, b };
			kw_word_put(x->work, i, a);
		}
	}
	c->nr = (uint32_t)(at - x->changes) - c->first;
}

static void make(struct kw_expander *x, unsigned i)
{
	struct kw_child *c = &x->children[i];
	struct kw_seen_by_move *seen = &x->seen[i];

	kw_world_apply(x->w, x->work, &x->moves[i], seen);
	c->fp = x->fp;
	c->first = x->nr_changes;
	note_changes(x, seen->dirty, c);
	c->shows = seen->failed || seen->raced || seen->exposed ||
		   seen->broken || seen->row >= 0 || seen->spurious >= 0;
	c->sticky = seen->sticky;
	x->nr_changes += c->nr;
}

static void make_room(struct kw_expander *x)
{
	uint32_t most = MAX(x->nr_words, KW_QUICK_CHANGES);

	if (x->nr_changes + most <= x->max_changes)
		return;
	x->max_changes = 2 * x->max_changes + most;
	x->changes = g_renew(struct kw_change, x->changes, x->max_changes);
}

/* a's step, if it is a quick one. */
static bool make_quickly(struct kw_expander *x, unsigned a)
{
	const struct kw_world *w = x->w;
	unsigned pc = kw_block(w, x->cur, a)->pc;
	struct kw_child *c = &x->children[x->nr];
	int nr;

	c->fp = x->fp;
	c->first = x->nr_changes;
	nr = kw_quick_step(w, x->cur, a, x->changes + x->nr_changes, &c->fp);
	if (nr < 0)
		return false;
	c->nr = (uint32_t)nr;
	c->shows = false;
	c->sticky = w->footprint && w->footprint->sticky[pc];
	x->nr_changes += c->nr;
	x->moves[x->nr++] = (struct kw_move){
		.type = KW_STEP, .actor = (uint16_t)a,
		.slow = w->slow[a] && w->slow[a][pc],
	};
	return true;
}

/* The moves up to nr. */
static void make_rest(struct kw_expander *x, unsigned nr)
{
	unsigned i = x->nr;

	for (x->nr = nr; i < nr; i++) {
		make_room(x);
		make(x, i);
	}
}

void kw_expander_make(struct kw_expander *x)
{
	const struct kw_world *w = x->w;
	struct kw_list l = { x->moves, 0 };
	bool quiet = !w->memory && !w->opts.preemptions, quickly;
	unsigned a;

	x->nr = x->nr_changes = 0;
	for (a = 0; a < w->nr_actors; a++) {
		const struct kw_actor_state *st = kw_block(w, x->cur, a);

		if (quiet && !st->armed && !st->pend &&
		    (st->run != KW_READY || st->nest))
			continue;
		if (w->takes[st->pc] && w->orders && st->run == KW_READY &&
		    !st->nest)
			kw_orders_note(w->orders, x->cur, a);
		make_room(x);
		quickly = st->run == KW_READY && w->quick[st->pc] &&
			  (w->alone[a] ? !st->nest :
			   kw_world_can_step(w, x->cur, a)) &&
			  make_quickly(x, a);
		if (quickly && quiet && !st->armed && !st->pend)
			continue;
		l.nr = x->nr;
		kw_world_moves_of(w, x->work, a, quickly, &l);
		make_rest(x, l.nr);
	}
	if (w->memory) {
		l.nr = x->nr;
		kw_world_flows(w, x->work, &l);
		make_rest(x, l.nr);
	}
	if (w->footprint)
		kw_persist_choose(x);
}

void kw_expander_enter(struct kw_expander *x, const struct kw_child *c)
{
	const struct kw_change *d = x->changes + c->first;
	uint32_t i;

	for (i = 0; i < c->nr; i++)
		kw_word_put(x->work, d[i].place, d[i].word);
}

void kw_expander_leave(struct kw_expander *x, const struct kw_child *c)
{
	const struct kw_change *d = x->changes + c->first;
	uint32_t i;

	for (i = 0; i < c->nr; i++)
		kw_word_put(x->work, d[i].place,
			    kw_word_at(x->cur, d[i].place));
}
