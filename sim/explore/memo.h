/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What actors did where they found the same before.
 *
 * Which moves an actor has, and what they change, follows from its block and
 * from a few words beside it, or bits of them: what it is about to access.
 * Which these are is known of each block that it has had (a stand), and what
 * it does there of each value that they have had (acts).
 */
#ifndef KW_MEMO_H
#define KW_MEMO_H

#include <glib.h>
#include "apart.h"
#include "fingerprint.h"
#include "world.h"

struct kw_change {			/* of a word */
	uint32_t place;
	uint64_t differs;		/* bits that become others */
};

struct kw_made {				/* by a move */
	uint64_t adds;			/* to the fingerprint */
	uint64_t dirty;			/* grains that changes are in */
	const struct kw_seen_by_move *seen;	/* NULL: nothing */
	const struct kw_made *next;	/* of the same actor, or NULL */
	struct kw_move move;
	uint16_t nr;			/* changes */
	bool sticky;			/* see struct kw_seen_by_move */
	bool takes;			/* somebody it changes is about to take
					   a lock */
	struct kw_change changes[];
};

struct kw_acting {			/* what an actor may do in a state */
	uint64_t reads;			/* grains that this depends on */
	uint64_t adds;			/* the first one's, or 0 */
	const struct kw_made *first;
	uint16_t nr;			/* moves */
	bool several;			/* or one that another may make, too:
					   KW_FORCE */
	bool shows;			/* some have seen something that nobody
					   was told of */
	bool fails;			/* some fail */
};

struct kw_look {			/* at bits of a word */
	uint32_t place;
	uint64_t bits;
};

/* More are not worth being remembered. */
#define KW_MOST_LOOKS	32

struct kw_stand {			/* an actor whose block says that */
	uint64_t key;
	uint32_t actor;
	uint32_t nr;			/* looks, at least one: of no bits,
					   if need be */
	const uint64_t *block;		/* [its words] */
	struct kw_acts **recent;	/* [KW_MEMO_RECENT]: found lately */
	struct kw_look looks[];		/* [nr] */
};

struct kw_acts {			/* what it does where it sees that */
	uint64_t key;
	const struct kw_stand *stand;
	struct kw_acting now;
	uint64_t sees[];		/* [stand->nr]: by each look */
};

struct kw_sets {			/* of what begins with its key */
	uint64_t **at;			/* in sets of KW_MEMO_WAYS */
	unsigned nr_sets, nr;
};

struct kw_memo {
	GPtrArray *chunks;
	unsigned chunk;			/* being filled */
	size_t used, room;		/* bytes of it, and of each */
	struct kw_sets stands, acts;
	const struct kw_stand **hints;	/* [KW_MEMO_HINTS]: found lately */
	uint64_t bytes;			/* that it takes */
};

#define KW_MEMO_WAYS	4
#define KW_MEMO_HINTS	1024
#define KW_MEMO_RECENT_BITS 3
#define KW_MEMO_RECENT	(1 << KW_MEMO_RECENT_BITS)

/* most: bytes that are asked for at once */
void kw_memo_init(struct kw_memo *m, size_t most);
void kw_memo_free(struct kw_memo *m);
/* Nobody needs what it gave out so far: it may forget. */
bool kw_memo_is_large(const struct kw_memo *m);
void kw_memo_forget(struct kw_memo *m);
/* The same, where nothing was added. */
void kw_memo_rewind(struct kw_memo *m);
/* Memory that lasts until then. */
void *kw_memo_alloc(struct kw_memo *m, size_t bytes);
void kw_memo_add_stand(struct kw_memo *m, struct kw_stand *stand);
void kw_memo_add_acts(struct kw_memo *m, struct kw_acts *acts);

/* Words that tell things apart are weighed by odd numbers. */
#define KW_WEIGHT	UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t **kw_set(const struct kw_sets *sets, uint64_t key)
{
	return sets->at + (key >> 32 & (sets->nr_sets - 1)) * KW_MEMO_WAYS;
}

static inline uint64_t kw_seen_at(const uint8_t *s, const struct kw_look *l)
{
	return kw_word_at(s, l->place) & l->bits;
}

/* What tells a's blocks apart, which are words first to last. */
static inline uint64_t kw_stand_key(const uint8_t *s, unsigned a,
				    unsigned first, unsigned last)
{
	uint64_t key = (a + 1) * UINT64_C(0xd6e8feb86659fd93);
	uint64_t by = KW_WEIGHT;

	for (; first <= last; first++, by += 2 * KW_WEIGHT)
		key += kw_word_at(s, first) * by;
	return key;
}

/* Is it that actor's, and its block as in s? */
static inline bool kw_stands(const struct kw_stand *stand, const uint8_t *s,
			     unsigned a, unsigned first, unsigned last)
{
	const uint64_t *word = stand->block;

	if (stand->actor != a)
		return false;
	do {
		if (*word++ != kw_word_at(s, first))
			return false;
	} while (first++ < last);
	return true;
}

/* a's, as its block in s is; or NULL. */
const struct kw_stand *kw_memo_find_stand(const struct kw_memo *m,
					  const uint8_t *s, unsigned a,
					  unsigned first, unsigned last);

static inline const struct kw_stand **kw_memo_hint(struct kw_memo *m,
						   unsigned a, unsigned pc)
{
	return &m->hints[(pc + a * 61) & (KW_MEMO_HINTS - 1)];
}

/* The same; the last one of that actor, at that node, is looked at first. */
static inline const struct kw_stand *
kw_memo_stand(struct kw_memo *m, const uint8_t *s, unsigned a, unsigned pc,
	      unsigned first, unsigned last)
{
	const struct kw_stand **hint = kw_memo_hint(m, a, pc), *stand = *hint;

	if (stand && kw_stands(stand, s, a, first, last))
		return stand;
	stand = kw_memo_find_stand(m, s, a, first, last);
	if (stand)
		*hint = stand;
	return stand;
}

/* Of what it sees in s.  Most have one look, or none. */
static inline uint64_t kw_view_key(const struct kw_stand *stand,
				   const uint8_t *s)
{
	uint64_t key = kw_seen_at(s, &stand->looks[0]) * KW_WEIGHT;
	uint64_t by = 3 * KW_WEIGHT;
	unsigned i;

	for (i = 1; i < stand->nr; i++, by += 2 * KW_WEIGHT)
		key += kw_seen_at(s, &stand->looks[i]) * by;
	return key;
}

/* Does it see in s what it saw there? */
static inline bool kw_sees(const struct kw_acts *acts, const uint8_t *s)
{
	const struct kw_stand *stand = acts->stand;
	uint64_t differs = acts->sees[0] ^ kw_seen_at(s, &stand->looks[0]);
	unsigned i;

	for (i = 1; i < stand->nr; i++)
		differs |= acts->sees[i] ^ kw_seen_at(s, &stand->looks[i]);
	return !differs;
}

static inline unsigned kw_recent_at(uint64_t view_key)
{
	return view_key >> (64 - KW_MEMO_RECENT_BITS);
}

/* What it does there, where it sees what there is in s; or NULL. */
struct kw_acting *kw_memo_find_acts(const struct kw_memo *m,
				    const struct kw_stand *stand,
				    const uint8_t *s, uint64_t key);

/* The same; what it has done lately is looked at first. */
static inline struct kw_acting *
kw_memo_find(const struct kw_memo *m, const struct kw_stand *stand,
	     const uint8_t *s)
{
	uint64_t key = kw_view_key(stand, s);
	struct kw_acts *acts = stand->recent[kw_recent_at(key)];

	if (acts && kw_sees(acts, s))
		return &acts->now;
	return kw_memo_find_acts(m, stand, s, key);
}

#endif
