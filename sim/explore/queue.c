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
		.grain_shift = grain_shift, .last = g_malloc(size + KW_APART),
		.entry_max = KW_LATER_HEAD + sizeof(uint16_t) +
			     KW_LATER_HALF * ((size_t)size / 4 + 2),
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

/* Words m, those that differ from the state before; *changed: which. */
static inline uint8_t *put_words(struct kw_later *q, const uint8_t *s,
				 uint64_t m, uint8_t *to, uint64_t *changed)
{
	uint64_t is, bits, differ, all = 0;
	uint8_t *last = q->last;
	unsigned i;

	for (; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m);
		is = kw_word_at(s, i);
		bits = kw_word_at(last, i) ^ is;
		differ = bits != 0;
		/* The next one takes its place, if it is as before. */
		memcpy(to, &bits, sizeof(bits));
		to += differ * sizeof(bits);
		all |= differ << i;
		kw_word_put(last, i, is);
	}
	*changed = all;
	return to;
}

/* Half i of a word, unless it is as before: the next one takes its place. */
static inline uint8_t *put_half(uint8_t *to, unsigned i, uint32_t bits)
{
	uint16_t at = (uint16_t)i;

	memcpy(to, &at, sizeof(at));
	memcpy(to + sizeof(at), &bits, sizeof(bits));
	return to + (bits ? KW_LATER_HALF : 0);
}

/* The same, half by half, where grains are several words. */
static uint8_t *put_halves(struct kw_later *q, const uint8_t *s, uint64_t m,
			   uint8_t *entry, uint64_t *changed)
{
	uint8_t *first = entry + sizeof(uint16_t), *to = first;
	unsigned i, end;
	uint64_t x;
	uint16_t nr;

	for (*changed = 0; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << q->grain_shift;
		end = MIN(i + (1u << q->grain_shift), q->nr_words);
		for (; i < end; i++) {
			x = kw_word_at(q->last, i) ^ kw_word_at(s, i);
			if (!x)
				continue;
			to = put_half(to, 2 * i, (uint32_t)x);
			to = put_half(to, 2 * i + 1, (uint32_t)(x >> 32));
			kw_word_put(q->last, i, kw_word_at(s, i));
			*changed |= m & -m;
		}
	}
	nr = (uint16_t)((size_t)(to - first) / KW_LATER_HALF);
	memcpy(entry, &nr, sizeof(nr));
	return to;
}

const uint8_t *kw_later_halves(const uint8_t *at, uint8_t *s)
{
	uint32_t bits, half;
	uint16_t nr, i;

	memcpy(&nr, at, sizeof(nr));
	for (at += sizeof(nr); nr; nr--, at += KW_LATER_HALF) {
		memcpy(&i, at, sizeof(i));
		memcpy(&bits, at + sizeof(i), sizeof(bits));
		memcpy(&half, s + 4 * i, sizeof(half));
		half ^= bits;
		memcpy(s + 4 * i, &half, sizeof(half));
	}
	return at;
}

void kw_later_put(struct kw_later *q, const uint8_t *s, uint64_t fp,
		   uint64_t dirty)
{
	uint64_t m, changed;
	uint8_t *entry, *to;

	if (!q->block || q->block->used + q->entry_max > q->block->room)
		new_block(q);
	entry = q->block->bytes + q->block->used;
	to = entry + KW_LATER_HEAD;
	m = (q->differs | dirty) & q->all;
	to = q->grain_shift ? put_halves(q, s, m, to, &changed) :
			      put_words(q, s, m, to, &changed);
	memcpy(entry, &fp, sizeof(fp));
	memcpy(entry + sizeof(fp), &changed, sizeof(changed));
	q->differs = dirty;
	q->block->used = (uint32_t)(to - q->block->bytes);
	q->block->nr_states++;
}
