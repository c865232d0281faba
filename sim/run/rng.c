/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides every random number: Philox 4x64-10 (Salmon et al., SC 2011), and
 * an exponential variate by a logarithm table, so that no result depends on
 * a floating point unit or a C library.
 */
#include "rng.h"

#include <Random123/philox.h>

const uint32_t kw_log2_table[257] = {
#include "log2_table.h"
};

void kw_rng_refill(struct kw_rng *rng, const struct kw_rng_key *key,
		   uint32_t stream)
{
	philox4x64_key_t k = { { key->seed, stream } };
	philox4x64_ctr_t one = { { rng->next, key->run, 0 } };
	philox4x64_ctr_t two = { { rng->next, key->run, 1 } };
	unsigned i;

	one = philox4x64(one, k);
	two = philox4x64(two, k);
	for (i = 0; i < 4; i++) {
		rng->words[2 * i] = (uint32_t)one.v[i];
		rng->words[2 * i + 1] = (uint32_t)(one.v[i] >> 32);
		rng->words[2 * i + 8] = (uint32_t)two.v[i];
		rng->words[2 * i + 9] = (uint32_t)(two.v[i] >> 32);
	}
}

void kw_nats_init(struct kw_nats *t)
{
	unsigned i;

	t->at[0] = 0;
	for (i = 1; i <= KW_NATS; i++)
		t->at[i] = (uint32_t)kw_nats((uint64_t)i << 22);
}
