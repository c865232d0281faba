/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a difference is worth: exact tests where there are few
 * observations, intervals where there are many.
 */
#include <math.h>
#include "report.h"

#define Z95 1.959963984540054	/* two-sided 95 % of the normal law */

double kw_sign_test(uint64_t a, uint64_t b)
{
	double few = (double)MIN(a, b), n = (double)a + (double)b;
	double log_term, term, sum = 0.0, k;

	if (a == b)
		return 1.0;
	/* P(X = few), then downwards from term to term until nothing is left */
	log_term = lgamma(n + 1.0) - lgamma(few + 1.0) -
		   lgamma(n - few + 1.0) - n * M_LN2;
	term = exp(log_term);
	for (k = few; k >= 0.0 && term > sum * 1e-12; k--) {
		sum += term;
		term *= k / (n - k + 1.0);
	}
	return MIN(2.0 * sum, 1.0);
}

void kw_mean_interval(uint64_t n, double sum, double squares, double *low,
		      double *high)
{
	double mean = n ? sum / (double)n : 0.0;
	double var = n > 1 ? (squares - sum * mean) / ((double)n - 1.0) : 0.0;
	double half = n ? Z95 * sqrt(MAX(var, 0.0) / (double)n) : 0.0;

	*low = mean - half;
	*high = mean + half;
}

void kw_paired_interval(uint64_t n, uint64_t only_old, uint64_t only_new,
			double *low, double *high)
{
	double m = (double)n + 2.0;
	double up = ((double)only_new + 1.0) / m;
	double down = ((double)only_old + 1.0) / m;
	double half = Z95 * sqrt((up + down - (up - down) * (up - down)) / m);

	*low = MAX(up - down - half, -1.0);
	*high = MIN(up - down + half, 1.0);
}

/* The duration of the sample of that rank, from 1. */
static uint64_t at_rank(const struct kw_hist *h, uint64_t rank)
{
	uint64_t seen = 0;
	unsigned i;

	for (i = 0; i < KW_HIST_BUCKETS; i++) {
		seen += h->count[i];
		if (seen >= rank)
			return kw_hist_lowest(i);
	}
	return h->max;
}

void kw_permille_interval(const struct kw_hist *h, unsigned permille,
			  uint64_t *low, uint64_t *high)
{
	double n = (double)h->n, p = permille / 1000.0;
	double half = Z95 * sqrt(n * p * (1.0 - p));
	double l = floor(n * p - half), u = ceil(n * p + half) + 1.0;

	*low = at_rank(h, l < 1.0 ? 1 : (uint64_t)l);
	*high = at_rank(h, u > n ? h->n : (uint64_t)u);
}
