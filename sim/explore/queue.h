/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States that are to be visited, one after another in blocks.
 *
 * An entry is the state's fingerprint (8), and its difference from the entry
 * before it; the first one of a block differs from the initial state, so
 * that blocks can be read in any order: which grains differ (8), a bit each;
 * where a grain is a word, which bits of each of them (8); else how many
 * halves of words differ (2), and for each its number (2) and which bits (4).
 *
 * Neighbours in the queue have a parent in common, or their parents were
 * neighbours: the writer is told which grains (world.h) can differ at all,
 * and looks at no other.
 */
#ifndef KW_QUEUE_H
#define KW_QUEUE_H

#include "apart.h"
#include "fingerprint.h"

/* Of most blocks; those of very large states are larger. */
#define KW_BLOCK_BYTES	(32 * 1024 - 24)

struct kw_block {
	struct kw_block *next;
	uint32_t used, nr_states;
	uint32_t room;			/* bytes */
	uint8_t bytes[];
};

struct kw_later {
	const uint8_t *start;		/* the initial state */
	uint32_t nr_words, grain_shift;
	size_t entry_max;
	uint64_t all;			/* grains that there are */
	uint8_t *last;			/* the state that was written last */
	uint64_t differs;		/* grains in which the state of which
					   the next one is a child may differ
					   from last */
	struct kw_block *block;		/* written to, or NULL */
	struct kw_block *full;		/* those that are */
	uint64_t nr_blocks;
};

/* A block for at least so many bytes; g_free() frees it. */
struct kw_block *kw_block_new(size_t room);

#define KW_LATER_HEAD	(2 * sizeof(uint64_t))
#define KW_LATER_HALF	(sizeof(uint16_t) + sizeof(uint32_t))

struct kw_later_reader {
	const uint8_t *at;
};

void kw_later_init(struct kw_later *q, const uint8_t *start, uint32_t size,
		   unsigned grain_shift);
/* Its blocks, the last one included; they are the caller's. */
struct kw_block *kw_later_take(struct kw_later *q);
void kw_later_free(struct kw_later *q);
/*
 * Writes s, which differs from the state before it in no other grains than
 * q->differs and dirty.
 */
void kw_later_put(struct kw_later *q, const uint8_t *s, uint64_t fp,
		   uint64_t dirty);
/* Changes halves of words of s; returns where the next entry is. */
const uint8_t *kw_later_halves(const uint8_t *at, uint8_t *s);
/* s := the next state; returns the grains that changed. */
static inline uint64_t kw_later_next(struct kw_later_reader *r,
				     unsigned grain_shift, uint8_t *s,
				     uint64_t *fp)
{
	const uint8_t *at = r->at;
	uint64_t changed, m, bits;
	unsigned i;

	memcpy(fp, at, sizeof(*fp));
	memcpy(&changed, at + sizeof(*fp), sizeof(changed));
	at += KW_LATER_HEAD;
	if (grain_shift) {
		r->at = kw_later_halves(at, s);
		return changed;
	}
	for (m = changed; m; m &= m - 1, at += sizeof(bits)) {
		i = (unsigned)__builtin_ctzll(m);
		memcpy(&bits, at, sizeof(bits));
		kw_word_put(s, i, kw_word_at(s, i) ^ bits);
	}
	r->at = at;
	return changed;
}

#endif
