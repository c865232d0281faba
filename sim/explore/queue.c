/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how states that wait to be visited are kept; see queue.h. */
#include <glib.h>
#include "queue.h"

#define FAR 255			/* no word, but 254 further */

void kw_later_init(struct kw_later *q, const uint8_t *start, uint32_t size,
		   unsigned grain_shift)
{
	*q = (struct kw_later){
		.start = start, .nr_words = size / 8,
		.grain_shift = grain_shift, .last = g_malloc(size),
		.entry_max = 9 + size / 8 * 10 + size / 8 / 254,
	};
	g_assert(q->entry_max < KW_BLOCK_BYTES);
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
	q->block = g_malloc(sizeof(*q->block));
	q->block->used = q->block->nr_states = q->block->level = 0;
	q->block->next = NULL;
	q->nr_blocks++;
	memcpy(q->last, q->start, 8 * (size_t)q->nr_words);
	q->differs = ~UINT64_C(0);
}

static inline uint8_t *put_word(uint8_t *to, uint64_t x, uint64_t word)
{
	uint8_t *mask = to++;
	unsigned k;

	*mask = 0;
	do {
		k = (unsigned)__builtin_ctzll(x) / 8;
		*mask |= (uint8_t)(1u << k);
		*to++ = (uint8_t)(word >> 8 * k);
		x &= ~(UINT64_C(0xff) << 8 * k);
	} while (x);
	return to;
}

void kw_later_put(struct kw_later *q, const uint8_t *s, uint64_t fp,
		   uint64_t dirty)
{
	uint64_t m, a, b;
	unsigned i, end, from = 0;
	uint8_t *to;

	if (!q->block || q->block->used + q->entry_max > KW_BLOCK_BYTES)
		new_block(q);
	to = q->block->bytes + q->block->used;
	memcpy(to, &fp, sizeof(fp));
	to += sizeof(fp);
	for (m = q->differs | dirty; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << q->grain_shift;
		end = MIN(i + (1u << q->grain_shift), q->nr_words);
		for (; i < end; i++) {
			a = kw_word_at(q->last, i);
			b = kw_word_at(s, i);
			if (a == b)
				continue;
			for (; i + 1 - from > 254; from += 254)
				*to++ = FAR;
			*to++ = (uint8_t)(i + 1 - from);
			from = i + 1;
			to = put_word(to, a ^ b, b);
			kw_word_put(q->last, i, b);
		}
	}
	*to++ = 0;
	q->differs = dirty;
	q->block->used = (uint32_t)(to - q->block->bytes);
	q->block->nr_states++;
}

uint64_t kw_later_next(struct kw_later_reader *r, unsigned grain_shift,
		       uint8_t *s, uint8_t *to, uint64_t *fp)
{
	const uint8_t *at = r->at;
	uint64_t changed = 0, w;
	unsigned i = 0, gap, m, k;

	memcpy(fp, at, sizeof(*fp));
	at += sizeof(*fp);
	while ((gap = *at++)) {
		if (gap == FAR) {
			i += 254;
			continue;
		}
		i += gap;
		w = kw_word_at(s, i - 1);
		for (m = *at++; m; m &= m - 1) {
			k = 8 * (unsigned)__builtin_ctz(m);
			w = (w & ~(UINT64_C(0xff) << k)) |
			    (uint64_t)*at++ << k;
		}
		kw_word_put(s, i - 1, w);
		kw_word_put(to, i - 1, w);
		changed |= UINT64_C(1) << ((i - 1) >> grain_shift);
	}
	r->at = at;
	return changed;
}
