/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pending events: a 4-ary heap of (time, order), one entry a slot.
 *
 * A slot is somebody who can have one event pending; scheduling it again
 * moves it.  order is a counter, so of two events at one time the one that
 * was scheduled first comes first, and no two entries compare equal.
 *
 * Invariant: pos[slot] is the entry's place + 1, or 0 when none is pending.
 */
#ifndef KW_QUEUE_H
#define KW_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct kw_entry {
	uint64_t time;
	uint32_t order;
	uint32_t slot;
};

struct kw_queue {
	struct kw_entry *heap;
	uint16_t *pos;
	unsigned n;
	uint32_t order;
};

static inline bool kw_before(const struct kw_entry *a,
			     const struct kw_entry *b)
{
	return a->time < b->time ||
	       (a->time == b->time && a->order < b->order);
}

static inline void kw_queue_put(struct kw_queue *q, unsigned i,
				const struct kw_entry *e)
{
	q->heap[i] = *e;
	q->pos[e->slot] = (uint16_t)(i + 1);
}

static inline void kw_queue_up(struct kw_queue *q, unsigned i,
			       struct kw_entry e)
{
	unsigned parent;

	for (; i; i = parent) {
		parent = (i - 1) / 4;
		if (!kw_before(&e, &q->heap[parent]))
			break;
		kw_queue_put(q, i, &q->heap[parent]);
	}
	kw_queue_put(q, i, &e);
}

static inline void kw_queue_down(struct kw_queue *q, unsigned i,
				 struct kw_entry e)
{
	unsigned c, k, first;

	for (;; i = c) {
		first = 4 * i + 1;
		if (first >= q->n)
			break;
		c = first;
		for (k = first + 1; k < first + 4 && k < q->n; k++)
			if (kw_before(&q->heap[k], &q->heap[c]))
				c = k;
		if (!kw_before(&q->heap[c], &e))
			break;
		kw_queue_put(q, i, &q->heap[c]);
	}
	kw_queue_put(q, i, &e);
}

static inline void kw_queue_remove(struct kw_queue *q, unsigned slot)
{
	unsigned i = q->pos[slot];
	struct kw_entry last;

	if (!i--)
		return;
	q->pos[slot] = 0;
	last = q->heap[--q->n];
	if (i == q->n)
		return;
	if (i && kw_before(&last, &q->heap[(i - 1) / 4]))
		kw_queue_up(q, i, last);
	else
		kw_queue_down(q, i, last);
}

static inline void kw_queue_set(struct kw_queue *q, unsigned slot,
				uint64_t time)
{
	struct kw_entry e = { time, q->order++, slot };

	if (q->pos[slot])
		kw_queue_remove(q, slot);
	kw_queue_up(q, q->n++, e);
}

#endif
