/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a state has been seen.
 *
 * Invariant: from the first slot of an entry's home to its place no slot is
 * free; hence the free ones of a line are its last, also for whoever reads
 * some of them too early: it finds fewer used, and the one that it takes for
 * free is not.  Homes are in the order of the fingerprints, and growing moves
 * every entry upwards: from the top, in rounds, each of which moves as many
 * as find room above all that are still to be moved.  Parts of a round have
 * their own lines to move to; what would go beyond them is set aside and put
 * in at the end, as are the first lines of all.
 */
#include <glib.h>
#include "pack.h"
#include "visited.h"

#define MARGIN	 1024		/* most slots behind the last home */
#define FIRST	 64		/* slots at first */
#define ASIDE	4096		/* first lines, see above */
#define PART	4096		/* lines that are moved at a time */

#define CHUNK	 (1u << 20)	/* bytes of records that are taken at once */

static void resize(struct kw_visited *v, uint64_t nr_slots)
{
	v->nr_slots = nr_slots;
	v->margin = MIN(MARGIN, nr_slots);
	kw_room_grow(&v->room, (nr_slots + v->margin) * sizeof(*v->slots));
	v->slots = v->room.at;
}

struct kw_adder {
	struct kw_visited *v;
	GPtrArray *chunks;
	size_t used, room;	/* bytes of the last one */
	uint8_t *packed;
};

struct kw_adder *kw_adder_new(struct kw_visited *v)
{
	struct kw_adder *a;

	if (!v->exact)
		return NULL;
	a = g_new0(struct kw_adder, 1);
	a->v = v;
	a->chunks = g_ptr_array_new_with_free_func(g_free);
	a->packed = g_malloc(kw_pack_max(v->size));
	return a;
}

void kw_adder_free(struct kw_adder *a)
{
	if (!a)
		return;
	g_ptr_array_free(a->chunks, TRUE);
	g_free(a->packed);
	g_free(a);
}

void kw_visited_init(struct kw_visited *v, bool exact, const uint8_t *base,
		     uint32_t size)
{
	*v = (struct kw_visited){
		.exact = exact, .base = base, .size = size,
		.wide = kw_machine_is_wide(),
	};
	resize(v, FIRST);
}

void kw_visited_free(struct kw_visited *v)
{
	kw_room_free(&v->room);
}

uint64_t kw_visited_bytes(const struct kw_visited *v)
{
	return (v->nr_slots + v->margin) * sizeof(*v->slots) +
	       v->record_bytes;
}

static uint64_t fp_of(const struct kw_visited *v, uint64_t slot)
{
	const struct kw_record *r = (const void *)(uintptr_t)slot;

	return v->exact ? r->fp : slot;
}

static void place(struct kw_visited *v, uint64_t slot)
{
	uint64_t i = kw_visited_home(v, fp_of(v, slot));

	while (v->slots[i])
		i++;
	kw_visited_mind(v, &v->slots[i]);
	v->slots[i] = slot;
}

/* --- growing ------------------------------------------------------------ */

void kw_growth_begin(struct kw_growth *g, struct kw_visited *v)
{
	uint64_t old = v->nr_slots / KW_LINE;

	*g = (struct kw_growth){
		.v = v, .old = old, .low = old + v->margin / KW_LINE,
		.aside = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
	};
	g_mutex_init(&g->lock);
	resize(v, KW_LINE * (old < 8 * ASIDE ? 2 * old : old + old / 4 * 3));
}

/* The first home now of those who had line i or a later one as theirs. */
static uint64_t first_home(const struct kw_growth *g, uint64_t i)
{
	return (uint64_t)((unsigned __int128)i *
			  (g->v->nr_slots / KW_LINE) / g->old);
}

static void take_aside(struct kw_growth *g, uint64_t low, uint64_t high)
{
	uint64_t *slots = g->v->slots, i;

	for (i = KW_LINE * low; i < KW_LINE * high; i++) {
		if (slots[i])
			g_array_append_val(g->aside, slots[i]);
		slots[i] = 0;
	}
}

bool kw_growth_round(struct kw_growth *g)
{
	uint64_t low = g->low;

	g->more = low > ASIDE;
	if (!g->more) {
		take_aside(g, 0, low);
		return false;
	}
	g->high = low;
	g->low = (uint64_t)((unsigned __int128)low * g->old /
			    (g->v->nr_slots / KW_LINE)) + 1;
	g->part = 0;
	return true;
}

/* A part of a round: its lines, and where they go. */
struct moving {
	struct kw_growth *g;
	uint64_t first, end;		/* lines */
	uint8_t used[2 * PART + 1];	/* [line - first]: slots */
	GArray *rest;			/* what finds no place there */
};

static void move_slot(struct moving *m, uint64_t slot)
{
	struct kw_visited *v = m->g->v;
	uint64_t to = kw_visited_home(v, fp_of(v, slot)) / KW_LINE;

	while (to >= m->first && to < m->end &&
	       m->used[to - m->first] == KW_LINE)
		to++;
	if (to >= m->first && to < m->end)
		v->slots[KW_LINE * to + m->used[to - m->first]++] = slot;
	else
		g_array_append_val(m->rest, slot);
}

static void move(struct moving *m, uint64_t low, uint64_t high)
{
	const struct kw_visited *v = m->g->v;
	uint64_t *line = v->slots + KW_LINE * low, i, k;

	m->end = MIN(first_home(m->g, high),
		     (v->nr_slots + v->margin) / KW_LINE - 1);
	m->first = MIN(first_home(m->g, low), m->end);
	memset(m->used, 0, m->end - m->first);
	for (i = low; i < high; i++, line += KW_LINE)
		for (k = 0; k < KW_LINE && line[k]; k++)
			move_slot(m, line[k]);
	memset(v->slots + KW_LINE * low, 0,
	       KW_LINE * (high - low) * sizeof(*v->slots));
}

void kw_growth_parts(struct kw_growth *g)
{
	struct moving m = {
		.g = g, .rest = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
	};
	uint64_t low;

	while ((low = g->low + (uint64_t)PART *
			__atomic_fetch_add(&g->part, 1, __ATOMIC_RELAXED)) <
	       g->high)
		move(&m, low, MIN(low + PART, g->high));
	g_mutex_lock(&g->lock);
	g_array_append_vals(g->aside, m.rest->data, m.rest->len);
	g_mutex_unlock(&g->lock);
	g_array_free(m.rest, TRUE);
}

void kw_growth_end(struct kw_growth *g)
{
	unsigned i;

	for (i = 0; i < g->aside->len; i++)
		place(g->v, g_array_index(g->aside, uint64_t, i));
	g_array_free(g->aside, TRUE);
	g_mutex_clear(&g->lock);
}

void kw_visited_grow(struct kw_visited *v)
{
	struct kw_growth g;

	kw_growth_begin(&g, v);
	while (kw_growth_round(&g))
		kw_growth_parts(&g);
	kw_growth_end(&g);
}

static struct kw_record *new_record(struct kw_adder *a, uint64_t fp,
				    size_t len)
{
	size_t need = (sizeof(struct kw_record) + len + 7) & ~(size_t)7;
	struct kw_record *r;

	if (a->used + need > a->room) {
		a->room = MAX(CHUNK, need);
		a->used = 0;
		g_ptr_array_add(a->chunks, g_malloc(a->room));
		__atomic_fetch_add(&a->v->record_bytes, a->room,
				   __ATOMIC_RELAXED);
	}
	r = (void *)((uint8_t *)a->chunks->pdata[a->chunks->len - 1] +
		     a->used);
	r->fp = fp;
	r->len = (uint32_t)len;
	a->used += need;
	return r;
}

/* The packed state is at a->packed. */
static uint64_t put_record(struct kw_adder *a, uint64_t fp, size_t len)
{
	struct kw_record *r = new_record(a, fp, len);

	memcpy(r->bytes, a->packed, len);
	return (uintptr_t)r;
}

uint8_t *kw_visited_put(struct kw_visited *v, struct kw_adder *a,
			const struct kw_record *head)
{
	struct kw_record *r = new_record(a, head->fp, head->len);

	place(v, (uintptr_t)r);
	return r->bytes;
}

static bool is(const struct kw_adder *a, uint64_t slot, uint64_t fp,
	       size_t len)
{
	const struct kw_record *r = (const void *)(uintptr_t)slot;

	return r->fp == fp && r->len == len &&
	       !memcmp(r->bytes, a->packed, len);
}

static bool add_record(struct kw_visited *v, struct kw_adder *a, uint64_t fp,
		       const uint8_t *s)
{
	size_t len = kw_pack(v->base, s, v->size, a->packed);
	uint64_t i, slot, new = 0;

	fp += !fp;
	for (i = kw_visited_home(v, fp);; i++) {
		slot = __atomic_load_n(&v->slots[i], __ATOMIC_ACQUIRE);
		if (!slot) {
			new = new ? new : put_record(a, fp, len);
			if (__atomic_compare_exchange_n(&v->slots[i], &slot,
							new, false,
							__ATOMIC_ACQ_REL,
							__ATOMIC_ACQUIRE))
				break;
		}
		if (is(a, slot, fp, len))
			return false;
	}
	kw_visited_mind(v, &v->slots[i]);
	return true;
}

bool kw_visited_add(struct kw_visited *v, struct kw_adder *a, uint64_t fp,
		    const uint8_t *s)
{
	return a ? add_record(v, a, fp, s) : kw_visited_add_fp(v, fp);
}

static inline __attribute__((always_inline)) void
try_by(struct kw_visited *v, const uint64_t *fps, unsigned nr, uint8_t *is,
       struct kw_line_shows (*look)(const uint64_t *, uint64_t))
{
	uint64_t fp, *line;
	unsigned i;

	for (i = 0; i < nr; i++) {
		fp = fps[i] + !fps[i];
		line = &v->slots[kw_visited_home(v, fp)];
		is[i] = (uint8_t)kw_visited_add_to(v, line, fp, look);
		if (is[i] == KW_BEYOND)
			__builtin_prefetch(line + KW_LINE, 1);
	}
}

static KW_WIDE void try_wide(struct kw_visited *v, const uint64_t *fps,
			     unsigned nr, uint8_t *is)
{
	try_by(v, fps, nr, is, kw_line_look_wide);
}

void kw_visited_try(struct kw_visited *v, const uint64_t *fps, unsigned nr,
		    uint8_t *is)
{
	if (v->wide)
		try_wide(v, fps, nr, is);
	else
		try_by(v, fps, nr, is, kw_line_look);
}

void kw_visited_count(struct kw_visited *v, uint64_t added)
{
	__atomic_fetch_add(&v->count, added, __ATOMIC_RELAXED);
}

/* Of the slots that there are. */
#define MOST_USED(slots)	((slots) / 32 * 23)

bool kw_visited_is_full(const struct kw_visited *v)
{
	return __atomic_load_n(&v->count, __ATOMIC_RELAXED) >
	       MOST_USED(v->nr_slots);
}

uint64_t kw_visited_free_slots(const struct kw_visited *v)
{
	return v->nr_slots - MOST_USED(v->nr_slots);
}

bool kw_visited_add_one(struct kw_visited *v, uint64_t fp)
{
	if (!kw_visited_add(v, NULL, fp, NULL))
		return false;
	v->count++;
	if (kw_visited_is_full(v))
		kw_visited_grow(v);
	return true;
}

bool kw_visited_has(const struct kw_visited *v, uint64_t fp)
{
	uint64_t i;

	fp += !fp;
	for (i = kw_visited_home(v, fp); v->slots[i]; i++)
		if (v->slots[i] == fp)
			return true;
	return false;
}
