/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a state has been seen.
 *
 * Invariant: from an entry's home to its place no slot is free.  Homes are
 * in the order of the fingerprints, and growing moves every entry upwards:
 * from the top, in rounds, each of which moves as many as find room above
 * all that are still to be moved.  Parts of a round have their own slots to
 * move to; what would go beyond them is set aside and put in at the end, as
 * are the first slots of all.
 */
#include <glib.h>
#include "pack.h"
#include "visited.h"

#define MARGIN	 1024		/* most slots behind the last home */
#define FIRST	 64		/* slots at first */
#define ASIDE	32768		/* first slots, see above */
#define PART	32768		/* slots that are moved at a time */

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
	uint64_t old = v->nr_slots;

	*g = (struct kw_growth){
		.v = v, .old = old, .low = old + v->margin,
		.aside = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
	};
	g_mutex_init(&g->lock);
	resize(v, old < 8 * ASIDE ? 2 * old : old + old / 2);
}

/* The first home now of those who had slot i or a later one as theirs. */
static uint64_t first_home(const struct kw_growth *g, uint64_t i)
{
	return (uint64_t)((unsigned __int128)i * g->v->nr_slots / g->old);
}

static void take_aside(struct kw_growth *g, uint64_t low, uint64_t high)
{
	uint64_t i;

	for (i = low; i < high; i++) {
		if (g->v->slots[i])
			g_array_append_val(g->aside, g->v->slots[i]);
		g->v->slots[i] = 0;
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
			    g->v->nr_slots) + 1;
	g->part = 0;
	return true;
}

/* Moves what is in those slots; what finds no place there goes to rest. */
static void move(struct kw_growth *g, uint64_t low, uint64_t high,
		 GArray *rest)
{
	uint64_t first = first_home(g, low), end = first_home(g, high), i, to;
	struct kw_visited *v = g->v;

	end = MIN(end, v->nr_slots + v->margin - 1);
	for (i = low; i < high; i++) {
		uint64_t slot = v->slots[i];

		if (!slot)
			continue;
		to = kw_visited_home(v, fp_of(v, slot));
		while (to >= first && to < end && v->slots[to])
			to++;
		if (to >= first && to < end)
			v->slots[to] = slot;
		else
			g_array_append_val(rest, slot);
	}
	memset(v->slots + low, 0, (high - low) * sizeof(*v->slots));
}

void kw_growth_parts(struct kw_growth *g)
{
	GArray *rest = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t low;

	while ((low = g->low + (uint64_t)PART *
			__atomic_fetch_add(&g->part, 1, __ATOMIC_RELAXED)) <
	       g->high)
		move(g, low, MIN(low + PART, g->high), rest);
	g_mutex_lock(&g->lock);
	g_array_append_vals(g->aside, rest->data, rest->len);
	g_mutex_unlock(&g->lock);
	g_array_free(rest, TRUE);
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

void kw_visited_count(struct kw_visited *v, uint64_t added)
{
	__atomic_fetch_add(&v->count, added, __ATOMIC_RELAXED);
}

bool kw_visited_is_full(const struct kw_visited *v)
{
	return __atomic_load_n(&v->count, __ATOMIC_RELAXED) * 4 >
	       v->nr_slots * 3;
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
