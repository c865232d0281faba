/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Breadth first, a level after another.
 *
 * A level is the states that are that many moves away from the start, in
 * blocks (queue.h).  A thread goes on with what it made itself, whose
 * neighbours it has looked up (see RECENT), and then helps the others.  What
 * a level shows is asked for when all of it was visited, so that nothing
 * depends on the order within it.
 */
#include "crew.h"
#include "expand.h"
#include "hunt.h"
#include "queue.h"
#include "saved.h"

/* A thread is worth it for so many blocks. */
#define BLOCKS	4
/* So many new states are counted at once, ... */
#define COUNTED	256
/* ... and so many a thread may add before it counts. */
#define AHEAD	(COUNTED + KW_BATCH + KW_MAX_MOVES)

/* So many new states at most wait for what kw_hunt_state() says of them. */
#define AILING	16

/* So many fingerprints at most are remembered as looked up, one for every SLOTS
   of the table: most states are reached several times, and soon one after
   another. */
#define RECENT	65536
#define SLOTS	32

struct worker {
	struct breadth *b;
	struct kw_hunter k;
	struct kw_expander x;
	uint8_t *s;		/* the state whose children are looked up */
	struct kw_block *todo;	/* of this level; of b->lock */
	uint64_t nr_todo;	/* blocks */
	struct kw_later out;
	uint64_t *recent;	/* [RECENT], of any place the last; not exact */
	uint8_t *ailing;	/* [AILING] states */
	uint64_t ailing_fp[AILING];
	unsigned nr_ailing;
	unsigned found;		/* bit p: property p, in this level */
	uint64_t uncounted;	/* states that the table has not been told of */
	uint64_t told;		/* of k.states, those that b has been told of */
	char apart[KW_APART];
};

struct breadth {
	struct kw_hunt *h;
	GMutex lock;			/* of what follows */
	struct kw_block *made;		/* of the next, read from a file */
	unsigned level;
	uint64_t nr_todo;		/* blocks of this level, all workers' */
	uint64_t nr_made;		/* blocks of the next level */
	struct kw_search_progress seen;	/* so far */
	uint64_t left;			/* states in them */
	struct worker *workers;
	unsigned nr_workers;
	struct kw_crew crew;		/* the workers; they meet to let the
					   table grow */
	struct kw_growth growth;
};

/* All who are present come here when it is full. */
static void grow(struct breadth *b)
{
	struct kw_growth *g = &b->growth;
	bool first = kw_crew_meet(&b->crew);

	if (first)
		kw_growth_begin(g, &b->h->visited);
	for (;;) {
		if (first)
			kw_growth_round(g);
		kw_crew_meet(&b->crew);
		if (!g->more)
			break;
		kw_growth_parts(g);
		kw_crew_meet(&b->crew);
	}
	if (first)
		kw_growth_end(g);
	kw_crew_meet(&b->crew);
}

/* Between two states: is there room in the table? */
static void look_after_table(struct worker *k)
{
	struct breadth *b = k->b;
	struct kw_visited *v = &b->h->visited;

	if (k->uncounted >= MIN(COUNTED, v->nr_slots >> 13)) {
		kw_visited_count(v, k->uncounted);
		k->uncounted = 0;
	}
	if (kw_visited_is_full(v))
		grow(b);
}

/* Those that waited. */
static void hunt_ailing(struct worker *k)
{
	struct kw_find f;
	unsigned i, slot;

	for (i = 0; i < k->nr_ailing; i++)
		for (slot = 0; kw_hunt_state(&k->k,
					     k->ailing + i * k->b->h->size,
					     k->ailing_fp[i], &slot, &f);)
			k->found |= 1u << f.what;
	k->nr_ailing = 0;
}

/* k->s is what has not been seen before. */
static inline void new_state(struct worker *k, uint64_t fp,
			     const struct kw_made *by)
{
	size_t size = k->b->h->size;

	if (by->takes)
		kw_world_note_orders(k->k.w, k->s, by->dirty);
	kw_later_put(&k->out, k->s, fp, by->dirty);
	if (!kw_hunt_ails(&k->k, k->s, fp))
		return;
	memcpy(k->ailing + k->nr_ailing * size, k->s, size);
	k->ailing_fp[k->nr_ailing++] = fp;
	if (k->nr_ailing == AILING)
		hunt_ailing(k);
}

/* What a move has shown; false when nothing comes after it. */
static bool show(struct worker *k, const struct kw_seen_by_move *seen)
{
	struct kw_find f;
	unsigned p = 0;

	while (kw_hunt_move(&k->k, seen, &p, &f))
		k->found |= 1u << f.what;
	return !seen->failed;
}

/* Leaves the children that do not end where the move failed. */
static void show_all(struct worker *k)
{
	struct kw_expander *x = &k->x;
	const struct kw_child *c, *end = x->children + x->nr;

	x->nr = 0;
	for (c = x->children; c < end; c++)
		if (!c->by->seen || show(k, c->by->seen))
			x->children[x->nr++] = *c;
	kw_expander_told(x);
}

/* Makes the children of x->cur. */
static void make(struct worker *k)
{
	struct kw_expander *x = &k->x;
	struct kw_find f;

	kw_expander_make(x);
	k->k.transitions += x->nr;
	if (!x->nr && kw_hunt_end(&k->k, x->cur, &f))
		k->found |= 1u << f.what;
	if (x->shows)
		show_all(k);
}

/* States that are visited at a time; they may be fewer, see KW_BATCH. */
#define STATES	256

/* They and their children, which are numbered as in x.all. */
struct batch {
	unsigned nr;			/* states */
	unsigned end[STATES];		/* [state]: behind its children */
	/* Children that may be new: */
	unsigned nr_left;
	uint16_t left[KW_BATCH + KW_MAX_MOVES];
	uint64_t fp[KW_BATCH + KW_MAX_MOVES];
	uint8_t is[KW_BATCH + KW_MAX_MOVES];	/* enum kw_added */
};

static void make_batch(struct worker *k, struct kw_later_reader *in,
		       unsigned left, struct batch *b)
{
	struct kw_expander *x = &k->x;

	kw_expander_begin(x);
	for (b->nr = 0; b->nr < MIN(left, STATES) && !kw_expander_is_full(x);
	     b->nr++) {
		x->stale |= kw_later_next(in, x->grain_shift, x->cur, &x->fp);
		make(k);
		b->end[b->nr] = (unsigned)(x->children + x->nr - x->all);
	}
}

/* Of places, which are a power of two: few as long as the table is small. */
static uint64_t recent_mask(const struct kw_visited *v)
{
	uint64_t most = RECENT;

	while (most > v->nr_slots / SLOTS + 1)
		most /= 2;
	return most - 1;
}

/*
 * Leaves those that were not looked up a short while ago, and asks for where
 * they would be: all at once, while the processor has nothing else to do.
 */
static void leave_recent(struct worker *k, struct batch *b)
{
	const struct kw_visited *v = &k->b->h->visited;
	unsigned i, nr = 0, end = b->end[b->nr - 1];
	uint64_t mask = recent_mask(v);

	for (i = 0; i < end; i++) {
		uint64_t fp = k->x.all[i].fp;
		uint64_t *at = &k->recent[fp >> 20 & mask];

		b->left[nr] = (uint16_t)i;
		b->fp[nr] = fp;
		nr += *at != fp;
		*at = fp;
	}
	b->nr_left = nr;
	for (i = 0; i < nr; i++)
		__builtin_prefetch(kw_visited_at(v, b->fp[i]), 1);
}

/* Where whole states tell: all of them, when they are entered. */
static void leave_all(struct worker *k, struct batch *b)
{
	const struct kw_visited *v = &k->b->h->visited;
	unsigned i;

	b->nr_left = b->end[b->nr - 1];
	for (i = 0; i < b->nr_left; i++) {
		b->left[i] = (uint16_t)i;
		__builtin_prefetch(kw_visited_at(v, k->x.all[i].fp), 1);
	}
}

/*
 * Leaves those that are new, and those that are not in what has come from
 * memory: they are looked up again, and lose what made them if they are not.
 */
static void leave_new(struct worker *k, struct batch *b)
{
	struct kw_visited *v = &k->b->h->visited;
	uint16_t beyond[KW_BATCH + KW_MAX_MOVES];
	struct kw_child *all = k->x.all;
	unsigned i, nr = 0, nr_beyond = 0;

	kw_visited_try(v, b->fp, b->nr_left, b->is);
	for (i = 0; i < b->nr_left; i++) {
		beyond[nr_beyond] = b->left[nr] = b->left[i];
		nr += b->is[i] != KW_SEEN;
		nr_beyond += b->is[i] == KW_BEYOND;
	}
	b->nr_left = nr;
	k->uncounted += nr;
	for (i = 0; i < nr_beyond; i++)
		if (!kw_visited_add_fp(v, all[beyond[i]].fp)) {
			all[beyond[i]].by = NULL;
			k->uncounted--;
		}
}

static void enter(struct worker *k, const struct kw_child *c)
{
	kw_child_enter(k->s, c->by);
	new_state(k, c->fp, c->by);
	kw_child_leave(k->s, c->by);
}

/* The same where whole states tell, and it may have been seen. */
static void enter_exactly(struct worker *k, const struct kw_child *c)
{
	kw_child_enter(k->s, c->by);
	if (kw_visited_add(&k->b->h->visited, k->k.adder, c->fp, k->s)) {
		k->uncounted++;
		new_state(k, c->fp, c->by);
	}
	kw_child_leave(k->s, c->by);
	look_after_table(k);
}

static void enter_batch(struct worker *k, struct kw_later_reader *in,
			struct batch *b)
{
	bool exact = k->b->h->visited.exact;
	const uint16_t *left = b->left, *end = b->left + b->nr_left;
	const struct kw_child *c;
	uint64_t fp;
	unsigned i;

	for (i = 0; i < b->nr; i++) {
		k->out.differs |= kw_later_next(in, k->x.grain_shift, k->s,
						&fp);
		for (; left < end && *left < b->end[i]; left++) {
			c = &k->x.all[*left];
			if (exact)
				enter_exactly(k, c);
			else if (c->by)
				enter(k, c);
		}
	}
}

/*
 * In batches: first the children of all of its states are made, then what the
 * table may have of them is asked for, all at once, then they are looked up,
 * and then those that are new are dealt with.  The states are read twice.
 */
static void visit_block(struct worker *k, const struct kw_block *n)
{
	struct kw_later_reader in = { n->bytes }, again = in;
	bool exact = k->b->h->visited.exact;
	unsigned left = n->nr_states;
	struct batch b;

	k->out.differs = ~UINT64_C(0);
	kw_expander_set(&k->x, k->b->h->start, 0);
	memcpy(k->s, k->b->h->start, k->b->h->size);
	for (; left; left -= b.nr) {
		make_batch(k, &in, left, &b);
		if (exact) {
			leave_all(k, &b);
		} else {
			leave_recent(k, &b);
			leave_new(k, &b);
			look_after_table(k);
		}
		enter_batch(k, &again, &b);
		hunt_ailing(k);
	}
}

/* Is it time to stop within a level?  b->lock is held. */
static bool bounded(struct worker *k)
{
	struct breadth *b = k->b;
	uint64_t rescues = kw_rescue_bytes(k->k.rescue) * b->nr_workers;
	uint64_t memos = (k->x.memo.bytes + k->x.ordered.bytes) *
			 b->nr_workers;

	b->seen.states += k->k.states - k->told;
	k->told = k->k.states;
	b->nr_made += k->out.nr_blocks;
	k->out.nr_blocks = 0;
	b->h->bytes = (b->nr_todo + b->nr_made) * KW_BLOCK_BYTES;
	b->seen.left = b->left + b->seen.states - b->seen.known;
	return kw_hunt_bounded(b->h, &b->seen, rescues + memos);
}

/* Who has most left to do? */
static struct worker *busiest(const struct breadth *b)
{
	struct worker *most = &b->workers[0];
	unsigned i;

	for (i = 1; i < b->nr_workers; i++)
		if (b->workers[i].nr_todo > most->nr_todo)
			most = &b->workers[i];
	return most;
}

static struct kw_block *take(struct worker *k)
{
	struct breadth *b = k->b;
	struct worker *from;
	struct kw_block *n = NULL;

	g_mutex_lock(&b->lock);
	if (b->nr_todo && !bounded(k)) {
		from = k->todo ? k : busiest(b);
		n = from->todo;
		from->todo = n->next;
		from->nr_todo--;
		b->nr_todo--;
		b->left -= n->nr_states;
	}
	g_mutex_unlock(&b->lock);
	return n;
}

/* Worker i, until nothing is left of the level. */
static void work(void *arg, unsigned i)
{
	struct breadth *b = arg;
	struct worker *k = &b->workers[i];
	struct kw_block *n;

	while ((n = take(k))) {
		visit_block(k, n);
		g_free(n);
	}
}

/* All blocks of a level, by as many threads as are worth it. */
static void visit_level(struct breadth *b)
{
	kw_crew_work(&b->crew, (unsigned)MIN(b->nr_workers,
					     b->nr_todo / BLOCKS + 1));
}

/* A level was visited: what has it shown, and what is the next? */
static void add_todo(struct breadth *b, struct worker *k, struct kw_block *n)
{
	struct kw_block *next;

	for (; n; n = next) {
		next = n->next;
		n->next = k->todo;
		k->todo = n;
		k->nr_todo++;
		b->nr_todo++;
		b->left += n->nr_states;
	}
}

/* What all workers have found and learnt is the first one's. */
static void gather(struct breadth *b)
{
	unsigned i;

	for (i = 0; i < b->nr_workers; i++) {
		struct worker *k = &b->workers[i];

		b->h->found |= k->found;
		b->seen.states += k->k.states - k->told;
		k->told = k->k.states;
		kw_visited_count(&b->h->visited, k->uncounted);
		k->uncounted = 0;
		kw_world_join(b->workers[0].k.w, k->k.w);
	}
}

static void note_level(struct kw_search_progress *p)
{
	memmove(p->levels, p->levels + 1, sizeof(p->levels) -
		sizeof(p->levels[0]));
	p->levels[KW_LEVELS - 1] = p->states - p->known;
	p->known = p->states;
}

static void end_level(struct breadth *b)
{
	struct kw_hunt *h = b->h;
	struct kw_find f;
	unsigned i;

	gather(b);
	if (kw_hunt_orders(&b->workers[0].k, &f)) {
		h->found |= 1u << f.what;
		g_array_unref(f.cycle);
	}
	note_level(&b->seen);
	for (i = 0; i < b->nr_workers; i++)
		add_todo(b, &b->workers[i],
			 kw_later_take(&b->workers[i].out));
	add_todo(b, &b->workers[0], b->made);
	b->made = NULL;
	b->nr_made = 0;
	if (kw_hunter_was_wrong(&b->workers[0].k) || kw_hunt_enough(h))
		h->stop = true;
	else if (h->opts->max_states && b->seen.states >= h->opts->max_states &&
		 b->nr_todo)
		h->res->bound = KW_BOUND_STATES;
}

uint64_t kw_hunt_identity(const struct kw_hunt *h)
{
	uint64_t x = kw_world_digest(h->w);

	x = kw_word_hash(5, x) + h->opts->stop_any;
	x = kw_word_hash(6, x) + h->opts->stop_all;
	x = kw_word_hash(8, x) + (h->opts->depth_first |
				  (unsigned)h->opts->exact << 1);
	return kw_word_hash(7, x) + g_str_hash(KW_VERSION);
}

/* What is left of the level becomes the first worker's. */
static struct kw_block *all_todo(struct breadth *b)
{
	struct kw_block **end = &b->workers[0].todo;
	unsigned i;

	for (i = 1; i < b->nr_workers; i++) {
		while (*end)
			end = &(*end)->next;
		*end = b->workers[i].todo;
		b->workers[i].todo = NULL;
	}
	return b->workers[0].todo;
}

/* It was stopped within a level. */
static void save(struct breadth *b)
{
	struct kw_hunt *h = b->h;
	struct kw_saved s = {
		.identity = kw_hunt_identity(h), .level = b->level,
		.start = h->start, .size = h->size,
		.todo = all_todo(b), .made = b->made, .visited = &h->visited,
		.w = b->workers[0].k.w, .again = h->res->again,
	};
	unsigned i;

	gather(b);
	for (i = 0; i < b->nr_workers; i++) {
		struct worker *k = &b->workers[i];
		struct kw_block *n = kw_later_take(&k->out), *next;

		for (; n; n = next) {
			next = n->next;
			n->next = s.made;
			s.made = n;
		}
		s.states += k->k.states;
		s.transitions += k->k.transitions;
		s.ends += k->k.ends;
		s.exposed |= k->k.exposed;
	}
	b->made = s.made;
	s.found = h->found;
	h->res->saved = kw_saved_write(&s, h->opts->save, &h->res->error);
}

static void resume(struct breadth *b)
{
	struct kw_hunt *h = b->h;
	struct worker *k = &b->workers[0];
	struct kw_saved s = {
		.identity = kw_hunt_identity(h), .visited = &h->visited,
		.start = h->start, .size = h->size, .adder = k->k.adder,
		.w = k->k.w,
	};
	const struct kw_block *n;

	if (!kw_saved_read(&s, h->opts->resume, &h->res->error))
		h->stop = true;
	add_todo(b, k, s.todo);
	b->made = s.made;
	b->level = s.level;
	b->seen.states = k->told = k->k.states = s.states;
	b->seen.known = s.states;
	for (n = b->made; n; n = n->next)
		b->seen.known -= n->nr_states;
	k->k.transitions = s.transitions;
	k->k.ends = s.ends;
	k->k.exposed = s.exposed;
	h->res->again = s.again;
	k->found = h->found = s.found;
}

static void begin(struct breadth *b)
{
	struct worker *first = &b->workers[0];
	struct kw_hunt *h = b->h;
	uint64_t fp = kw_fingerprint(h->start, h->size);

	kw_visited_add(&h->visited, first->k.adder, fp, h->start);
	memcpy(first->s, h->start, h->size);
	first->uncounted++;
	new_state(first, fp, &(struct kw_made){
		  .dirty = ~UINT64_C(0), .takes = true });
	hunt_ailing(first);
	end_level(b);
}

/* For what all threads add before they count: once, as the free slots become
   more with the table. */
static void make_room(struct breadth *b)
{
	struct kw_visited *v = &b->h->visited;

	while (kw_visited_free_slots(v) < (uint64_t)AHEAD * b->nr_workers)
		kw_visited_grow(v);
}

static void levels(struct breadth *b)
{
	struct kw_hunt *h = b->h;
	bool again = h->opts->resume && !h->res->again;

	if (again)
		resume(b);
	make_room(b);
	if (!again)
		begin(b);
	for (; b->nr_todo && !h->stop && h->res->bound == KW_UNBOUNDED;
	     b->level++) {
		h->res->depth = b->level;
		visit_level(b);
		if (h->res->bound == KW_UNBOUNDED)
			end_level(b);
		else if (h->res->bound == KW_BOUND_STOPPED && h->opts->save)
			save(b);
	}
}

static void free_blocks(struct kw_block *n)
{
	struct kw_block *next;

	for (; n; n = next) {
		next = n->next;
		g_free(n);
	}
}

void kw_hunt_breadth(struct kw_hunt *h)
{
	struct breadth b = { .h = h };
	unsigned i;

	b.nr_workers = MAX(1, h->opts->jobs);
	h->visited.alone = b.nr_workers == 1;
	g_mutex_init(&b.lock);
	kw_crew_init(&b.crew, b.nr_workers, work, &b);

	b.workers = g_new0(struct worker, b.nr_workers);
	for (i = 0; i < b.nr_workers; i++) {
		struct worker *k = &b.workers[i];

		k->b = &b;
		kw_hunter_init(&k->k, h);
		kw_expander_init(&k->x, k->k.w);
		k->s = g_malloc(h->size + KW_APART);
		k->ailing = g_malloc(AILING * h->size + KW_APART);
		k->recent = g_new0(uint64_t, RECENT);
		k->recent[0] = ~UINT64_C(0);	/* 0 is not, yet */
		kw_later_init(&k->out, h->start, h->size,
			       kw_world_grain_shift(h->w));
	}
	levels(&b);
	kw_crew_free(&b.crew);
	if (h->res->bound == KW_UNBOUNDED)
		bounded(&b.workers[0]);
	if (!b.nr_todo)
		h->res->bound = KW_UNBOUNDED;
	for (i = 0; i < b.nr_workers; i++) {
		kw_hunter_end(&b.workers[i].k);
		kw_expander_free(&b.workers[i].x);
		g_free(b.workers[i].s);
		g_free(b.workers[i].ailing);
		g_free(b.workers[i].recent);
		kw_later_free(&b.workers[i].out);
		free_blocks(b.workers[i].todo);
	}
	free_blocks(b.made);
	g_free(b.workers);
	g_mutex_clear(&b.lock);
}
