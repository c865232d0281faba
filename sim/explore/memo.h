/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What actors did where they found the same before.
 *
 * Which moves an actor has, and what they change, follows from a few words
 * of the state: where it stands, what it is about to access.  Those words
 * and the effects are kept together, and found by the actor and some of the
 * words; what counts is that the actor and all of the words are the same.
 */
#ifndef KW_MEMO_H
#define KW_MEMO_H

#include <glib.h>
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
	uint64_t reads;			/* grains that this depends on ... */
	uint64_t full;			/* ... those of which all counts */
	uint64_t bits, are;		/* of word part these, when they are
					   that; bits 0: there is none */
	uint16_t part;
	uint16_t nr;			/* moves */
	bool several;			/* or one that another may make, too:
					   KW_FORCE */
	bool shows;			/* some have seen something that nobody
					   was told of */
	bool fails;			/* some fail */
	uint64_t adds;			/* the first one's, or 0 */
	const struct kw_made *first;
};

struct kw_acts {			/* ... in all that agree in words */
	struct kw_acting now;
	uint64_t key;
	unsigned actor;
	uint64_t words[];		/* of the grains of which all counts */
};

struct kw_memo {
	GPtrArray *chunks;
	unsigned chunk;			/* being filled */
	size_t used, room;		/* bytes of it, and of each */
	struct kw_acts **at;		/* in sets of KW_MEMO_WAYS */
	unsigned nr_sets, nr;
	uint64_t bytes;			/* that it takes */
};

#define KW_MEMO_WAYS 4

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
void kw_memo_add(struct kw_memo *m, struct kw_acts *acts);

static inline struct kw_acts **kw_memo_set(const struct kw_memo *m,
					   uint64_t key)
{
	return m->at + (key >> 32 & (m->nr_sets - 1)) * KW_MEMO_WAYS;
}

/* Do all of the words that count agree with s? */
static inline bool kw_memo_is(const struct kw_acts *acts, const uint8_t *s,
			      unsigned grain_shift)
{
	const uint64_t *word = acts->words;
	uint64_t m = acts->now.full;
	unsigned i, end;

	if ((kw_word_at(s, acts->now.part) & acts->now.bits) != acts->now.are)
		return false;
	if (!grain_shift) {
		for (; m; m &= m - 1)
			if (*word++ !=
			    kw_word_at(s, (unsigned)__builtin_ctzll(m)))
				return false;
		return true;
	}
	for (; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << grain_shift;
		end = i + (1u << grain_shift);
		for (; i < end; i++)
			if (*word++ != kw_word_at(s, i))
				return false;
	}
	return true;
}

/* Those of the actor, under that key, whose words are as in s; or NULL. */
static inline struct kw_acting *
kw_memo_find(const struct kw_memo *m, uint64_t key, unsigned actor,
	     const uint8_t *s, unsigned grain_shift)
{
	struct kw_acts *const *set = kw_memo_set(m, key);
	unsigned i;

	for (i = 0; i < KW_MEMO_WAYS && set[i]; i++)
		if (set[i]->key == key && set[i]->actor == actor &&
		    kw_memo_is(set[i], s, grain_shift))
			return &set[i]->now;
	return NULL;
}

#endif
