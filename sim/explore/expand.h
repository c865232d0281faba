/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one state leads to.
 *
 * A state is expanded in place: each move is made in `work`, the words that
 * it changed are noted, which also gives the successor's fingerprint, and
 * `work` is made equal to `cur` again.
 */
#ifndef KW_EXPAND_H
#define KW_EXPAND_H

#include "fingerprint.h"
#include "world.h"

struct kw_change {			/* of a word */
	uint32_t place;
	uint64_t word;
};

struct kw_child {
	uint64_t fp;
	uint32_t first, nr;		/* its changes */
	bool shows;			/* anything in seen[] */
	bool sticky;			/* see struct kw_seen_by_move */
};

struct kw_expander {
	const struct kw_world *w;
	uint32_t nr_words;
	unsigned grain_shift;
	uint8_t *cur, *work;		/* equal between two calls */
	uint64_t fp;			/* of cur */
	unsigned nr;			/* its moves */
	struct kw_move moves[KW_MAX_MOVES];
	struct kw_child children[KW_MAX_MOVES];
	struct kw_seen_by_move seen[KW_MAX_MOVES];
	struct kw_change *changes;
	uint32_t nr_changes, max_changes;
};

void kw_expander_init(struct kw_expander *x, const struct kw_world *w);
void kw_expander_free(struct kw_expander *x);
/* cur := s */
void kw_expander_set(struct kw_expander *x, const uint8_t *s, uint64_t fp);
/*
 * Makes every move that must be made (persist.c): x->children[i] is what
 * x->moves[i] leads to.
 */
void kw_expander_make(struct kw_expander *x);
/* work := that child, and cur again. */
void kw_expander_enter(struct kw_expander *x, const struct kw_child *c);
void kw_expander_leave(struct kw_expander *x, const struct kw_child *c);

#endif
