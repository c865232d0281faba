/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a state:
 *
 *	nr_msgs, gp | views | msgs: var + bits, value | threads
 *
 * and of a thread: the struct below, coh[nr_vars], slots[nr_slots], then the
 * buffer, oldest first.  What is beyond nr_msgs or nr_buf is zero.
 */
#ifndef KW_WEAK_LAYOUT_H
#define KW_WEAK_LAYOUT_H

#include <string.h>
#include "weak.h"

#define KW_MSG_PLAIN 0x8000u
/*
 * Nobody may read it any more, as far as the canonical form knows: only one
 * a variable, the newest, and all of them before all others.
 */
#define KW_MSG_UNREAD 0x4000u
#define KW_MSG_BITS (KW_MSG_PLAIN | KW_MSG_UNREAD)

struct kw_weak_head {
	uint16_t nr_msgs;
	uint16_t gp;		/* what grace periods have seen */
};

struct kw_weak_msg {
	uint16_t var;		/* and KW_MSG_BITS */
	uint16_t value;
};

struct kw_weak_thread {
	uint16_t loads;		/* newest message that a load has read */
	uint16_t stores;	/* newest message of its own */
	uint16_t unlocked;	/* loads, as it was at an unlock */
	uint16_t wmb;		/* a wmb since the newest buffered store */
	uint16_t readers;	/* nested RCU readers, 4 bits a domain */
	uint16_t nr_buf;
	uint16_t acted;		/* nr_msgs when it last did something */
	uint16_t coh[];
};

static inline struct kw_weak_head *kw_head(const uint16_t *s)
{
	return (struct kw_weak_head *)(uintptr_t)s;
}

static inline uint16_t *kw_views(const struct kw_weak *w, const uint16_t *s)
{
	return (uint16_t *)(uintptr_t)(s + w->views);
}

/* ts counts from 1 */
static inline struct kw_weak_msg *kw_msg(const struct kw_weak *w,
					 const uint16_t *s, unsigned ts)
{
	return (struct kw_weak_msg *)(uintptr_t)(s + w->msgs) + ts - 1;
}

static inline unsigned kw_msg_var(const struct kw_weak *w, const uint16_t *s,
				  unsigned ts)
{
	return kw_msg(w, s, ts)->var & ~KW_MSG_BITS;
}

static inline struct kw_weak_thread *kw_thread(const struct kw_weak *w,
					       const uint16_t *s, unsigned t)
{
	return (struct kw_weak_thread *)(uintptr_t)
		(s + w->threads + t * w->thread_words);
}

static inline uint16_t *kw_slots(const struct kw_weak *w, const uint16_t *s,
				 unsigned t)
{
	return kw_thread(w, s, t)->coh + w->nr_vars;
}

/* The first slot from i on that holds a view, or nr: most do not. */
static inline unsigned kw_slots_next(const uint16_t *slots, unsigned i,
				     unsigned nr)
{
	uint64_t four;

	for (; i + 4 <= nr; i += 4) {
		memcpy(&four, slots + i, sizeof(four));
		if (four)
			break;
	}
	while (i < nr && !slots[i])
		i++;
	return i;
}

static inline struct kw_weak_store *kw_buf(const struct kw_weak *w,
					   const uint16_t *s, unsigned t)
{
	return (struct kw_weak_store *)(kw_slots(w, s, t) + w->nr_slots);
}

/* The newest message of var with a timestamp up to view; 0: none. */
static inline unsigned kw_newest(const struct kw_weak *w, const uint16_t *s,
				 unsigned var, unsigned view)
{
	while (view > w->settled && kw_msg_var(w, s, view) != var)
		view--;
	if (!view || view > w->settled)
		return view;
	return var + 1;
}

#endif
