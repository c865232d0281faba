/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Breadth first: a queue of packed states, visited in order of their numbers.
 *
 * State n is the n-th that was found; it costs four bytes beside its
 * fingerprint: which of its parent's moves led to it, and how many states it
 * led to itself.  The children of states 0, 1, 2 ... are numbered in that
 * order, so a parent is found by adding up, when a witness asks for it.
 *
 * Successors are built and hashed a batch at a time, and looked up when their
 * slots have had time to come from memory.
 */
#include "hunt.h"
#include "pack.h"

#define BATCH	64
#define BLOCK	(1u << 20)	/* bytes of a block of the queue */
#define LOG	65536		/* states of a block of the log */

struct block {
	struct block *next;
	size_t used, read;
	uint8_t bytes[BLOCK];
};

struct log {			/* of LOG states */
	uint16_t move[LOG], children[LOG];
};

struct made {			/* a successor that was not looked up yet */
	uint64_t fp;
	uint64_t parent;
	uint16_t move;
};

struct breadth {
	struct kw_hunt *h;
	struct block *head, *tail;
	unsigned nr_blocks;
	GPtrArray *logs;
	uint64_t found, expanded, level_end;
	struct made made[BATCH];
	uint8_t *states, *cur;		/* BATCH of them; one */
	unsigned nr;
	size_t pack_max;
};

static struct log *log_of(const struct breadth *b, uint64_t n)
{
	return b->logs->pdata[n / LOG];
}

static void enqueue(struct breadth *b, const uint8_t *s)
{
	struct kw_hunt *h = b->h;

	if (!b->tail || b->tail->used + b->pack_max > BLOCK) {
		struct block *n = g_malloc(sizeof(*n));

		n->next = NULL;
		n->used = n->read = 0;
		if (b->tail)
			b->tail->next = n;
		else
			b->head = n;
		b->tail = n;
		b->nr_blocks++;
	}
	b->tail->used += kw_pack(h->start, s, h->size,
				 b->tail->bytes + b->tail->used);
}

/* The next state into b->cur. */
static void dequeue(struct breadth *b)
{
	struct block *n = b->head;

	if (n->read == n->used) {
		b->head = n->next;
		g_free(n);
		b->nr_blocks--;
		n = b->head;
	}
	n->read += kw_unpack(b->h->start, n->bytes + n->read, b->h->size,
			     b->cur);
	b->expanded++;
}

/* The indices of the moves from the start to state n. */
static GArray *path_to(const struct breadth *b, uint64_t n)
{
	GArray *path = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	uint64_t p = b->found, end = b->found;
	unsigned i;

	while (n) {
		p--;
		end -= log_of(b, p)->children[p % LOG];
		if (n < end)
			continue;
		g_array_append_val(path, log_of(b, n)->move[n % LOG]);
		n = p;
	}
	for (i = 0; i < path->len / 2; i++) {
		uint16_t *a = &g_array_index(path, uint16_t, i);
		uint16_t *z = &g_array_index(path, uint16_t,
					     path->len - 1 - i);
		uint16_t x = *a;

		*a = *z;
		*z = x;
	}
	return path;
}

/* To state n, and one move more unless last is -1. */
static void witness(struct breadth *b, const struct kw_find *f, uint64_t n,
		    int last)
{
	GArray *path = path_to(b, n);
	struct kw_move *moves = g_new(struct kw_move, path->len + 2);
	struct kw_move all[KW_MAX_MOVES];
	uint8_t *s = g_malloc(b->h->size);
	struct kw_seen_by_move seen;
	uint16_t x = (uint16_t)last;
	unsigned i;

	if (last >= 0)
		g_array_append_val(path, x);
	memcpy(s, b->h->start, b->h->size);
	for (i = 0; i < path->len; i++) {
		kw_world_moves(b->h->w, s, all);
		moves[i] = all[g_array_index(path, uint16_t, i)];
		kw_world_apply(b->h->w, s, &moves[i], &seen);
	}
	kw_hunt_found(b->h, f, moves, path->len);
	g_array_free(path, TRUE);
	g_free(s);
}

static void new_state(struct breadth *b, uint8_t *s, uint64_t parent,
		      unsigned move)
{
	struct kw_find f;
	uint64_t n = b->found;

	if (n / LOG == b->logs->len)
		g_ptr_array_add(b->logs, g_new0(struct log, 1));
	log_of(b, n)->move[n % LOG] = (uint16_t)move;
	if (n)
		log_of(b, parent)->children[parent % LOG]++;
	b->found++;
	enqueue(b, s);
	if (kw_hunt_state(b->h, s, &f))
		witness(b, &f, n, -1);
}

static void flush(struct breadth *b)
{
	struct kw_hunt *h = b->h;
	unsigned i;

	for (i = 0; i < b->nr && !h->stop; i++) {
		uint8_t *s = b->states + (size_t)i * h->size;

		if (kw_visited_add(&h->visited, b->made[i].fp, s))
			new_state(b, s, b->made[i].parent, b->made[i].move);
	}
	b->nr = 0;
}

static void make(struct breadth *b, const struct kw_move *m, unsigned index)
{
	struct kw_hunt *h = b->h;
	uint8_t *s = b->states + (size_t)b->nr * h->size;
	struct made *made = &b->made[b->nr];
	struct kw_seen_by_move seen;
	struct kw_find f;
	bool terminal;

	memcpy(s, b->cur, h->size);
	kw_world_apply(h->w, s, m, &seen);
	made->parent = b->expanded - 1;
	made->move = (uint16_t)index;
	if (kw_hunt_move(h, &seen, &f, &terminal))
		witness(b, &f, made->parent, (int)index);
	if (terminal)
		return;
	made->fp = kw_fingerprint(s, h->size);
	kw_visited_prefetch(&h->visited, made->fp);
	if (++b->nr == BATCH)
		flush(b);
}

static void expand(struct breadth *b)
{
	struct kw_move moves[KW_MAX_MOVES];
	struct kw_find f;
	unsigned i, nr;

	dequeue(b);
	nr = kw_world_moves(b->h->w, b->cur, moves);
	if (!nr && kw_hunt_end(b->h, b->cur, &f))
		witness(b, &f, b->expanded - 1, -1);
	for (i = 0; i < nr && !b->h->stop; i++)
		make(b, &moves[i], i);
}

/* false when there is nothing more. */
static bool level(struct breadth *b)
{
	if (b->expanded == b->found || b->expanded == b->level_end)
		flush(b);
	if (b->expanded == b->found)
		return false;
	if (b->expanded == b->level_end) {
		b->h->res->depth++;
		b->level_end = b->found;
	}
	return true;
}

void kw_hunt_breadth(struct kw_hunt *h)
{
	struct breadth *b = g_new0(struct breadth, 1);

	b->h = h;
	b->logs = g_ptr_array_new_with_free_func(g_free);
	b->states = g_malloc((size_t)BATCH * h->size);
	b->cur = g_malloc(h->size);
	b->pack_max = kw_pack_max(h->size);
	g_assert(b->pack_max <= BLOCK);
	new_state(b, h->start, 0, 0);
	b->level_end = 1;
	while (!h->stop && level(b)) {
		expand(b);
		if (b->expanded % 64)
			continue;
		h->bytes = (uint64_t)b->nr_blocks * sizeof(struct block) +
			   b->logs->len * sizeof(struct log);
		if (kw_hunt_bounded(h, b->found - b->expanded))
			break;
	}
	h->bytes = MAX(h->bytes, b->logs->len * sizeof(struct log));
	while (b->head) {
		struct block *n = b->head;

		b->head = n->next;
		g_free(n);
	}
	g_ptr_array_free(b->logs, TRUE);
	g_free(b->states);
	g_free(b->cur);
	g_free(b);
}
