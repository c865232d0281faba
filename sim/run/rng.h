/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counter-based random numbers: draw number n of a stream is a function of
 * (seed, run, stream, n) and of nothing that happened before.
 *
 * Each actor has four streams: what the world and the guest do (the same
 * for every kernel, so that old and new are paired), what the host takes for
 * a switch or a latency, what each small operation costs, and how late its
 * stores and how early its loads are.
 */
#ifndef KW_RNG_H
#define KW_RNG_H

#include <stdbool.h>
#include <stdint.h>

#include "../program/program.h"

enum kw_purpose {
	KW_WORKLOAD, KW_HOST_COST, KW_OP_COST, KW_NR_PURPOSES,
	KW_MEMORY = KW_NR_PURPOSES	/* memory.c's own */
};

#define KW_RNG_WORDS 16	/* of two Philox 4x64 blocks, made side by side */

struct kw_rng {
	union {
		uint32_t words[KW_RNG_WORDS];
		uint16_t halves[2 * KW_RNG_WORDS];	/* see kw_rng_u16() */
	};
	uint32_t next;		/* draws taken */
};

struct kw_rng_key {
	uint64_t seed, run;
};

/* Refills rng->words for the draw that rng->next says; ... */
void kw_rng_refill(struct kw_rng *rng, const struct kw_rng_key *key,
		   uint32_t stream);
/* ... a block at a time at first: most streams are short. */
void kw_rng_more_words(struct kw_rng *rng, const struct kw_rng_key *key,
		       uint32_t stream);

static inline uint32_t kw_rng_u32(struct kw_rng *rng,
				  const struct kw_rng_key *key,
				  uint32_t stream)
{
	if (rng->next % KW_RNG_WORDS == 0 || rng->next == KW_RNG_WORDS / 2)
		kw_rng_more_words(rng, key, stream);
	return rng->words[rng->next++ % KW_RNG_WORDS];
}

/*
 * 16 bits at a time, of a word the low ones first.  next counts those, so use
 * a stream for one width only.
 */
static inline uint32_t kw_rng_u16(struct kw_rng *rng,
				  const struct kw_rng_key *key,
				  uint32_t stream)
{
	uint32_t i = rng->next % (2 * KW_RNG_WORDS);

	if (!i)
		kw_rng_refill(rng, key, stream);
	rng->next++;
	return rng->halves[i ^ (G_BYTE_ORDER == G_BIG_ENDIAN)];
}

/*
 * Blocks of streams, without a struct kw_rng: number i of a stream is what
 * kw_rng_u32(), or kw_rng_u16(), would draw from number i * (draws in a
 * block) on.  A group of them is made together, which is much quicker.
 */
#define KW_BLOCK_WORDS	(KW_RNG_WORDS / 2)
#define KW_BLOCK_HALVES	KW_RNG_WORDS
#define KW_GROUP	8
struct kw_rng_group {
	/* what of a block's making is the same in every run, see rng.c */
	uint64_t a0[KW_GROUP], a2[KW_GROUP], b2[KW_GROUP], b3[KW_GROUP];
	uint64_t key[KW_GROUP];
	void *to[KW_GROUP];		/* uint32_t[], or uint16_t[]: ... */
	bool halves[KW_GROUP];		/* ... these */
	uint64_t nowhere[4];		/* where those go that are no blocks */
};
void kw_rng_group_init(struct kw_rng_group *g);
/* Block number i is to be there, and goes to that place. */
void kw_rng_group_set(struct kw_rng_group *g, unsigned there, uint64_t seed,
		      uint32_t stream, unsigned i);
/*
 * Makes number from .. end - 1 of a group for a run of the seed it was set
 * for.  Up to where it was made: at least end.
 */
unsigned kw_rng_blocks(const struct kw_rng_group *g, unsigned from,
		       unsigned end, const struct kw_rng_key *key);
/* All of it by AVX-512; false where there is none. */
bool kw_rng_blocks_avx512(const struct kw_rng_group *g, uint64_t seed,
			  uint64_t run_hi, uint64_t run_lo);

/* Maps a draw to min .. max, both included; max - min < 2^32. */
static inline uint64_t kw_scale(uint32_t draw, uint64_t min, uint64_t max)
{
	return min + (draw * (max - min + 1) >> 32);
}

/*
 * -ln(i / 1024) * 2^24, i = 1 .. 1024.  Between two entries it is taken to
 * be straight, which is wrong by less than 1/2000 from the 16th on.
 */
#define KW_NATS 1024
struct kw_nats {
	uint32_t at[KW_NATS + 1];
};
void kw_nats_init(struct kw_nats *t);
uint64_t kw_exponential_exact(uint32_t draw, uint64_t mean);

/*
 * An exponential variate, -ln((draw + 1) / 2^32) * mean, in integers; at
 * most 23 means.
 */
static inline uint64_t kw_exponential(const struct kw_nats *t, uint32_t draw,
				      uint64_t mean)
{
	unsigned i = draw >> 22;
	uint64_t nats;

	if (__builtin_expect(i < 16 || mean >> 32, 0))
		return kw_exponential_exact(draw, mean);
	nats = t->at[i] - ((uint64_t)(t->at[i] - t->at[i + 1]) *
				   (draw & 0x3fffff) >> 22);
	return nats * mean >> 24;
}

#endif
