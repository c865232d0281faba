/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one state leads to.
 *
 * A move is made in `work`, the words in which that differs from `cur` then
 * are noted, which also gives what it adds to the fingerprint, and `work` is
 * made equal to `cur` again.
 *
 * States come one after another and differ in a few words.  What an actor
 * may do is made anew only where something that it depends on is another
 * than in the state before (grain.c), and then looked up among what was made
 * before (memo.h): hence a state costs little more than its children do.
 */
#ifndef KW_EXPAND_H
#define KW_EXPAND_H

#include "apart.h"
#include "memo.h"
#include "world.h"

struct kw_canon;
struct kw_choosing;

struct kw_child {
	uint64_t fp;
	const struct kw_made *by;
};

/* After so many children a batch is full. */
#define KW_BATCH	1536

/* Of an actor: a line of the cache. */
struct kw_seat {
	struct kw_acting acting;	/* what it may do */
	struct kw_acting *from;		/* the memo's that this is, or NULL */
	const struct kw_stand *stand;	/* where it stands; NULL: not known */
	uint64_t block;			/* grains */
	uint32_t base;			/* of its block */
	uint16_t first, last;		/* ... words */
};

struct kw_expander {
	const struct kw_world *w;
	uint32_t nr_words;
	unsigned grain_shift;
	bool every;			/* every move is made, and leads where
					   it does: neither persist.c nor
					   canon.c */
	uint8_t *cur, *work;
	uint64_t fp;			/* of cur */
	uint64_t stale;			/* grains that are another than when
					   acting was up to date */
	struct kw_seat *seats;		/* [actor] */
	struct kw_memo memo;
	struct kw_look *looks;		/* of the actor that is looked at */
	struct kw_change *changes;	/* of the move that is being made */
	bool shows;			/* some of cur's moves do */
	unsigned nr;			/* cur's moves */
	struct kw_child *children;	/* [nr]: in all */
	struct kw_child all[KW_BATCH + KW_MAX_MOVES];
	struct kw_choosing *choosing;	/* see persist.c, or NULL */
	struct kw_canon *canon;		/* NULL: states are as they are */
	struct kw_memo ordered;		/* children that were put in order */
};

void kw_expander_init(struct kw_expander *x, const struct kw_world *w);
void kw_expander_free(struct kw_expander *x);
/* cur := s */
void kw_expander_set(struct kw_expander *x, const uint8_t *s, uint64_t fp);
/* A batch begins: nobody needs the children that were made so far. */
void kw_expander_begin(struct kw_expander *x);
/*
 * Makes every move that must be made (persist.c); its children are behind
 * those that were made since the batch began.
 */
void kw_expander_make(struct kw_expander *x);
/* Somebody has looked at what cur's moves have shown, and need not again:
   but for those that fail, they show it no more. */
void kw_expander_told(struct kw_expander *x);
static inline bool kw_expander_is_full(const struct kw_expander *x)
{
	return x->children + x->nr >= x->all + KW_BATCH;
}

/* s, the state that a child is one of, becomes that child, and again s. */
static inline void kw_child_enter(uint8_t *s, const struct kw_made *by)
{
	unsigned i;

	for (i = 0; i < by->nr; i++)
		kw_word_put(s, by->changes[i].place,
			    kw_word_at(s, by->changes[i].place) ^
				    by->changes[i].differs);
}
#define kw_child_leave kw_child_enter

#endif
