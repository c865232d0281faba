/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of durations: 16 buckets an octave, so a bucket is at most
 * 1/16 wide; integers only, the same bytes everywhere.
 */
#ifndef KW_HIST_H
#define KW_HIST_H

#include <stdint.h>

#define KW_HIST_BUCKETS	640	/* up to 2^43 ns, 2.4 hours */

struct kw_hist {
	uint64_t n, sum, max;
	uint32_t count[KW_HIST_BUCKETS];
};

static inline unsigned kw_hist_bucket(uint64_t ns)
{
	unsigned shift, i;

	if (ns < 16)
		return (unsigned)ns;
	shift = 59 - (unsigned)__builtin_clzll(ns);
	i = shift * 16 + (unsigned)(ns >> shift);
	return i < KW_HIST_BUCKETS ? i : KW_HIST_BUCKETS - 1;
}

/* The smallest duration that falls into bucket i. */
static inline uint64_t kw_hist_lowest(unsigned i)
{
	if (i < 32)
		return i;
	return (uint64_t)(i % 16 + 16) << (i / 16 - 1);
}

static inline void kw_hist_add(struct kw_hist *h, uint64_t ns)
{
	h->n++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
	h->count[kw_hist_bucket(ns)]++;
}

void kw_hist_merge(struct kw_hist *into, const struct kw_hist *h);
/*
 * The duration that permille/1000 of the samples do not exceed (ns; the
 * lower edge of its bucket, the true maximum for 1000; 0 when empty).
 */
uint64_t kw_hist_permille(const struct kw_hist *h, unsigned permille);

#endif
