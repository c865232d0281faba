/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which variables are taken to be racy before a search begins: what
 * some walks through the states show.
 *
 * A search under a weak model begins again whenever it learns of one more;
 * walks learn most of them for the price of a few thousand moves.  They are
 * the same walks each time, and what they do not show the search will.
 */
#include "hunt.h"

#define MAX_MOVES	400	/* of a walk */
#define FRUITLESS	48	/* walks in a row that show nothing new */
#define MAX_WALKS	4096

/* splitmix64: a walk's next move must depend on nothing but its number. */
static unsigned draw(uint64_t *x, unsigned n)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

/* False when it showed something new, or that something was wrong. */
static bool walk(const struct kw_world *w, uint8_t *s, uint64_t number)
{
	struct kw_seen_by_move seen = { 0 };
	struct kw_move moves[KW_MAX_MOVES];
	unsigned i, nr;

	kw_world_start(w, s);
	for (i = 0; i < MAX_MOVES && !kw_world_was_wrong(w); i++) {
		nr = kw_world_moves(w, s, moves);
		if (!nr)
			return true;
		kw_world_apply(w, s, &moves[draw(&number, nr)], &seen);
		if (seen.failed)
			return !kw_world_was_wrong(w);
	}
	return i == MAX_MOVES;
}

void kw_hunt_walk(const struct kw_world *w)
{
	unsigned fruitless = 0, i;
	struct kw_world *f = NULL;
	uint8_t *s = NULL;

	for (i = 0; i < MAX_WALKS && fruitless < FRUITLESS; i++) {
		if (!fruitless) {
			kw_world_unfork(f);
			kw_world_begin(w);
			f = kw_world_fork(w);
			s = g_realloc(s, kw_world_size(f));
		}
		fruitless = walk(f, s, i) ? fruitless + 1 : 0;
	}
	g_free(s);
	kw_world_unfork(f);
}
