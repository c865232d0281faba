/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a state has been met before.  Exact: whole states are kept
 * and compared.
 *
 * A word below 255 is packed as one byte, another as 255 and its two bytes.
 */
#include <glib.h>
#include <string.h>
#include <xxhash.h>
#include "table.h"

void kw_lit_table_init(struct kw_lit_table *t, unsigned nr_words)
{
	*t = (struct kw_lit_table){ .nr_words = nr_words, .max = 1024 };
	t->max_bytes = 64 * 1024;
	t->bytes = g_malloc(t->max_bytes);
	t->packed = g_malloc(3 * (size_t)nr_words);
	t->at = g_new(uint64_t, t->max + 1);
	t->slots = g_new0(uint32_t, 2 * (size_t)t->max);
	t->at[0] = 0;
}

void kw_lit_table_clear(struct kw_lit_table *t)
{
	g_free(t->bytes);
	g_free(t->packed);
	g_free(t->at);
	g_free(t->slots);
}

static size_t pack(struct kw_lit_table *t, const uint16_t *state)
{
	uint8_t *p = t->packed;
	unsigned i;

	for (i = 0; i < t->nr_words; i++) {
		if (state[i] < 255) {
			*p++ = (uint8_t)state[i];
			continue;
		}
		*p++ = 255;
		*p++ = (uint8_t)state[i];
		*p++ = (uint8_t)(state[i] >> 8);
	}
	return (size_t)(p - t->packed);
}

static uint32_t *find(const struct kw_lit_table *t, const uint8_t *packed,
		      size_t size)
{
	uint32_t mask = 2 * t->max - 1;
	uint32_t i = (uint32_t)XXH3_64bits(packed, size) & mask;

	for (; t->slots[i]; i = (i + 1) & mask) {
		uint32_t id = t->slots[i] - 1;

		if (t->at[id + 1] - t->at[id] == size &&
		    !memcmp(t->bytes + t->at[id], packed, size))
			break;
	}
	return &t->slots[i];
}

static void grow(struct kw_lit_table *t)
{
	uint32_t id;

	g_assert(t->max < UINT32_C(1) << 30);
	t->max *= 2;
	t->at = g_renew(uint64_t, t->at, (size_t)t->max + 1);
	g_free(t->slots);
	t->slots = g_new0(uint32_t, 2 * (size_t)t->max);
	for (id = 0; id < t->nr; id++)
		*find(t, t->bytes + t->at[id], t->at[id + 1] - t->at[id]) =
			id + 1;
}

bool kw_lit_table_add(struct kw_lit_table *t, const uint16_t *state,
		      uint32_t *id)
{
	size_t size = pack(t, state);
	uint32_t *slot = find(t, t->packed, size);

	if (*slot)
		return false;
	if (t->nr == t->max) {
		grow(t);
		slot = find(t, t->packed, size);
	}
	while (t->nr_bytes + size > t->max_bytes) {
		t->max_bytes *= 2;
		t->bytes = g_realloc(t->bytes, t->max_bytes);
	}
	memcpy(t->bytes + t->nr_bytes, t->packed, size);
	t->nr_bytes += size;
	*id = t->nr++;
	t->at[t->nr] = t->nr_bytes;
	*slot = *id + 1;
	return true;
}

void kw_lit_table_get(const struct kw_lit_table *t, uint32_t id,
		      uint16_t *state)
{
	const uint8_t *p = t->bytes + t->at[id];
	unsigned i;

	for (i = 0; i < t->nr_words; i++) {
		state[i] = *p++;
		if (state[i] == 255) {
			state[i] = (uint16_t)(p[0] | p[1] << 8);
			p += 2;
		}
	}
}
