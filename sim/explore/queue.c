/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how states that wait to be visited are kept; see queue.h. */
#include <glib.h>
#include "queue.h"

void kw_later_init(struct kw_later *q, const uint8_t *start, uint32_t size,
		   unsigned grain_shift)
{
	uint32_t grains = (size / 8 + (1u << grain_shift) - 1) >> grain_shift;

	*q = (struct kw_later){
		.all = ~UINT64_C(0) >> (64 - grains),
		.start = start, .nr_words = size / 8,
		.grain_shift = grain_shift, .last = g_malloc(size),
		.entry_max = KW_LATER_HEAD +
			     KW_LATER_HALF * ((size_t)size / 4 + 1),
	};
}

struct kw_block *kw_block_new(size_t room)
{
	struct kw_block *b;

	room = MAX(room, KW_BLOCK_BYTES);
	b = g_malloc(sizeof(*b) + room);
	*b = (struct kw_block){ .room = (uint32_t)room };
	return b;
}

struct kw_block *kw_later_take(struct kw_later *q)
{
	struct kw_block *all = q->full;

	if (q->block) {
		q->block->next = all;
		all = q->block;
	}
	q->block = q->full = NULL;
	q->nr_blocks = 0;
	return all;
}

void kw_later_free(struct kw_later *q)
{
	struct kw_block *b = kw_later_take(q), *next;

	for (; b; b = next) {
		next = b->next;
		g_free(b);
	}
	g_free(q->last);
}

static void new_block(struct kw_later *q)
{
	if (q->block) {
		q->block->next = q->full;
		q->full = q->block;
	}
	q->block = kw_block_new(2 * q->entry_max);
	q->nr_blocks++;
	memcpy(q->last, q->start, 8 * (size_t)q->nr_words);
	q->differs = ~UINT64_C(0);
}

/* Half i of a word, unless it is as before: the next one takes its place. */
static inline uint8_t *put_half(uint8_t *to, unsigned i, uint32_t bits)
{
	uint16_t at = (uint16_t)i;

	memcpy(to, &at, sizeof(at));
	memcpy(to + sizeof(at), &bits, sizeof(bits));
	return to + (bits ? KW_LATER_HALF : 0);
}

/* What differs in grains m from the state before. */
static inline __attribute__((always_inline)) uint8_t *
put_grains(struct kw_later *q, const uint8_t *s, uint64_t m, unsigned shift,
	   uint8_t *to)
{
	unsigned i, end;
	uint64_t x;

	for (; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << shift;
		end = shift ? MIN(i + (1u << shift), q->nr_words) : i + 1;
		for (; i < end; i++) {
			x = kw_word_at(q->last, i) ^ kw_word_at(s, i);
			if (!x)
				continue;
			to = put_half(to, 2 * i, (uint32_t)x);
			to = put_half(to, 2 * i + 1, (uint32_t)(x >> 32));
			kw_word_put(q->last, i, kw_word_at(s, i));
		}
	}
	return to;
}

void kw_later_put(struct kw_later *q, const uint8_t *s, uint64_t fp,
		   uint64_t dirty)
{
	uint8_t *entry, *to;
	uint64_t m;
	uint16_t nr;

	if (!q->block || q->block->used + q->entry_max > q->block->room)
		new_block(q);
	entry = q->block->bytes + q->block->used;
	memcpy(entry, &fp, sizeof(fp));
	to = entry + KW_LATER_HEAD;
	m = (q->differs | dirty) & q->all;
	to = q->grain_shift ? put_grains(q, s, m, q->grain_shift, to) :
			      put_grains(q, s, m, 0, to);
	nr = (uint16_t)((size_t)(to - entry - KW_LATER_HEAD) / KW_LATER_HALF);
	memcpy(entry + sizeof(fp), &nr, sizeof(nr));
	q->differs = dirty;
	q->block->used = (uint32_t)(to - q->block->bytes);
	q->block->nr_states++;
}
