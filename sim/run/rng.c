/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides every random number: Philox 4x64-10 (Salmon et al., SC 2011), and
 * an exponential variate by a logarithm table, so that no result depends on
 * a floating point unit or a C library.
 */
#include "rng.h"

#include <glib.h>
#include <Random123/philox.h>

/* ln 2 * 2^32 */
#define LN2_FIX UINT64_C(2977044472)

/* log2(1 + i/256) * 2^24 */
static const uint32_t log2_table[257] = {
#include "log2_table.h"
};

static inline void put_words(uint32_t *to, const uint64_t v[4])
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		to[2 * i] = (uint32_t)v[i];
		to[2 * i + 1] = (uint32_t)(v[i] >> 32);
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
	put_words(rng->words, one.v);
	put_words(rng->words + KW_RNG_WORDS / 2, two.v);
}

void kw_rng_more_words(struct kw_rng *rng, const struct kw_rng_key *key,
		       uint32_t stream)
{
	unsigned second = rng->next % KW_RNG_WORDS;
	philox4x64_key_t k = { { key->seed, stream } };
	philox4x64_ctr_t block = { { 0, key->run, second != 0 } };

	if (rng->next < KW_RNG_WORDS)
		put_words(rng->words + second, philox4x64(block, k).v);
	else
		kw_rng_refill(rng, key, stream);
}

/* -- groups of blocks */

struct wide {
	uint64_t hi, lo;
};

static inline struct wide multiply(uint64_t a, uint64_t b)
{
	unsigned __int128 ab = (unsigned __int128)a * b;

	return (struct wide){ (uint64_t)(ab >> 64), (uint64_t)ab };
}

struct state {
	uint64_t v[4];
};

static inline struct state one_round(struct state s, uint64_t k0, uint64_t k1)
{
	struct wide p = multiply(PHILOX_M4x64_0, s.v[0]);
	struct wide q = multiply(PHILOX_M4x64_1, s.v[2]);

	return (struct state){ { q.hi ^ s.v[1] ^ k0, q.lo,
				 p.hi ^ s.v[3] ^ k1, p.lo } };
}

void kw_rng_group_init(struct kw_rng_group *g)
{
	unsigned i;

	*g = (struct kw_rng_group){ 0 };
	for (i = 0; i < KW_GROUP; i++)
		g->to[i] = g->nowhere;
}

/*
 * The counter is { first draw, run, second of two blocks, 0 }, so that of
 * the first rounds' six products four are the same in every run, and one is
 * the same for all blocks:
 *
 *	before	v0		v1	v2		v3
 *	0	first		run	0 or 1		0
 *	1	run ^ seed	fixed	fixed		fixed
 *	2	fixed		fixed	a2 ^ run's hi	run's lo
 *	3	q.hi ^ a0	q.lo	b2 ^ run's lo	b3
 *
 * where run's is the product of round 1, and q that of v2 in round 2.
 */
void kw_rng_group_set(struct kw_rng_group *g, unsigned there, uint64_t seed,
		      uint32_t stream, unsigned i)
{
	unsigned draws = g->halves[there] ? KW_BLOCK_HALVES : KW_BLOCK_WORDS;
	uint64_t k0 = seed, k1 = stream;
	struct wide first = multiply(PHILOX_M4x64_0, i / 2 * 2 * draws);
	struct wide q = multiply(PHILOX_M4x64_1, first.hi ^ k1);
	struct wide p;

	k0 += PHILOX_W64_0;
	k1 += PHILOX_W64_1;
	g->a2[there] = first.lo ^ k1;
	p = multiply(PHILOX_M4x64_0, q.hi ^ PHILOX_M4x64_1 * (i % 2) ^ k0);
	k0 += PHILOX_W64_0;
	k1 += PHILOX_W64_1;
	g->a0[there] = q.lo ^ k0;
	g->b2[there] = p.hi ^ k1;
	g->b3[there] = p.lo;
	g->key[there] = k1 + PHILOX_W64_1;
}

static inline struct state begin(const struct kw_rng_group *g, unsigned i,
				 struct wide run)
{
	struct wide q = multiply(PHILOX_M4x64_1, g->a2[i] ^ run.hi);

	return (struct state){ { q.hi ^ g->a0[i], q.lo, g->b2[i] ^ run.lo,
				 g->b3[i] } };
}

/* As kw_rng_u32() and kw_rng_u16() divide it: the low bits first. */
static inline void put(const struct kw_rng_group *g, unsigned there,
		       const struct state *s)
{
	uint16_t *halves = g->to[there];
	unsigned i;

	if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
		memcpy(g->to[there], s->v, sizeof(s->v));
	else if (!g->halves[there])
		put_words(g->to[there], s->v);
	else
		for (i = 0; i < KW_BLOCK_HALVES; i++)
			halves[i] = (uint16_t)(s->v[i / 4] >> i % 4 * 16);
}

/* While one waits for its products, the other has them made. */
static inline void make_two(const struct kw_rng_group *g, unsigned a,
			    unsigned b, struct wide run, uint64_t seed)
{
	struct state s = begin(g, a, run), t = begin(g, b, run);
	uint64_t k0 = seed + 3 * PHILOX_W64_0;
	uint64_t of_a = g->key[a], of_b = g->key[b];
	unsigned i;

	for (i = 3; i < 10; i++) {
		s = one_round(s, k0, of_a);
		t = one_round(t, k0, of_b);
		k0 += PHILOX_W64_0;
		of_a += PHILOX_W64_1;
		of_b += PHILOX_W64_1;
	}
	put(g, a, &s);
	put(g, b, &t);
}

unsigned kw_rng_blocks(const struct kw_rng_group *g, unsigned from,
		       unsigned end, const struct kw_rng_key *key)
{
	struct wide run = multiply(PHILOX_M4x64_0, key->run ^ key->seed);

	if (end - from > 2 &&
	    kw_rng_blocks_avx512(g, key->seed, run.hi, run.lo))
		return KW_GROUP;
	for (; from < end; from += 2)
		make_two(g, from, MIN(from + 1, end - 1), run, key->seed);
	return end;
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
