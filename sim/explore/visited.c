/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a state has been seen.
 *
 * Invariant: from an entry's home to its place no slot is free.  Homes are
 * in the order of the fingerprints, and growing moves every entry upwards,
 * so it is done from the top; only the first slots, where an entry may sit
 * further from its home than that moves, are set aside and put in again.
 */
#define XXH_INLINE_ALL
#include <glib.h>
#include <xxhash.h>
#include "pack.h"
#include "visited.h"

#define MARGIN	 8192		/* slots behind the last home */
#define FIRST	 4096		/* slots at first */
#define ASIDE	 65536		/* first slots, see above */

struct record {			/* of the store */
	uint64_t fp;
	uint32_t len;
	uint8_t bytes[];
};

uint64_t kw_fingerprint(const uint8_t *s, uint32_t size)
{
	uint64_t fp = XXH3_64bits(s, size);

	return fp ? fp : 1;
}

void kw_visited_init(struct kw_visited *v, bool exact, const uint8_t *base,
		     uint32_t size)
{
	*v = (struct kw_visited){
		.nr_slots = FIRST, .exact = exact, .base = base, .size = size,
	};
	v->slots = g_new0(uint64_t, FIRST + MARGIN);
	if (exact)
		v->packed = g_malloc(kw_pack_max(size));
}

void kw_visited_free(struct kw_visited *v)
{
	g_free(v->slots);
	g_free(v->store);
	g_free(v->packed);
}

uint64_t kw_visited_bytes(const struct kw_visited *v)
{
	return (v->nr_slots + MARGIN) * sizeof(*v->slots) + v->room;
}

static const struct record *record(const struct kw_visited *v, uint64_t slot)
{
	return (const void *)(v->store + slot - 1);
}

static uint64_t fp_of(const struct kw_visited *v, uint64_t slot)
{
	return v->exact ? record(v, slot)->fp : slot;
}

static void place(struct kw_visited *v, uint64_t slot)
{
	uint64_t i = kw_visited_home(v, fp_of(v, slot));

	while (v->slots[i])
		i++;
	g_assert(i < v->nr_slots + MARGIN - 1);
	v->slots[i] = slot;
}

static void grow(struct kw_visited *v)
{
	uint64_t old = v->nr_slots, i, slot, nr = 0;
	uint64_t *aside = g_new(uint64_t, ASIDE);

	v->nr_slots = old < 4 * ASIDE ? 2 * old : old + old / 4;
	v->slots = g_renew(uint64_t, v->slots, v->nr_slots + MARGIN);
	memset(v->slots + old + MARGIN, 0,
	       (v->nr_slots - old) * sizeof(*v->slots));
	for (i = 0; i < MIN(ASIDE, old + MARGIN); i++) {
		if (v->slots[i])
			aside[nr++] = v->slots[i];
		v->slots[i] = 0;
	}
	for (i = old + MARGIN; i-- > ASIDE;) {
		slot = v->slots[i];
		if (!slot)
			continue;
		v->slots[i] = 0;
		place(v, slot);
	}
	for (i = 0; i < nr; i++)
		place(v, aside[i]);
	g_free(aside);
}

/* The packed state is at v->packed. */
static uint64_t put_record(struct kw_visited *v, uint64_t fp, size_t len)
{
	size_t need = (sizeof(struct record) + len + 7) & ~(size_t)7;
	uint64_t at = v->used;
	struct record *r;

	if (v->used + need > v->room) {
		v->room = MAX(2 * v->room, 65536 + need);
		v->store = g_realloc(v->store, v->room);
	}
	r = (void *)(v->store + at);
	r->fp = fp;
	r->len = (uint32_t)len;
	memcpy(r->bytes, v->packed, len);
	v->used += need;
	return at + 1;
}

static bool is(const struct kw_visited *v, uint64_t slot, uint64_t fp,
	       size_t len)
{
	const struct record *r;

	if (!v->exact)
		return slot == fp;
	r = record(v, slot);
	return r->fp == fp && r->len == len &&
	       !memcmp(r->bytes, v->packed, len);
}

bool kw_visited_add(struct kw_visited *v, uint64_t fp, const uint8_t *s)
{
	size_t len = v->exact ? kw_pack(v->base, s, v->size, v->packed) : 0;
	uint64_t i = kw_visited_home(v, fp);

	for (; v->slots[i]; i++)
		if (is(v, v->slots[i], fp, len))
			return false;
	g_assert(i < v->nr_slots + MARGIN - 1);
	v->slots[i] = v->exact ? put_record(v, fp, len) : fp;
	if (++v->count * 8 > v->nr_slots * 7)
		grow(v);
	return true;
}

bool kw_visited_has(const struct kw_visited *v, uint64_t fp)
{
	uint64_t i = kw_visited_home(v, fp);

	for (; v->slots[i]; i++)
		if (v->slots[i] == fp)
			return true;
	return false;
}
