/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states that a search has seen: 64-bit fingerprints, or whole states.
 *
 * Fingerprints are one array with open addressing.  An entry's home is a line
 * of the cache, so that most are found, or not found, in the one line that was
 * asked for beforehand.  Homes follow the values' order, so that the array
 * grows in place, by three quarters (all threads help) when 23 of 32 slots
 * are used, so that few lines are full: 11 to 19.5 bytes a state.
 *
 * That two states share one, and the second is taken for seen, has a chance
 * of n * n / 2^65.
 */
#ifndef KW_VISITED_H
#define KW_VISITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>
#include "apart.h"
#include "line.h"
#include "room.h"

struct kw_visited {
	struct kw_room room;
	uint64_t *slots;	/* 0: free; exact: a record's address */
	uint64_t nr_slots, margin;	/* the margin is behind them; whole
					   lines of KW_LINE slots */
	bool exact;
	bool alone;		/* one thread adds at a time */
	bool wide;		/* see line.h */
	const uint8_t *base;	/* exact: what states are packed against */
	uint32_t size;
	/* What threads write while others read the rest. */
	char apart[KW_APART];
	uint64_t count;			/* of what is counted, see below */
	uint64_t record_bytes;
};

/* Exact: where one thread's records are; else NULL. */
struct kw_adder;

/* A whole state, packed (pack.h). */
struct kw_record {
	uint64_t fp;
	uint32_t len;
	uint8_t bytes[];
} __attribute__((packed));

void kw_visited_init(struct kw_visited *v, bool exact, const uint8_t *base,
		     uint32_t size);
/* After all of its adders. */
void kw_visited_free(struct kw_visited *v);
struct kw_adder *kw_adder_new(struct kw_visited *v);
void kw_adder_free(struct kw_adder *a);
/*
 * Adds it; false when it was there.  s: only where exact.  Several threads
 * may do so at a time, but not while it grows: now and then each says how
 * many it added, and when it is full, all of them grow it.
 */
bool kw_visited_add(struct kw_visited *v, struct kw_adder *a, uint64_t fp,
		    const uint8_t *s);
void kw_visited_count(struct kw_visited *v, uint64_t added);
bool kw_visited_is_full(const struct kw_visited *v);
/* So many are free when it is full. */
uint64_t kw_visited_free_slots(const struct kw_visited *v);
void kw_visited_grow(struct kw_visited *v);

/*
 * The same for several threads: one begins; then all take parts of a round
 * until there are none, and when all have, one asks for the next round, as
 * long as there is one; then one ends it.
 */
struct kw_growth {
	struct kw_visited *v;
	uint64_t old;		/* lines that there were */
	uint64_t low, high;	/* those that move in this round */
	bool more;		/* there is this round */
	unsigned part;		/* the next one */
	GMutex lock;		/* of what follows */
	GArray *aside;		/* entries to be put in at the end */
};
void kw_growth_begin(struct kw_growth *g, struct kw_visited *v);
bool kw_growth_round(struct kw_growth *g);
void kw_growth_parts(struct kw_growth *g);
void kw_growth_end(struct kw_growth *g);

/* Exact: of that slot; NULL: it is free. */
static inline const struct kw_record *
kw_visited_record(const struct kw_visited *v, uint64_t slot)
{
	return (const void *)(uintptr_t)v->slots[slot];
}

/*
 * Exact, one thread alone: one that is not there, for which there is room, by
 * fingerprint and length; returns where its bytes are to go.
 */
uint8_t *kw_visited_put(struct kw_visited *v, struct kw_adder *a,
			const struct kw_record *head);

/* One thread alone: adds it, counts it and grows. */
bool kw_visited_add_one(struct kw_visited *v, uint64_t fp);
bool kw_visited_has(const struct kw_visited *v, uint64_t fp);	/* not exact */
uint64_t kw_visited_bytes(const struct kw_visited *v);

/* An entry was put there: is it not too far behind the last home? */
static inline void kw_visited_mind(const struct kw_visited *v,
				   const uint64_t *slot)
{
	g_assert(slot < v->slots + v->nr_slots + v->margin - 1);
}

/* The first slot of its home. */
static inline uint64_t kw_visited_home(const struct kw_visited *v,
				       uint64_t fp)
{
	return KW_LINE * (uint64_t)((unsigned __int128)fp *
				    (v->nr_slots / KW_LINE) >> 64);
}

enum kw_added {
	KW_SEEN, KW_ADDED,
	KW_BEYOND,		/* the line is full, and it is not in it */
};

/* To its line, as look sees it. */
static inline __attribute__((always_inline)) enum kw_added
kw_visited_add_to(const struct kw_visited *v, uint64_t *line, uint64_t fp,
		  struct kw_line_shows (*look)(const uint64_t *, uint64_t))
{
	struct kw_line_shows shows;
	uint64_t none;

	do {
		shows = look(line, fp);
		if (shows.is)
			return KW_SEEN;
		if (shows.used == KW_LINE)
			return KW_BEYOND;
		none = 0;
		if (v->alone) {
			line[shows.used] = fp;
			break;
		}
	} while (!__atomic_compare_exchange_n(&line[shows.used], &none, fp,
					      false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	kw_visited_mind(v, &line[shows.used]);
	return KW_ADDED;
}

/*
 * What the homes of several tell, which were asked for beforehand; where that
 * is not all, the next line is asked for, and kw_visited_add_fp() tells,
 * later.  is: [nr], of enum kw_added.
 */
void kw_visited_try(struct kw_visited *v, const uint64_t *fps, unsigned nr,
		    uint8_t *is);

/* kw_visited_add() where not exact. */
static inline bool kw_visited_add_fp(struct kw_visited *v, uint64_t fp)
{
	enum kw_added is;
	uint64_t *line;

	fp += !fp;
	line = &v->slots[kw_visited_home(v, fp)];
	while ((is = kw_visited_add_to(v, line, fp, kw_line_look)) ==
	       KW_BEYOND)
		line += KW_LINE;
	return is == KW_ADDED;
}

/* To be asked for long before it is looked up. */
static inline const uint64_t *kw_visited_at(const struct kw_visited *v,
					    uint64_t fp)
{
	return &v->slots[kw_visited_home(v, fp)];
}

#endif
