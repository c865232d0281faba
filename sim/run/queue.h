/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pending events, one a slot.
 *
 * A slot is somebody who can have one event pending; scheduling it again
 * moves it.  An event goes behind all that are due at the same time: of two
 * the one that was scheduled first comes first.
 *
 *	near	what is due less than KW_NEAR_NS after the last event that
 *		was taken: a list a nanosecond, first in first out, and a bit
 *		for each list that is not empty.  Here is the next step of a
 *		CPU that is busy; it comes and goes without a loop, and
 *		without a branch that depends on who else is busy.
 *	far	all else: an array, sorted so that the earliest is last, on
 *		top of an entry that is never due
 *
 * An event stays where it was put.  Of two at the same time the one in far
 * was scheduled after an earlier event than the other, and comes first.
 *
 * Invariants: no event is earlier than the last one that was taken;
 * pending[slot] says where the slot's event is.
 */
#ifndef KW_QUEUE_H
#define KW_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define KW_NEAR_NS 64	/* as many as a word has bits */

/* Values of pending[]; NEAR + i: in list i. */
enum { KW_NOT_PENDING, KW_PENDING_FAR, KW_PENDING_NEAR };

struct kw_entry {
	uint64_t time;
	uint64_t slot;
};

struct kw_queue {
	uint64_t now;		/* when the last event taken was due */
	uint64_t near;		/* bit t % KW_NEAR_NS: something at time t */
	uint32_t first[KW_NEAR_NS], last[KW_NEAR_NS];
	uint32_t *next;		/* [slot]: who follows it in its list */
	struct kw_entry *far;	/* as many as slots, and one */
	struct kw_entry *top;	/* the earliest in far, or its first entry */
	uint8_t *pending;	/* [slot] */
};

static inline void kw_queue_reset(struct kw_queue *q, unsigned nr_slots)
{
	memset(q->pending, KW_NOT_PENDING, nr_slots);
	q->now = q->near = 0;
	q->far->time = UINT64_MAX;
	q->top = q->far;
}

static inline bool kw_queue_empty(const struct kw_queue *q)
{
	return !q->near && q->top == q->far;
}

/* The earliest event: whose, and when; UINT64_MAX when there is none. */
static inline uint64_t kw_queue_first(const struct kw_queue *q, unsigned *slot)
{
	unsigned at = q->now % KW_NEAR_NS;
	uint64_t near;

	if (q->near) {
		near = q->near >> at | q->near << (-at % KW_NEAR_NS);
		near = q->now + (unsigned)__builtin_ctzll(near);
		if (near < q->top->time) {
			*slot = q->first[near % KW_NEAR_NS];
			return near;
		}
	}
	*slot = (unsigned)q->top->slot;
	return q->top->time;
}

/* Takes the earliest event: slot's, due at time. */
static inline void kw_queue_take(struct kw_queue *q, unsigned slot,
				 uint64_t time)
{
	unsigned i = time % KW_NEAR_NS;

	q->now = time;
	if (q->pending[slot] == KW_PENDING_FAR) {
		q->top--;
	} else {
		q->near &= ~((uint64_t)(q->last[i] == slot) << i);
		q->first[i] = q->next[slot];
	}
	q->pending[slot] = KW_NOT_PENDING;
}

static inline uint64_t kw_queue_remove_near(struct kw_queue *q, unsigned slot)
{
	unsigned i = q->pending[slot] - KW_PENDING_NEAR, s = q->first[i];

	if (s == slot) {
		q->near &= ~((uint64_t)(q->last[i] == slot) << i);
		q->first[i] = q->next[slot];
	} else {
		while (q->next[s] != slot)
			s = q->next[s];
		q->next[s] = q->next[slot];
		if (q->last[i] == slot)
			q->last[i] = s;
	}
	return q->now + (i - q->now) % KW_NEAR_NS;
}

/* Takes a slot's event away; returns its time, 0 when it had none. */
static inline uint64_t kw_queue_remove(struct kw_queue *q, unsigned slot)
{
	struct kw_entry *e = q->top;
	uint64_t time;

	if (q->pending[slot] == KW_NOT_PENDING)
		return 0;
	if (q->pending[slot] == KW_PENDING_FAR) {
		while (e->slot != slot)
			e--;
		time = e->time;
		for (q->top--; e <= q->top; e++)
			e[0] = e[1];
	} else {
		time = kw_queue_remove_near(q, slot);
	}
	q->pending[slot] = KW_NOT_PENDING;
	return time;
}

/* Schedules a slot that has no event pending. */
static inline void kw_queue_add(struct kw_queue *q, unsigned slot,
				uint64_t time)
{
	unsigned i = time % KW_NEAR_NS;
	struct kw_entry *e;

	if (time - q->now < KW_NEAR_NS) {
		*(q->near >> i & 1 ? &q->next[q->last[i]] : &q->first[i]) =
			slot;
		q->last[i] = slot;
		q->near |= UINT64_C(1) << i;
		q->pending[slot] = (uint8_t)(KW_PENDING_NEAR + i);
		return;
	}
	for (e = ++q->top; e[-1].time <= time; e--)
		e[0] = e[-1];
	e->time = time;
	e->slot = slot;
	q->pending[slot] = KW_PENDING_FAR;
}

static inline void kw_queue_set(struct kw_queue *q, unsigned slot,
				uint64_t time)
{
	if (q->pending[slot] != KW_NOT_PENDING)
		kw_queue_remove(q, slot);
	kw_queue_add(q, slot, time);
}

#endif
