/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a difference is worth: exact tests where there are few
 * observations, intervals where there are many.
 */
#include <math.h>
#include <gsl/gsl_cdf.h>
#include "report.h"

#define Z95 1.959963984540054	/* two-sided 95 % of the normal law */

double kw_sign_test(uint64_t a, uint64_t b)
{
	uint64_t few = MIN(a, b), n = a + b;
	double p;

	if (!n)
		return 1.0;
	if (n > G_MAXUINT32)	/* beyond what the exact sum takes */
		return erfc(fabs((double)a - (double)b) /
			    sqrt(2.0 * (double)n));
	p = 2.0 * gsl_cdf_binomial_P((unsigned)few, 0.5, (unsigned)n);
	return MIN(p, 1.0);
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

void kw_rate_interval(uint64_t x, uint64_t n, double *low, double *high)
{
	double a = (double)x, b = (double)(n - x);

	*low = x ? gsl_cdf_beta_Pinv(0.025, a, b + 1.0) : 0.0;
	*high = x < n ? gsl_cdf_beta_Pinv(0.975, a + 1.0, b) : 1.0;
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
