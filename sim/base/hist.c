/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which bucket holds a percentile, from the smallest upwards. */
#include "hist.h"

void kw_hist_merge(struct kw_hist *into, const struct kw_hist *h)
{
	unsigned i;

	into->n += h->n;
	into->sum += h->sum;
	if (h->max > into->max)
		into->max = h->max;
	for (i = 0; i < KW_HIST_BUCKETS; i++)
		into->count[i] += h->count[i];
}

uint64_t kw_hist_permille(const struct kw_hist *h, unsigned permille)
{
	uint64_t rank = (h->n * permille + 999) / 1000, seen = 0;
	unsigned i;

	if (!h->n)
		return 0;
	if (permille >= 1000)
		return h->max;
	for (i = 0; i < KW_HIST_BUCKETS; i++) {
		seen += h->count[i];
		if (seen >= rank && seen)
			return kw_hist_lowest(i);
	}
	return h->max;
}
