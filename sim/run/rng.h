/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counter-based random numbers: draw number n of a stream is a function of
 * (seed, run, stream, n) and of nothing that happened before.
 *
 * Each actor has three streams: what the world and the guest do (the same
 * for every kernel, so that old and new are paired), what the host takes for
 * a switch or a latency, and what each small operation costs.
 */
#ifndef KW_RNG_H
#define KW_RNG_H

#include <stdint.h>

#include "../program/program.h"

enum kw_purpose { KW_WORKLOAD, KW_HOST_COST, KW_OP_COST, KW_NR_PURPOSES };

#define KW_RNG_WORDS 8	/* of one Philox 4x64 block */

struct kw_rng {
	uint32_t words[KW_RNG_WORDS];
	uint32_t next;		/* draws taken */
};

struct kw_rng_key {
	uint64_t seed, run;
};

/* Refills rng->words for the draw that rng->next says. */
void kw_rng_refill(struct kw_rng *rng, const struct kw_rng_key *key,
		   uint32_t stream);

static inline uint32_t kw_rng_u32(struct kw_rng *rng,
				  const struct kw_rng_key *key,
				  uint32_t stream)
{
	if (rng->next % KW_RNG_WORDS == 0)
		kw_rng_refill(rng, key, stream);
	return rng->words[rng->next++ % KW_RNG_WORDS];
}

/* 16 bits at a time: next counts those, so use a stream for one width only. */
static inline uint32_t kw_rng_u16(struct kw_rng *rng,
				  const struct kw_rng_key *key,
				  uint32_t stream)
{
	uint32_t i = rng->next % (2 * KW_RNG_WORDS);

	if (!i)
		kw_rng_refill(rng, key, stream);
	rng->next++;
	return rng->words[i / 2] >> 16 * (i % 2) & 0xffff;
}

/* Maps a draw to min .. max, both included; max - min < 2^32. */
static inline uint64_t kw_scale(uint32_t draw, uint64_t min, uint64_t max)
{
	return min + (draw * (max - min + 1) >> 32);
}

/* -ln((draw + 1) / 2^32) * mean, in integers; at most 23 means. */
uint64_t kw_exponential(uint32_t draw, uint64_t mean);

#endif
