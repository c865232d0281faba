/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides every random number: Philox 4x64-10 (Salmon et al., SC 2011), and
 * an exponential variate by a logarithm table, so that no result depends on
 * a floating point unit or a C library.
 */
#include "rng.h"

#include <Random123/philox.h>

/* ln 2 * 2^32 */
#define LN2_FIX UINT64_C(2977044472)

/* log2(1 + i/256) * 2^24 */
static const uint32_t log2_table[257] = {
#include "log2_table.h"
};

static inline void put_words(uint32_t *to, philox4x64_ctr_t block)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		to[2 * i] = (uint32_t)block.v[i];
		to[2 * i + 1] = (uint32_t)(block.v[i] >> 32);
	}
}

void kw_rng_refill(struct kw_rng *rng, const struct kw_rng_key *key,
		   uint32_t stream)
{
	philox4x64_key_t k = { { key->seed, stream } };
	philox4x64_ctr_t one = { { rng->next, key->run, 0 } };
	philox4x64_ctr_t two = { { rng->next, key->run, 1 } };

	one = philox4x64(one, k);
	two = philox4x64(two, k);
	put_words(rng->words, one);
	put_words(rng->words + KW_RNG_WORDS / 2, two);
}

static inline philox4x64_ctr_t one_block(const struct kw_rng_key *key,
					 uint32_t stream, unsigned block,
					 unsigned draws)
{
	philox4x64_key_t k = { { key->seed, stream } };
	philox4x64_ctr_t b = { {
		block / 2 * 2 * draws, key->run, block % 2,
	} };

	return philox4x64(b, k);
}

void kw_rng_block_u32(uint32_t to[KW_BLOCK_WORDS],
		      const struct kw_rng_key *key, uint32_t stream,
		      unsigned block)
{
	put_words(to, one_block(key, stream, block, KW_BLOCK_WORDS));
}

void kw_rng_block_u16(uint16_t to[KW_BLOCK_HALVES],
		      const struct kw_rng_key *key, uint32_t stream,
		      unsigned block)
{
	philox4x64_ctr_t b = one_block(key, stream, block, KW_BLOCK_HALVES);
	unsigned i;

	for (i = 0; i < KW_BLOCK_HALVES; i++)
		to[i] = (uint16_t)(b.v[i / 4] >> i % 4 * 16);
}

void kw_rng_more_words(struct kw_rng *rng, const struct kw_rng_key *key,
		       uint32_t stream)
{
	unsigned second = rng->next % KW_RNG_WORDS;
	philox4x64_key_t k = { { key->seed, stream } };
	philox4x64_ctr_t block = { { 0, key->run, second != 0 } };

	if (rng->next < KW_RNG_WORDS)
		put_words(rng->words + second, philox4x64(block, k));
	else
		kw_rng_refill(rng, key, stream);
}

/* log2(x) * 2^24 for 1 <= x <= 2^32 */
static uint64_t log2_fix(uint64_t x)
{
	unsigned e = 63 - (unsigned)__builtin_clzll(x);
	uint64_t m = x << (32 - e);	/* 1.m in 32 fractional bits */
	unsigned i = (m >> 24) & 0xff;
	uint64_t low = log2_table[i];

	return ((uint64_t)e << 24) + low +
	       ((log2_table[i + 1] - low) * (m & 0xffffff) >> 24);
}

/* -ln(u / 2^32) * 2^24 for 1 <= u <= 2^32 */
static uint64_t nats(uint64_t u)
{
	return ((UINT64_C(32) << 24) - log2_fix(u)) * LN2_FIX >> 32;
}

void kw_nats_init(struct kw_nats *t)
{
	unsigned i;

	t->at[0] = 0;
	for (i = 1; i <= KW_NATS; i++)
		t->at[i] = (uint32_t)nats((uint64_t)i << 22);
}

uint64_t kw_exponential_exact(uint32_t draw, uint64_t mean)
{
	return (uint64_t)((unsigned __int128)nats((uint64_t)draw + 1) * mean >>
			  24);
}
