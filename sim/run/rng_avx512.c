/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides nothing: makes the blocks that rng.c would, eight at once, where
 * the processor has AVX-512.
 *
 * Element i of every vector is block i's.  See rng.c for the rounds.
 */
#include "rng.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <Random123/philox.h>

#define AVX512 __attribute__((target("avx512f,avx512dq")))

/* The product's upper halves; *lo: the lower ones. */
AVX512
static inline __m512i multiply(__m512i a, uint64_t b, __m512i *lo)
{
	const __m512i low = _mm512_set1_epi64(UINT32_MAX);
	const __m512i b_lo = _mm512_set1_epi64((int64_t)b);
	const __m512i b_hi = _mm512_set1_epi64((int64_t)(b >> 32));
	__m512i a_hi = _mm512_srli_epi64(a, 32);
	__m512i ll = _mm512_mul_epu32(a, b_lo);
	__m512i hl = _mm512_mul_epu32(a_hi, b_lo);
	__m512i lh = _mm512_mul_epu32(a, b_hi);
	__m512i hh = _mm512_mul_epu32(a_hi, b_hi);

	*lo = _mm512_mullo_epi64(a, b_lo);
	hl = _mm512_add_epi64(hl, _mm512_srli_epi64(ll, 32));
	lh = _mm512_add_epi64(lh, _mm512_and_si512(hl, low));
	hh = _mm512_add_epi64(hh, _mm512_srli_epi64(hl, 32));
	return _mm512_add_epi64(hh, _mm512_srli_epi64(lh, 32));
}

AVX512
static inline __m512i xor3(__m512i a, __m512i b, __m512i c)
{
	return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/* v[0] .. v[3] of blocks 2 * pair and 2 * pair + 1, each to its place. */
#define PUT(to, pair, v01, v01_odd, v23, v23_odd) do {			\
	__m128i *even = (to)[2 * (pair)], *odd = (to)[2 * (pair) + 1];	\
	_mm_storeu_si128(even, _mm512_extracti64x2_epi64(v01, pair));	\
	_mm_storeu_si128(even + 1, _mm512_extracti64x2_epi64(v23, pair)); \
	_mm_storeu_si128(odd, _mm512_extracti64x2_epi64(v01_odd, pair)); \
	_mm_storeu_si128(odd + 1,					\
			 _mm512_extracti64x2_epi64(v23_odd, pair));	\
} while (0)

AVX512
static void put(void *const to[KW_GROUP], const __m512i v[4])
{
	__m512i v01 = _mm512_unpacklo_epi64(v[0], v[1]);
	__m512i v01_odd = _mm512_unpackhi_epi64(v[0], v[1]);
	__m512i v23 = _mm512_unpacklo_epi64(v[2], v[3]);
	__m512i v23_odd = _mm512_unpackhi_epi64(v[2], v[3]);

	PUT(to, 0, v01, v01_odd, v23, v23_odd);
	PUT(to, 1, v01, v01_odd, v23, v23_odd);
	PUT(to, 2, v01, v01_odd, v23, v23_odd);
	PUT(to, 3, v01, v01_odd, v23, v23_odd);
}

AVX512
static void make(const struct kw_rng_group *g, uint64_t seed, uint64_t run_hi,
		 uint64_t run_lo)
{
	const __m512i w1 = _mm512_set1_epi64((int64_t)PHILOX_W64_1);
	__m512i hi = _mm512_set1_epi64((int64_t)run_hi);
	__m512i k1 = _mm512_loadu_si512(g->key), v[4], p_hi, q_hi, p, q;
	uint64_t k0 = seed;
	unsigned i;

	q_hi = multiply(_mm512_xor_si512(hi, _mm512_loadu_si512(g->a2)),
			PHILOX_M4x64_1, &v[1]);
	v[0] = _mm512_xor_si512(q_hi, _mm512_loadu_si512(g->a0));
	v[2] = _mm512_xor_si512(_mm512_set1_epi64((int64_t)run_lo),
				_mm512_loadu_si512(g->b2));
	v[3] = _mm512_loadu_si512(g->b3);
	k0 += 3 * PHILOX_W64_0;
	for (i = 3; i < 10; i++) {
		p_hi = multiply(v[0], PHILOX_M4x64_0, &p);
		q_hi = multiply(v[2], PHILOX_M4x64_1, &q);
		v[0] = xor3(q_hi, v[1], _mm512_set1_epi64((int64_t)k0));
		v[1] = q;
		v[2] = xor3(p_hi, v[3], k1);
		v[3] = p;
		k0 += PHILOX_W64_0;
		k1 = _mm512_add_epi64(k1, w1);
	}
	put(g->to, v);
}

bool kw_rng_blocks_avx512(const struct kw_rng_group *g, uint64_t seed,
			  uint64_t run_hi, uint64_t run_lo)
{
	if (!__builtin_cpu_supports("avx512dq"))
		return false;
	make(g, seed, run_hi, run_lo);
	return true;
}

#else

bool kw_rng_blocks_avx512(const struct kw_rng_group *g, uint64_t seed,
			  uint64_t run_hi, uint64_t run_lo)
{
	(void)g;
	(void)seed;
	(void)run_hi;
	(void)run_lo;
	return false;
}

#endif
