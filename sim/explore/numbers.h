/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States by number, in the order in which they were first seen: what a
 * second search remembers of them is an array.
 */
#ifndef KW_NUMBERS_H
#define KW_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct kw_numbers {
	uint64_t *fp;		/* [number] */
	uint32_t nr, max;
	uint32_t *at;		/* [slot]: number + 1, or 0 */
	uint64_t nr_slots;
};

void kw_numbers_init(struct kw_numbers *n);
void kw_numbers_free(struct kw_numbers *n);
/* That of the state with this fingerprint; true when it is a new one. */
bool kw_numbers_add(struct kw_numbers *n, uint64_t fp, uint32_t *number);
uint64_t kw_numbers_bytes(const struct kw_numbers *n);

#endif
