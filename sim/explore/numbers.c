/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which number a state has. */
#include <glib.h>
#include "numbers.h"

#define FIRST 4096		/* slots; at least twice as many as states */

void kw_numbers_init(struct kw_numbers *n)
{
	*n = (struct kw_numbers){ .nr_slots = FIRST, .max = FIRST / 2 };
	n->fp = g_new(uint64_t, n->max);
	n->at = g_new0(uint32_t, n->nr_slots);
}

void kw_numbers_free(struct kw_numbers *n)
{
	g_free(n->fp);
	g_free(n->at);
}

/* Where fp is, or where it goes. */
static uint32_t *slot(const struct kw_numbers *n, uint64_t fp)
{
	uint64_t i = fp & (n->nr_slots - 1);

	while (n->at[i] && n->fp[n->at[i] - 1] != fp)
		i = (i + 1) & (n->nr_slots - 1);
	return &n->at[i];
}

static void grow(struct kw_numbers *n)
{
	uint32_t i;

	n->nr_slots *= 2;
	n->max *= 2;
	n->fp = g_renew(uint64_t, n->fp, n->max);
	g_free(n->at);
	n->at = g_new0(uint32_t, n->nr_slots);
	for (i = 0; i < n->nr; i++)
		*slot(n, n->fp[i]) = i + 1;
}

bool kw_numbers_add(struct kw_numbers *n, uint64_t fp, uint32_t *number)
{
	uint32_t *at = slot(n, fp);

	if (*at) {
		*number = *at - 1;
		return false;
	}
	if (n->nr == n->max) {
		grow(n);
		at = slot(n, fp);
	}
	*number = n->nr;
	n->fp[n->nr++] = fp;
	*at = n->nr;
	return true;
}

uint64_t kw_numbers_bytes(const struct kw_numbers *n)
{
	return n->max * sizeof(*n->fp) + n->nr_slots * sizeof(*n->at);
}
