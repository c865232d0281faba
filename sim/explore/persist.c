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
#define PAIRS_SHIFT 16
#define PAIRS	(1u << PAIRS_SHIFT)	/* of places whose answer is kept */

struct unit {
	unsigned nr_moves;
	bool whole;		/* all must be made if its moves are */
	bool fast;		/* has a move that is not slow */
};

/*
 * Where a unit is, that is where its actors are, has a number.  Whether what
 * one is about to do meets what another may do follows from their numbers.
 */
struct kw_choosing {
	const struct kw_world *w;
	const struct kw_footprint *f;
	const uint8_t *s;
	struct unit of[MAX_UNITS];
	uint64_t meets[MAX_UNITS];	/* bit v: it does */
	uint64_t shows[MAX_UNITS];	/* bit v: v may touch what it is about
					   to make visible */
	uint64_t tells[MAX_UNITS];	/* bit v: it may write what v may
					   touch */
	uint32_t at[MAX_UNITS];		/* from 1 on */
	uint64_t *where;		/* rows of units, see first_word() */
	GArray *known;			/* [number - 1]: struct place */
	GArray *places;			/* uint64_t: rows of known ones */
	GArray *sets;			/* uint64_t, see sets_of() */
	uint32_t *slots;		/* numbers, by hash */
	uint32_t nr_slots;
	uint64_t *pairs;		/* numbers of two, and answers */
};

/* Of a CPU: buffered stores, by address, four a word. */
#define BUFFER_WORDS	(KW_MAX_BUFFERED / 4)

enum answer {		/* of u and v, and shifted by one: of v and u */
	MEETS = 1 << 0, SHOWS = 1 << 2, TELLS = 1 << 4,
	ANSWER_BITS = 6,
};

struct place {
	uint32_t first;			/* in places */
	uint32_t unit;
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

	if (!w->opts.persist || w->opts.preemptions)
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

/* --- what is buffered --------------------------------------------------- */

static unsigned nr_buffered(const struct kw_choosing *c, unsigned v)
{
	const struct kw_relaxed *r = c->w->memory;
	unsigned cpu;

	if (!r)
		return 0;
	cpu = kw_relaxed_cpu(r, c->w->members[c->w->first_member[v]]);
	return cpu < kw_relaxed_nr_cpus(r) ?
		       kw_relaxed_nr_buffered(r, c->s, cpu) : 0;
}

/* Where the k-th that v's CPU has buffered will be visible. */
static unsigned buffered(const struct kw_choosing *c, unsigned v, unsigned k)
{
	const struct kw_relaxed *r = c->w->memory;
	unsigned value;

	return kw_relaxed_buffered(r, c->s, kw_relaxed_cpu(r,
			c->w->members[c->w->first_member[v]]), k, &value);
}

/* --- what a unit may do from now on -------------------------------------- */

/* What it may touch where it is; behind that, write. */
static uint64_t *sets_of(const struct kw_choosing *c, unsigned number)
{
	return &g_array_index(c->sets, uint64_t,
			      2 * (size_t)c->f->words * (number - 1));
}

static void put(const struct kw_choosing *c, uint64_t *sets, unsigned place,
		bool writes)
{
	sets[place / 64] |= UINT64_C(1) << place % 64;
	if (writes)
		sets[c->f->words + place / 64] |= UINT64_C(1) << place % 64;
}

static void add_node(const struct kw_choosing *c, uint64_t *sets, unsigned a,
		     unsigned node)
{
	const struct kw_prints *p = &c->f->of[a];
	size_t at = (size_t)c->f->words * (p->index[node] - 1u);
	unsigned i;

	for (i = 0; i < c->f->words; i++) {
		sets[i] |= p->touched[at + i];
		sets[c->f->words + i] |= p->written[at + i];
	}
}

static void add_actor(const struct kw_choosing *c, uint64_t *sets, unsigned a)
{
	const struct kw_actor_state *st = kw_block(c->w, c->s, a);
	const struct kw_actor *ac = &c->w->p->actors[a];

	if (st->pend || st->armed) {
		put(c, sets, kw_place_header(c->f, a), true);
		put(c, sets, kw_place_irqs(c->f, ac->home), false);
		add_node(c, sets, a, ac->entry);
	}
	if (st->run != KW_IDLE && st->run != KW_ENDED)
		add_node(c, sets, a, st->pc);
	/* Who is woken has seen what the waker saw. */
	if (st->run == KW_ASLEEP)
		put(c, sets, kw_place_header(c->f, a), true);
}

static void add_buffer(const struct kw_choosing *c, uint64_t *sets,
		       unsigned v)
{
	unsigned k = nr_buffered(c, v), addr;

	while (k-- > 0) {
		addr = buffered(c, v, k);
		put(c, sets, addr, true);
		put(c, sets, addr + 1, true);
		if (c->f->checked[addr])
			put(c, sets, kw_place_checks(c->f), true);
	}
}

static void add_sets(struct kw_choosing *c, unsigned v)
{
	uint64_t *sets;
	unsigned i;

	g_array_set_size(c->sets, c->sets->len + 2 * c->f->words);
	sets = sets_of(c, c->known->len);
	for (i = c->w->first_member[v]; i < c->w->first_member[v + 1]; i++)
		add_actor(c, sets, c->w->members[i]);
	add_buffer(c, sets, v);
}

/* May unit v, from where it is on, write (or: touch) the place? */
static bool unit_may(const struct kw_choosing *c, unsigned v, unsigned place,
		     bool touch)
{
	const uint64_t *sets = sets_of(c, c->at[v]);

	return kw_place_in(touch ? sets : sets + c->f->words, place);
}

static bool is_over(const struct kw_choosing *c, unsigned v)
{
	unsigned i;

	for (i = c->w->first_member[v]; i < c->w->first_member[v + 1]; i++) {
		const struct kw_actor_state *st = kw_block(
			c->w, c->s, c->w->members[i]);

		if ((st->run != KW_IDLE && st->run != KW_ENDED) ||
		    st->pend || st->armed)
			return false;
	}
	return !nr_buffered(c, v);
}

static bool touch_meets(const struct kw_choosing *c, const struct kw_touch *t,
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
static bool actor_meets(const struct kw_choosing *c, unsigned a, unsigned v)
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
	/* It leaves its guest for a handler that v raises. */
	if (st->run == KW_IN_GUEST)
		return unit_may(c, v, kw_place_irqs(c->f, a), true);
	if (st->run != KW_READY || st->nest ||
	    (guest && kw_block(c->w, c->s, t)->run != KW_IN_GUEST))
		return false;
	/* It may stand still for ever, below a handler that waits. */
	if (c->f->waits[a] && unit_may(c, v, kw_place_irqs(c->f, a), true))
		return true;
	return touch_meets(c, touch_of(c->f, a, st->pc), v);
}

/* Does somebody of u wait for v's stores? */
static bool awaits_stores(const struct kw_choosing *c, unsigned u, unsigned v)
{
	unsigned place = kw_place_buffer(c->f,
				c->w->members[c->w->first_member[v]]), i, k;

	for (i = c->w->first_member[u]; i < c->w->first_member[u + 1]; i++) {
		unsigned a = c->w->members[i];
		const struct kw_actor_state *st = kw_block(c->w, c->s, a);
		const GArray *reads;

		if (st->run != KW_READY)
			continue;
		reads = touch_of(c->f, a, st->pc)->reads;
		for (k = 0; k < reads->len; k++)
			if (g_array_index(reads, uint16_t, k) == place)
				return !is_over(c, v);
	}
	return false;
}

/* ... or does what u's CPU does to its buffer, or its drains, meet v? */
static bool buffer_meets(const struct kw_choosing *c, unsigned u, unsigned v)
{
	unsigned k, addr;

	if (awaits_stores(c, u, v) ||
	    unit_may(c, v, kw_place_buffer(c->f,
			c->w->members[c->w->first_member[u]]), true))
		return true;
	for (k = nr_buffered(c, u); k-- > 0;) {
		addr = buffered(c, u, k);
		if (unit_may(c, v, addr, true) ||
		    unit_may(c, v, addr + 1, true) ||
		    (c->f->checked[addr] &&
		     unit_may(c, v, kw_place_checks(c->f), true)))
			return true;
	}
	return false;
}

static bool unit_meets(const struct kw_choosing *c, unsigned u, unsigned v)
{
	unsigned i;

	for (i = c->w->first_member[u]; i < c->w->first_member[u + 1]; i++)
		if (actor_meets(c, c->w->members[i], v))
			return true;
	return c->w->memory && buffer_meets(c, u, v);
}

/* --- the order in which stores become visible ---------------------------- */

static bool is_byte(const struct kw_choosing *c, unsigned place)
{
	return place < c->w->p->objects_size;
}

/* May v touch what u has buffered, or is about to write? */
static bool unit_shows(const struct kw_choosing *c, unsigned u, unsigned v)
{
	unsigned i, k, place;

	for (k = nr_buffered(c, u); k-- > 0;)
		if (unit_may(c, v, buffered(c, u, k), true))
			return true;
	for (i = c->w->first_member[u]; i < c->w->first_member[u + 1]; i++) {
		unsigned a = c->w->members[i];
		const struct kw_actor_state *st = kw_block(c->w, c->s, a);
		const struct kw_touch *t;

		if (st->run != KW_READY)
			continue;
		t = touch_of(c->f, a, st->pc);
		if (t->all)
			return true;
		for (k = 0; k < t->writes->len; k++) {
			place = g_array_index(t->writes, uint16_t, k);
			if (is_byte(c, place) && unit_may(c, v, place, true))
				return true;
		}
	}
	return false;
}

/* May u write, from now on, bytes that v may touch? */
static bool unit_tells(const struct kw_choosing *c, unsigned u, unsigned v)
{
	const uint64_t *writes = sets_of(c, c->at[u]) + c->f->words;
	const uint64_t *touches = sets_of(c, c->at[v]);
	unsigned end = c->w->p->objects_size, i;

	for (i = 0; i < end / 64; i++)
		if (writes[i] & touches[i])
			return true;
	return end % 64 && (writes[i] & touches[i]) << (64 - end % 64);
}

/* --- what is known of places ------------------------------------------- */

/* All that the above looks at. */
static uint64_t where(const struct kw_choosing *c, unsigned a)
{
	const struct kw_actor_state *st = kw_block(c->w, c->s, a);

	return st->pc | (uint64_t)st->run << 16 | (uint64_t)st->pend << 24 |
	       (uint64_t)st->armed << 32 | (uint64_t)(st->nest != 0) << 40;
}

static unsigned first_word(const struct kw_choosing *c, unsigned u)
{
	return c->w->first_member[u] + (c->w->memory ? u * BUFFER_WORDS : 0);
}

static bool is_at(const struct kw_choosing *c, unsigned u, unsigned number)
{
	const struct place *p = &g_array_index(c->known, struct place,
					       number - 1);
	unsigned first = first_word(c, u);

	return p->unit == u &&
	       !memcmp(&g_array_index(c->places, uint64_t, p->first),
		       c->where + first, (first_word(c, u + 1) - first) *
						 sizeof(*c->where));
}

static uint32_t *slot_of(const struct kw_choosing *c, unsigned u)
{
	uint64_t h = u;
	unsigned i;

	for (i = first_word(c, u); i < first_word(c, u + 1); i++)
		h = kw_word_hash((unsigned)h, c->where[i]);
	i = (unsigned)h & (c->nr_slots - 1);
	while (c->slots[i] && !is_at(c, u, c->slots[i]))
		i = (i + 1) & (c->nr_slots - 1);
	return &c->slots[i];
}

static void forget_places(struct kw_choosing *c)
{
	memset(c->slots, 0, c->nr_slots * sizeof(*c->slots));
	memset(c->pairs, 0, PAIRS * sizeof(*c->pairs));
	memset(c->where, 0xff, first_word(c, c->w->nr_units) *
				       sizeof(*c->where));
	g_array_set_size(c->known, 0);
	g_array_set_size(c->places, 0);
	g_array_set_size(c->sets, 0);
}

static uint32_t number_of(struct kw_choosing *c, unsigned u)
{
	unsigned first = first_word(c, u);
	struct place p = { c->places->len, u };
	uint32_t *at = slot_of(c, u);

	if (*at)
		return *at;
	g_array_append_val(c->known, p);
	g_array_append_vals(c->places, c->where + first,
			    first_word(c, u + 1) - first);
	add_sets(c, u);
	*at = c->known->len;
	return *at;
}

static inline void set(uint64_t *of, unsigned v, uint64_t it_does)
{
	*of = (*of & ~(UINT64_C(1) << v)) | (it_does & 1) << v;
}

static uint64_t answer(const struct kw_choosing *c, unsigned u, unsigned v)
{
	uint64_t yes = 0;

	yes |= unit_meets(c, u, v) ? MEETS : 0;
	yes |= unit_meets(c, v, u) ? MEETS << 1 : 0;
	if (!c->w->memory)
		return yes;
	yes |= unit_shows(c, u, v) ? SHOWS : 0;
	yes |= unit_shows(c, v, u) ? SHOWS << 1 : 0;
	yes |= unit_tells(c, u, v) ? TELLS : 0;
	yes |= unit_tells(c, v, u) ? TELLS << 1 : 0;
	return yes;
}

/* What each does to the other. */
static void ask(struct kw_choosing *c, unsigned u, unsigned v)
{
	uint64_t key = (uint64_t)c->at[u] << 24 | c->at[v];
	uint64_t *at = &c->pairs[key * UINT64_C(0x9e3779b97f4a7c15) >>
				 (64 - PAIRS_SHIFT)];

	if (*at >> ANSWER_BITS != key)
		*at = key << ANSWER_BITS | answer(c, u, v);
	set(&c->meets[u], v, *at / MEETS);
	set(&c->meets[v], u, *at / MEETS >> 1);
	set(&c->shows[u], v, *at / SHOWS);
	set(&c->shows[v], u, *at / SHOWS >> 1);
	set(&c->tells[u], v, *at / TELLS);
	set(&c->tells[v], u, *at / TELLS >> 1);
}

/* Four of what u's CPU has buffered. */
static uint64_t buffer_word(const struct kw_choosing *c, unsigned u,
			    unsigned first)
{
	unsigned nr = nr_buffered(c, u), k;
	uint64_t word = 0;

	for (k = first; k < nr && k < first + 4; k++)
		word = word << 16 | buffered(c, u, k);
	return word;
}

static bool is_news(uint64_t *at, uint64_t now)
{
	if (*at == now)
		return false;
	*at = now;
	return true;
}

/* Where are they now?  Bit u: unit u is not where it was. */
static uint64_t find_places(struct kw_choosing *c)
{
	const struct kw_world *w = c->w;
	uint64_t moved = 0, *at = c->where;
	bool news;
	unsigned u, i;

	for (u = 0; u < w->nr_units; u++) {
		news = false;
		for (i = w->first_member[u]; i < w->first_member[u + 1]; i++)
			news |= is_news(at++, where(c, w->members[i]));
		for (i = 0; w->memory && i < BUFFER_WORDS; i++)
			news |= is_news(at++, buffer_word(c, u, 4 * i));
		if (!news)
			continue;
		moved |= UINT64_C(1) << u;
		c->at[u] = number_of(c, u);
	}
	return moved;
}

static void find_meetings(struct kw_choosing *c)
{
	uint64_t moved;
	unsigned u, v;

	if (2 * c->known->len + 2 * MAX_UNITS > c->nr_slots)
		forget_places(c);
	for (moved = find_places(c); moved; moved &= moved - 1) {
		u = (unsigned)__builtin_ctzll(moved);
		for (v = 0; v < u; v++)
			ask(c, v, u);
		for (v = u + 1; v < c->w->nr_units; v++)
			ask(c, u, v);
	}
}

struct kw_choosing *kw_choosing_new(const struct kw_world *w)
{
	struct kw_choosing *c;

	if (!w->footprint)
		return NULL;
	c = g_new0(struct kw_choosing, 1);
	c->w = w;
	c->f = w->footprint;
	c->where = g_new(uint64_t, first_word(c, w->nr_units));
	c->known = g_array_new(FALSE, FALSE, sizeof(struct place));
	c->places = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	c->sets = g_array_new(FALSE, TRUE, sizeof(uint64_t));
	c->nr_slots = 1 << 15;
	c->slots = g_new(uint32_t, c->nr_slots);
	c->pairs = g_new(uint64_t, PAIRS);
	forget_places(c);
	return c;
}

void kw_choosing_free(struct kw_choosing *c)
{
	if (!c)
		return;
	g_free(c->where);
	g_array_free(c->known, TRUE);
	g_array_free(c->places, TRUE);
	g_array_free(c->sets, TRUE);
	g_free(c->slots);
	g_free(c->pairs);
	g_free(c);
}

/* --- the choice --------------------------------------------------------- */

/*
 * Whom u meets.  Of two stores that become visible the first may be seen by
 * who has not seen the second, though either can be read late: where somebody
 * may see what u makes visible, u meets all who may write what that one may
 * see.
 */
static uint64_t met_by(const struct kw_choosing *c, unsigned u)
{
	uint64_t met = c->meets[u], seers = c->shows[u];
	unsigned q, v;

	for (; seers; seers &= seers - 1) {
		q = (unsigned)__builtin_ctzll(seers);
		for (v = 0; v < c->w->nr_units; v++)
			if (v != q && v != u && c->tells[v] >> q & 1)
				met |= UINT64_C(1) << v;
	}
	return met;
}

/*
 * The units that must go together with u; 0 if that is no gain over `most`
 * moves, or must be all.
 */
static uint64_t close_over(struct kw_choosing *c, unsigned u, unsigned *most)
{
	uint64_t in = UINT64_C(1) << u, todo = in, more;
	unsigned nr = c->of[u].nr_moves;
	bool fast = c->of[u].fast;

	while (todo) {
		u = (unsigned)__builtin_ctzll(todo);
		todo &= todo - 1;
		if (c->of[u].whole)
			return 0;
		more = met_by(c, u) & ~in;
		in |= more;
		todo |= more;
		for (; more; more &= more - 1) {
			u = (unsigned)__builtin_ctzll(more);
			nr += c->of[u].nr_moves;
			fast |= c->of[u].fast;
		}
		if (nr >= *most)
			return 0;
	}
	if (!fast || nr >= *most)
		return 0;
	*most = nr;
	return in;
}

static void count_moves(struct kw_choosing *c, const struct kw_expander *x)
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

/* Is there a unit whose moves might be enough? */
static bool may_choose(const struct kw_choosing *c, unsigned nr)
{
	const struct unit *u;

	for (u = c->of; u < c->of + c->w->nr_units; u++)
		if (u->nr_moves && u->nr_moves < nr && !u->whole)
			return true;
	return false;
}

void kw_persist_choose(struct kw_expander *x)
{
	struct kw_choosing *c = x->choosing;
	const struct kw_world *w = x->w;
	unsigned most = x->nr, u, i, nr = 0;
	uint64_t best = 0, in;

	if (x->nr < 2)
		return;
	c->s = x->cur;
	count_moves(c, x);
	if (!may_choose(c, x->nr))
		return;
	find_meetings(c);
	for (u = 0; u < w->nr_units; u++) {
		if (!c->of[u].nr_moves || c->of[u].nr_moves >= most)
			continue;
		in = close_over(c, u, &most);
		best = in ? in : best;
	}
	for (i = 0; best && i < x->nr; i++)
		if (best >> w->unit[x->children[i].by->move.actor] & 1)
			x->children[nr++] = x->children[i];
	if (best)
		x->nr = nr;
}
