/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how states that wait to be visited are kept; see queue.h. */
#include <glib.h>
#include "queue.h"

void kw_later_init(struct kw_later *q, const uint8_t *start, uint32_t size,
		   unsigned grain_shift)
{
	*q = (struct kw_later){
		.start = start, .nr_words = size / 8,
		.grain_shift = grain_shift, .last = g_malloc(size),
		.entry_max = sizeof(uint64_t) + 2 + 3 * (size_t)size,
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

/* The bytes in which word, which is at addr, differs (x: where) from it. */
static inline uint8_t *put_word(uint8_t *to, unsigned addr, uint64_t x,
				uint64_t word)
{
	unsigned k;
	uint16_t at;

	do {
		k = (unsigned)__builtin_ctzll(x) & ~7u;
		at = (uint16_t)(addr + k / 8);
		memcpy(to, &at, sizeof(at));
		to[2] = (uint8_t)(word >> k);
		to += 3;
		x &= ~(UINT64_C(0xff) << k);
	} while (x);
	return to;
}

void kw_later_put(struct kw_later *q, const uint8_t *s, uint64_t fp,
		   uint64_t dirty)
{
	uint64_t m, a, b;
	uint8_t *entry, *to;
	unsigned i, end;
	uint16_t nr;

	if (!q->block || q->block->used + q->entry_max > q->block->room)
		new_block(q);
	entry = q->block->bytes + q->block->used;
	memcpy(entry, &fp, sizeof(fp));
	to = entry + KW_LATER_HEAD;
	for (m = q->differs | dirty; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << q->grain_shift;
		end = MIN(i + (1u << q->grain_shift), q->nr_words);
		for (; i < end; i++) {
			a = kw_word_at(q->last, i);
			b = kw_word_at(s, i);
			if (a == b)
				continue;
			to = put_word(to, 8 * i, a ^ b, b);
			kw_word_put(q->last, i, b);
		}
	}
	nr = (uint16_t)((to - entry - KW_LATER_HEAD) / 3);
	memcpy(entry + sizeof(fp), &nr, sizeof(nr));
	q->differs = dirty;
	q->block->used = (uint32_t)(to - q->block->bytes);
	q->block->nr_states++;
}
