/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states that a search has met, packed, each once; ids from 0. */
#ifndef KW_LITMUS_TABLE_H
#define KW_LITMUS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct kw_lit_table {
	unsigned nr_words;		/* of a state */
	uint8_t *bytes, *packed;
	uint64_t nr_bytes, max_bytes;
	uint64_t *at;			/* id: where in bytes */
	uint32_t *slots;		/* id + 1, 0: free */
	uint32_t nr, max;		/* slots: 2 * max, a power of two */
};

void kw_lit_table_init(struct kw_lit_table *t, unsigned nr_words);
void kw_lit_table_clear(struct kw_lit_table *t);
/* False when it is known; else *id is its number. */
bool kw_lit_table_add(struct kw_lit_table *t, const uint16_t *state,
		      uint32_t *id);
void kw_lit_table_get(const struct kw_lit_table *t, uint32_t id,
		      uint16_t *state);

static inline uint64_t kw_lit_table_size(const struct kw_lit_table *t)
{
	return t->max_bytes + (uint64_t)t->max * (sizeof(*t->at) +
						  2 * sizeof(*t->slots));
}

#endif
