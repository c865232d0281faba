/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what each actor may do, and what that changes; see expand.h.
 *
 * Invariant: an actor's moves and what they change are functions of the
 * bytes that its acting says, and so is which bytes these are.  Where that is
 * not known (not kw_world.local), they are made anew in each state.
 */
#include "inside.h"

#define EIGHT	8	/* actors are looked at at a time */

void kw_expander_init(struct kw_expander *x, const struct kw_world *w)
{
	uint32_t size = kw_world_size(w), room;
	unsigned nr = (w->nr_actors + EIGHT) & ~(EIGHT - 1u), a;

	x->w = w;
	x->nr_words = size / 8;
	x->grain_shift = kw_world_grain_shift(w);
	/* To the end of the last grain. */
	room = size + (8u << x->grain_shift) + KW_APART;
	x->cur = g_malloc0(room);
	x->work = g_malloc0(room);
	x->seats = g_malloc0(nr * sizeof(*x->seats) + KW_APART);
	for (a = 0; a < w->nr_actors; a++)
		x->seats[a] = (struct kw_seat){
			.acting = { .reads = ~UINT64_C(0) },
			.block = w->block_grains[a],
			.base = w->places[a].base,
			.first = w->places[a].first,
			.last = w->places[a].last,
		};
	x->looks = g_new(struct kw_look, KW_MOST_LOOKS);
	x->changes = g_new(struct kw_change, MAX(x->nr_words,
						 KW_QUICK_CHANGES));
	kw_memo_init(&x->memo, sizeof(struct kw_made) +
			       2 * (size_t)room + 1024);
	kw_memo_init(&x->ordered, sizeof(struct kw_made) + 2 * (size_t)size);
	x->children = x->all;
	x->nr = 0;
	x->fp = 0;
	x->stale = ~UINT64_C(0);
	x->choosing = kw_choosing_new(w);
	x->canon = kw_canon_new(w->symmetry);
	x->every = false;
}

void kw_expander_free(struct kw_expander *x)
{
	g_free(x->cur);
	g_free(x->work);
	g_free(x->seats);
	g_free(x->looks);
	g_free(x->changes);
	kw_memo_free(&x->memo);
	kw_memo_free(&x->ordered);
	kw_choosing_free(x->choosing);
	kw_canon_free(x->canon);
}

void kw_expander_set(struct kw_expander *x, const uint8_t *s, uint64_t fp)
{
	memcpy(x->cur, s, 8 * (size_t)x->nr_words);
	x->fp = fp;
	x->stale = ~UINT64_C(0);
}

void kw_expander_begin(struct kw_expander *x)
{
	x->children = x->all;
	x->nr = 0;
	kw_memo_rewind(&x->ordered);
	if (x->w->local && !kw_memo_is_large(&x->memo))
		return;
	kw_memo_forget(&x->memo);
	x->stale = ~UINT64_C(0);
}

static bool is_same(const struct kw_expander *x, unsigned i, unsigned end)
{
	uint64_t differs = 0;

	for (; i < end; i++)
		differs |= kw_word_at(x->cur, i) ^ kw_word_at(x->work, i);
	return !differs;
}

/* Notes what differs from cur, and undoes it; how many words. */
static unsigned note_changes(struct kw_expander *x, uint64_t dirty,
			     uint64_t *adds)
{
	unsigned n = 1u << x->grain_shift, nr = 0, i, end;
	uint64_t m, a, b;

	*adds = 0;
	for (m = dirty; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << x->grain_shift;
		end = MIN(i + n, x->nr_words);
		if (is_same(x, i, end))
			continue;
		for (; i < end; i++) {
			a = kw_word_at(x->cur, i);
			b = kw_word_at(x->work, i);
			if (a == b)
				continue;
			*adds += kw_word_hash(i, b) - kw_word_hash(i, a);
			x->changes[nr++] = (struct kw_change){ i, a ^ b };
			kw_word_put(x->work, i, a);
		}
	}
	return nr;
}

/* The change of that word, or NULL. */
static const struct kw_change *change_of(const struct kw_expander *x,
					 unsigned nr, unsigned word)
{
	unsigned i;

	for (i = 0; i < nr; i++)
		if (x->changes[i].place == word)
			return &x->changes[i];
	return NULL;
}

/*
 * May somebody, after the first nr of x->changes, be about to take a lock?
 * What does not change is another state's, too, where it may be otherwise:
 * so whoever changes without its first word may be, or has not all in it.
 */
static bool some_take(const struct kw_expander *x, unsigned nr)
{
	const struct kw_world *w = x->w;
	const struct kw_change *c;
	struct kw_actor_state st;
	unsigned i, a, first;
	uint64_t word;

	for (i = 0; w->orders && i < nr; i++) {
		a = x->changes[i].place < w->size / 8 ?
			    w->block_of[x->changes[i].place] : KW_NO_ACTOR;
		if (a >= w->nr_actors)
			continue;
		first = w->places[a].first;
		c = change_of(x, nr, first);
		if (!c || w->places[a].base % sizeof(word))
			return true;
		word = kw_word_at(x->cur, first) ^ c->differs;
		memcpy(&st, &word, sizeof(word));
		if (st.run == KW_READY && w->views[st.pc].takes)
			return true;
	}
	return false;
}

/* Keeps an effect with the first nr of x->changes; last: what precedes it. */
static struct kw_made *add(struct kw_expander *x, struct kw_acting *to,
			     struct kw_made *last, unsigned nr)
{
	size_t changes = nr * sizeof(struct kw_change);
	struct kw_made *e = kw_memo_alloc(&x->memo, sizeof(*e) + changes);
	unsigned i;

	e->dirty = 0;
	for (i = 0; i < nr; i++)
		e->dirty |= UINT64_C(1) << (x->changes[i].place >>
					    x->grain_shift);
	e->takes = some_take(x, nr);
	e->seen = NULL;
	e->next = NULL;
	e->nr = (uint16_t)nr;
	memcpy(e->changes, x->changes, changes);
	to->nr++;
	if (last)
		last->next = e;
	else
		to->first = e;
	return e;
}

static bool shows(const struct kw_seen_by_move *seen)
{
	return seen->failed || seen->raced || seen->exposed || seen->broken ||
	       seen->row >= 0 || seen->spurious >= 0 || seen->woken >= 0 ||
	       seen->progress;
}

static struct kw_made *make(struct kw_expander *x, const struct kw_move *m,
			      struct kw_acting *to, struct kw_made *last)
{
	struct kw_seen_by_move seen, *kept;
	uint64_t adds;
	unsigned nr;

	kw_world_apply(x->w, x->work, m, &seen);
	nr = note_changes(x, seen.dirty, &adds);
	last = add(x, to, last, nr);
	last->adds = adds;
	last->move = *m;
	last->sticky = seen.sticky;
	to->reads |= seen.dirty | seen.read;
	if (shows(&seen)) {
		kept = kw_memo_alloc(&x->memo, sizeof(seen));
		*kept = seen;
		last->seen = kept;
		to->shows = true;
		to->fails |= seen.failed;
	}
	return last;
}

/* a's step, if it is a quick one. */
static struct kw_made *make_quickly(struct kw_expander *x, unsigned a,
				      struct kw_acting *to)
{
	const struct kw_world *w = x->w;
	unsigned pc = kw_block(w, x->cur, a)->pc;
	struct kw_made *e;
	uint64_t adds = 0;
	int nr;

	nr = kw_quick_step(w, x->cur, a, x->changes, &adds);
	if (nr < 0)
		return NULL;
	e = add(x, to, NULL, (unsigned)nr);
	e->adds = adds;
	e->sticky = w->footprint && w->footprint->sticky[pc];
	e->move = (struct kw_move){
		.type = KW_STEP, .actor = (uint16_t)a,
		.slow = w->slow[a] && w->slow[a][pc],
	};
	return e;
}

/* Everything that a may do: its step, handlers that begin or expire.  Is it a
   quick step and nothing else? */
static bool make_all(struct kw_expander *x, unsigned a, struct kw_acting *to)
{
	const struct kw_world *w = x->w;
	const struct kw_actor_state *st = kw_block(w, x->cur, a);
	struct kw_made *last = NULL;
	struct kw_move moves[KW_MAX_MOVES];
	struct kw_list l = { moves, 0 };
	unsigned i;

	if (st->run == KW_READY && w->quick[st->pc] &&
	    (w->alone[a] ? !st->nest : kw_world_can_step(w, x->cur, a)))
		last = make_quickly(x, a, to);
	to->adds = last ? last->adds : 0;
	if (last && w->quiet && !st->armed && !st->pend)
		return true;
	kw_world_moves_of(w, x->work, a, last, &l);
	for (i = 0; i < l.nr; i++)
		last = make(x, &moves[i], to, last);
	to->several = to->nr > 1 || (last && last->move.type == KW_FORCE);
	to->adds = to->nr ? to->first->adds : 0;
	return false;
}

static void catch_up(struct kw_expander *x)
{
	memcpy(x->work, x->cur, 8 * (size_t)x->nr_words);
}

/* What a's quick step, e, depends on beside the blocks of a and its homes;
   how many. */
static unsigned quick_spans(const struct kw_expander *x, unsigned a,
			    const struct kw_made *e, struct kw_span *spans)
{
	unsigned nr = kw_quick_spans(x->w, x->cur, a, spans), i;

	/* What its changes add depends on all of the words. */
	for (i = 0; i < e->nr; i++)
		spans[nr++] = (struct kw_span){ 8 * e->changes[i].place, 8 };
	return nr;
}

static void make_anew(struct kw_expander *x, unsigned a)
{
	struct kw_span spans[KW_QUICK_SPANS + KW_QUICK_CHANGES];
	struct kw_acting *to = &x->seats[a].acting;
	unsigned nr = 1;

	*to = (struct kw_acting){ 0 };
	catch_up(x);
	to->reads = kw_reads(x->w, x->cur, a, spans);
	if (make_all(x, a, to)) {
		to->reads = kw_actor_grains(x->w, a);
		nr = quick_spans(x, a, to->first, spans);
	}
	kw_remember(x, a, spans, nr);
}

/* What a, whose block is st, may do, as far as it is known. */
static inline struct kw_acting *known(struct kw_expander *x, unsigned a,
				      const struct kw_actor_state *st)
{
	struct kw_seat *seat = &x->seats[a];

	if (x->stale & seat->block || !seat->stand)
		seat->stand = kw_memo_stand(&x->memo, x->cur, a, st->pc,
					    seat->first, seat->last);
	return seat->stand ? kw_memo_find(&x->memo, seat->stand, x->cur) :
			     NULL;
}

/* Something is another that a depends on. */
static inline void renew(struct kw_expander *x, unsigned a)
{
	const struct kw_world *w = x->w;
	struct kw_seat *seat = &x->seats[a];
	const struct kw_actor_state *st = (const void *)(x->cur + seat->base);
	bool ready = st->run == KW_READY && !st->nest;

	if (!ready && w->quiet && !st->armed && !st->pend) {
		seat->stand = NULL;
		seat->acting = (struct kw_acting){
			.reads = w->header_grains[a],
		};
	} else if (!w->local) {
		seat->acting = (struct kw_acting){ .reads = ~UINT64_C(0) };
		make_all(x, a, &seat->acting);
	} else if ((seat->from = known(x, a, st))) {
		seat->acting = *seat->from;
	} else {
		make_anew(x, a);
	}
}

/* Which of eight depend on what is stale: a bit each. */
static inline unsigned stale_of_eight(const struct kw_seat *seats,
				      uint64_t stale)
{
	unsigned are = 0, i;

#pragma GCC unroll 8
	for (i = 0; i < EIGHT; i++)
		are |= (unsigned)!!(seats[i].acting.reads & stale) << i;
	return are;
}

/* Which actors' first, so that the loops can be foreseen. */
static inline void renew_stale(struct kw_expander *x)
{
	unsigned nr = x->w->nr_actors, first, todo;

	for (first = 0; first < nr; first += EIGHT)
		for (todo = stale_of_eight(x->seats + first, x->stale); todo;
		     todo &= todo - 1)
			renew(x, first + (unsigned)__builtin_ctz(todo));
}

void kw_expander_told(struct kw_expander *x)
{
	unsigned a;

	/* persist.c may have left some of them out. */
	if (x->w->footprint && !x->every)
		return;
	for (a = 0; a < x->w->nr_actors; a++) {
		if (!x->seats[a].acting.shows || x->seats[a].acting.fails)
			continue;
		x->seats[a].acting.shows = false;
		if (x->seats[a].from)
			x->seats[a].from->shows = false;
	}
}

/* Is the thread taken out of its guest by another's interrupt already? */
static bool is_forced(const struct kw_expander *x, unsigned thread)
{
	unsigned i;

	for (i = 0; i < x->nr; i++)
		if (x->children[i].by->move.type == KW_FORCE &&
		    x->children[i].by->move.actor == thread)
			return true;
	return false;
}

static inline void add_child(struct kw_expander *x, const struct kw_made *e)
{
	x->children[x->nr++] = (struct kw_child){ x->fp + e->adds, e };
}

/* Several moves of an actor, or one that somebody else may have made. */
static void add_several(struct kw_expander *x, const struct kw_made *e,
			unsigned nr)
{
	for (; nr; nr--, e = e->next)
		if (e->move.type != KW_FORCE || !is_forced(x, e->move.actor))
			add_child(x, e);
}

static void add_all_several(struct kw_expander *x)
{
	unsigned nr = x->w->nr_actors, a;

	for (x->nr = 0, a = 0; a < nr; a++)
		add_several(x, x->seats[a].acting.first, x->seats[a].acting.nr);
}

/* Behind those that there are. */
static inline void add_children(struct kw_expander *x)
{
	unsigned nr = x->w->nr_actors, a;
	struct kw_child *c = x->children;
	uint64_t fp = x->fp;
	bool shows = false, several = false;

#pragma GCC unroll 4
	for (a = 0; a < nr; a++) {
		const struct kw_acting *b = &x->seats[a].acting;

		shows |= b->shows;
		several |= b->several;
		*c = (struct kw_child){ fp + b->adds, b->first };
		c += b->nr;
	}
	if (several) {
		add_all_several(x);
		c = x->children + x->nr;
	}
	x->nr = (unsigned)(c - x->children);
	x->shows = shows;
}

/* What memory may do by itself. */
static void make_flows(struct kw_expander *x)
{
	struct kw_acting flows = { 0 };
	struct kw_move moves[KW_MAX_MOVES];
	struct kw_list l = { moves, 0 };
	struct kw_made *last = NULL;
	unsigned i;

	kw_world_flows(x->w, x->work, &l);
	for (i = 0; i < l.nr; i++)
		last = make(x, &moves[i], &flows, last);
	x->shows |= flows.shows;
	add_several(x, flows.first, flows.nr);
}

/* Child c is x->work, put in order. */
static void note_order(struct kw_expander *x, struct kw_child *c)
{
	struct kw_made *by = kw_memo_alloc(&x->ordered, sizeof(*by) +
		x->nr_words * sizeof(struct kw_change));
	unsigned nr = 0, i;
	uint64_t a, b;

	*by = *c->by;
	by->adds = by->dirty = 0;
	for (i = 0; i < x->nr_words; i++) {
		a = kw_word_at(x->cur, i);
		b = kw_word_at(x->work, i);
		if (a == b)
			continue;
		by->adds += kw_word_hash(i, b) - kw_word_hash(i, a);
		by->changes[nr++] = (struct kw_change){ i, a ^ b };
		by->dirty |= UINT64_C(1) << (i >> x->grain_shift);
		kw_word_put(x->work, i, a);
	}
	by->nr = (uint16_t)nr;
	*c = (struct kw_child){ x->fp + by->adds, by };
}

/* Of an orbit only the state that is in order is a child. */
static void put_in_order(struct kw_expander *x, uint64_t stale)
{
	unsigned i;

	kw_canon_before(x->canon, x->cur, stale);
	for (i = 0; i < x->nr; i++) {
		struct kw_child *c = &x->children[i];

		if (c->by->seen && c->by->seen->failed)
			continue;
		kw_child_enter(x->work, c->by);
		if (kw_canon_after(x->canon, x->work, c->by->changes,
				   c->by->nr))
			note_order(x, c);
		else
			kw_child_leave(x->work, c->by);
	}
}

void kw_expander_make(struct kw_expander *x)
{
	const struct kw_world *w = x->w;
	uint64_t stale = x->stale;

	x->children += x->nr;
	x->nr = 0;
	if (!w->local)
		catch_up(x);
	renew_stale(x);
	add_children(x);
	x->stale = w->local ? 0 : ~UINT64_C(0);
	if (w->memory)
		make_flows(x);
	if (w->footprint && !x->every)
		kw_persist_choose(x);
	if (x->canon && !x->every) {
		if (w->local)
			catch_up(x);
		put_in_order(x, stale);
	}
}
