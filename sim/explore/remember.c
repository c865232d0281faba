/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides at which words an actor looks from where it stands (memo.h), and
 * keeps what it did there.
 *
 * Invariant: what an actor's moves depend on is in its block or looked at.  A
 * stand that has looked at a word will always: what it did before it first
 * did so is forgotten.
 */
#include "inside.h"

#define MANY	(KW_MOST_LOOKS + 1)	/* looks: more than are worth it */

/* Looks at bits of a word, unless it is of a's block; how many looks. */
static unsigned look(struct kw_expander *x, unsigned nr, unsigned a,
		     unsigned place, uint64_t bits)
{
	const struct kw_seat *seat = &x->seats[a];
	unsigned i;

	if (nr == MANY || (place >= seat->first && place <= seat->last))
		return nr;
	for (i = 0; i < nr && x->looks[i].place != place; i++)
		;
	if (i == KW_MOST_LOOKS)
		return MANY;
	x->looks[i].bits = i < nr ? x->looks[i].bits | bits : bits;
	x->looks[i].place = place;
	return MAX(i + 1, nr);
}

static unsigned look_at_grains(struct kw_expander *x, unsigned nr, unsigned a,
			       uint64_t grains)
{
	unsigned i, end;

	for (; grains; grains &= grains - 1) {
		i = (unsigned)__builtin_ctzll(grains) << x->grain_shift;
		end = MIN(i + (1u << x->grain_shift), x->nr_words);
		for (; i < end; i++)
			nr = look(x, nr, a, i, ~UINT64_C(0));
	}
	return nr;
}

static unsigned look_at_span(struct kw_expander *x, unsigned nr, unsigned a,
			     const struct kw_span *span)
{
	uint64_t bits = ~UINT64_C(0) >> (64 - 8 * span->len);

	return look(x, nr, a, span->addr / 8, bits << 8 * (span->addr % 8));
}

/* Where a stands looks at all of x->looks, and maybe more. */
static const struct kw_stand *add_stand(struct kw_expander *x, unsigned a,
					unsigned nr)
{
	const struct kw_seat *seat = &x->seats[a];
	unsigned words = seat->last - seat->first + 1u;
	struct kw_stand *stand = kw_memo_alloc(&x->memo, sizeof(*stand) +
		nr * sizeof(*x->looks) + words * sizeof(*stand->block));
	struct kw_acts **recent = kw_memo_alloc(&x->memo, KW_MEMO_RECENT *
						sizeof(*recent));
	void *block = &stand->looks[nr];

	memset(recent, 0, KW_MEMO_RECENT * sizeof(*recent));
	memcpy(block, x->cur + 8 * (size_t)seat->first,
	       words * sizeof(*stand->block));
	*stand = (struct kw_stand){
		.key = kw_stand_key(x->cur, a, seat->first, seat->last),
		.actor = a, .nr = nr, .block = block, .recent = recent,
	};
	memcpy(stand->looks, x->looks, nr * sizeof(*x->looks));
	kw_memo_add_stand(&x->memo, stand);
	*kw_memo_hint(&x->memo, a, kw_block(x->w, x->cur, a)->pc) = stand;
	return stand;
}

/* Does it look at the first nr of x->looks? */
static bool looks_at_all(const struct kw_stand *stand,
			 const struct kw_look *looks, unsigned nr)
{
	unsigned i, k;

	for (i = 0; i < nr; i++) {
		for (k = 0; k < stand->nr; k++)
			if (stand->looks[k].place == looks[i].place &&
			    !(looks[i].bits & ~stand->looks[k].bits))
				break;
		if (k == stand->nr)
			return false;
	}
	return true;
}

/* Where a stands, from where it looks at x->looks: as before, or anew. */
static const struct kw_stand *look_from(struct kw_expander *x, unsigned a,
					unsigned nr)
{
	const struct kw_stand *had = x->seats[a].stand;
	unsigned i;

	if (nr != MANY && had && looks_at_all(had, x->looks, nr))
		return had;
	for (i = 0; had && i < had->nr && had->looks[i].bits; i++)
		nr = look(x, nr, a, had->looks[i].place, had->looks[i].bits);
	return nr == MANY ? NULL : add_stand(x, a, MAX(nr, 1));
}

void kw_remember(struct kw_expander *x, unsigned a,
		 const struct kw_span *spans, unsigned nr_spans)
{
	struct kw_seat *seat = &x->seats[a];
	const struct kw_stand *stand;
	struct kw_acts *acts;
	unsigned nr, i;

	x->looks[0] = (struct kw_look){ 0 };
	nr = look_at_grains(x, 0, a, seat->acting.reads);
	for (i = 0; i < nr_spans; i++) {
		if (!spans[i].len)
			continue;
		nr = look_at_span(x, nr, a, &spans[i]);
		seat->acting.reads |= kw_grains(x->w, spans[i].addr,
						spans[i].len);
	}
	seat->stand = stand = look_from(x, a, nr);
	if (!stand)
		return;
	acts = kw_memo_alloc(&x->memo, sizeof(*acts) +
			     stand->nr * sizeof(*acts->sees));
	*acts = (struct kw_acts){
		.key = stand->key + kw_view_key(stand, x->cur),
		.stand = stand, .now = seat->acting,
	};
	for (i = 0; i < stand->nr; i++)
		acts->sees[i] = kw_seen_at(x->cur, &stand->looks[i]);
	kw_memo_add_acts(&x->memo, acts);
	seat->from = &acts->now;
}
