/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a line of slots shows of a fingerprint: all of its slots at a
 * time where the machine has registers for that.
 *
 * Others may be adding to the line: each slot is read at once, either way.
 */
#ifndef KW_LINE_H
#define KW_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define KW_LINE	8		/* slots */

struct kw_line_shows {
	bool is;		/* it is there */
	unsigned used;		/* slots: those before the first free one */
};

static inline struct kw_line_shows kw_line_look(const uint64_t *line,
						uint64_t fp)
{
	unsigned is = 0, used = 0, i;
	uint64_t slot;

#pragma GCC unroll 8
	for (i = 0; i < KW_LINE; i++) {
		slot = __atomic_load_n(&line[i], __ATOMIC_RELAXED);
		is |= slot == fp;
		used += slot != 0;
	}
	return (struct kw_line_shows){ is, used };
}

#ifdef __x86_64__
#include <immintrin.h>

#define KW_WIDE	__attribute__((target("avx2")))

static inline bool kw_machine_is_wide(void)
{
	return __builtin_cpu_supports("avx2");
}

/* Bit i: slot i of four is that. */
static inline KW_WIDE unsigned kw_slots_that_are(__m256i slots, __m256i that)
{
	__m256i are = _mm256_cmpeq_epi64(slots, that);

	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(are));
}

static inline KW_WIDE struct kw_line_shows
kw_line_look_wide(const uint64_t *line, uint64_t fp)
{
	__m256i low = _mm256_loadu_si256((const void *)line);
	__m256i high = _mm256_loadu_si256((const void *)(line + 4));
	__m256i that = _mm256_set1_epi64x((long long)fp);
	__m256i none = _mm256_setzero_si256();
	unsigned free = kw_slots_that_are(low, none) |
			kw_slots_that_are(high, none) << 4;

	return (struct kw_line_shows){
		.is = kw_slots_that_are(low, that) |
		      kw_slots_that_are(high, that),
		.used = (unsigned)__builtin_ctz(free | 1u << KW_LINE),
	};
}
#else
#define KW_WIDE
#define kw_line_look_wide kw_line_look
static inline bool kw_machine_is_wide(void)
{
	return false;
}
#endif

#endif
