/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which registers of an actor will be read again, by the node where it
 * stands.  A register that will not be is noise in a state: two states that
 * differ in nothing else are one.
 *
 * A call's register D is its callee's first: from D on registers belong to
 * the callee and what that calls (frames.c).  Behind the registers there are
 * two more bits: why the guest exited, and the entry of its trap.
 */
#ifndef KW_LIVE_H
#define KW_LIVE_H

#include "paths.h"

struct kw_live {
	unsigned nr_regs;	/* the most that an actor has */
	unsigned words;		/* of a mask: nr_regs + 2 bits */
	uint64_t *in;		/* [node * words]: read at or after node */
	uint64_t *had;		/* ... or written by it */
};

/* Bits of a mask that are no registers. */
static inline unsigned kw_live_exit(const struct kw_live *l)
{
	return l->nr_regs;
}
static inline unsigned kw_live_trap(const struct kw_live *l)
{
	return l->nr_regs + 1;
}

struct kw_live *kw_live_new(const struct kw_program *p,
			    const struct kw_paths *paths);
void kw_live_free(struct kw_live *l);

#endif
