/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state as its difference from another (the initial one): a bit a word of
 * 8 bytes that differs, then for each such word a bit a byte that differs,
 * and those bytes.  Equal states have equal packed bytes.
 */
#ifndef KW_PACK_H
#define KW_PACK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The most bytes that a state of size bytes, a multiple of 8, packs into. */
static inline size_t kw_pack_max(uint32_t size)
{
	return (size / 8 + 7) / 8 + size / 8 * 9;
}

static inline size_t kw_pack(const uint8_t *base, const uint8_t *s,
			     uint32_t size, uint8_t *to)
{
	unsigned words = size / 8, i, b;
	uint8_t *at = to + (words + 7) / 8;

	memset(to, 0, (words + 7) / 8);
	for (i = 0; i < words; i++) {
		uint64_t x, y;
		uint8_t *mask;

		memcpy(&x, base + 8 * i, 8);
		memcpy(&y, s + 8 * i, 8);
		if (x == y)
			continue;
		to[i / 8] |= (uint8_t)(1u << i % 8);
		mask = at++;
		*mask = 0;
		for (b = 0; b < 8; b++)
			if (base[8 * i + b] != s[8 * i + b]) {
				*mask |= (uint8_t)(1u << b);
				*at++ = s[8 * i + b];
			}
	}
	return (size_t)(at - to);
}

/* Returns how many bytes of from it took. */
static inline size_t kw_unpack(const uint8_t *base, const uint8_t *from,
			       uint32_t size, uint8_t *s)
{
	unsigned words = size / 8, i, b;
	const uint8_t *at = from + (words + 7) / 8;

	memcpy(s, base, size);
	for (i = 0; i < (words + 7) / 8; i++) {
		unsigned m = from[i], word;

		for (; m; m &= m - 1) {
			word = 8 * i + (unsigned)__builtin_ctz(m);
			for (b = *at++; b; b &= b - 1)
				s[8 * word + (unsigned)__builtin_ctz(b)] =
					*at++;
		}
	}
	return (size_t)(at - from);
}

#endif
