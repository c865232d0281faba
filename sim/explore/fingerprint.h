/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fingerprint of a state: the sum over its words of a hash of (place,
 * word).  What a move changes of it follows from the words that it changed.
 */
#ifndef KW_FINGERPRINT_H
#define KW_FINGERPRINT_H

#include <stdint.h>
#include <string.h>

static inline uint64_t kw_word_hash(unsigned place, uint64_t word)
{
	uint64_t x = word ^ (UINT64_C(0x9e3779b97f4a7c15) * (place + 1));

	x = (x ^ x >> 32) * UINT64_C(0xbea225f9eb34556d);
	x = (x ^ x >> 29) * UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

static inline uint64_t kw_word_at(const uint8_t *s, unsigned place)
{
	uint64_t w;

	memcpy(&w, s + 8 * (size_t)place, sizeof(w));
	return w;
}

static inline void kw_word_put(uint8_t *s, unsigned place, uint64_t word)
{
	memcpy(s + 8 * (size_t)place, &word, sizeof(word));
}

/* Of size bytes, a multiple of 8. */
static inline uint64_t kw_fingerprint(const uint8_t *s, uint32_t size)
{
	uint64_t fp = 0;
	unsigned i;

	for (i = 0; i < size / 8; i++)
		fp += kw_word_hash(i, kw_word_at(s, i));
	return fp;
}

#endif
