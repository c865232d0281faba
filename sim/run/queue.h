/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pending events: one array, sorted so that the earliest is last, one
 * entry a slot.
 *
 * A slot is somebody who can have one event pending; scheduling it again
 * moves it.  An event goes behind all that are due at the same time: of two
 * the one that was scheduled first comes first.
 *
 * Most events are near, and few are pending (a CPU, a timer or an interrupt
 * has one each), so an insertion moves a handful of entries and taking the
 * earliest is a decrement.
 *
 * Invariant: pending[slot] says whether the slot has an entry.
 */
#ifndef KW_QUEUE_H
#define KW_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct kw_entry {
	uint64_t time;
	uint64_t slot;
};

struct kw_queue {
	struct kw_entry *entries;
	uint8_t *pending;
	unsigned n;
};

static inline uint64_t kw_queue_time(const struct kw_queue *q)
{
	return q->entries[q->n - 1].time;
}

static inline unsigned kw_queue_take(struct kw_queue *q)
{
	unsigned slot = (unsigned)q->entries[--q->n].slot;

	q->pending[slot] = 0;
	return slot;
}

/* Takes a slot's event away; returns its time, 0 when it had none. */
static inline uint64_t kw_queue_remove(struct kw_queue *q, unsigned slot)
{
	unsigned i = q->n;
	uint64_t time;

	if (!q->pending[slot])
		return 0;
	q->pending[slot] = 0;
	while (q->entries[--i].slot != slot)
		;
	time = q->entries[i].time;
	for (q->n--; i < q->n; i++)
		q->entries[i] = q->entries[i + 1];
	return time;
}

static inline void kw_queue_set(struct kw_queue *q, unsigned slot,
				uint64_t time)
{
	struct kw_entry *e;

	if (q->pending[slot])
		kw_queue_remove(q, slot);
	q->pending[slot] = 1;
	for (e = &q->entries[q->n++]; e > q->entries && e[-1].time <= time; e--)
		e[0] = e[-1];
	e->time = time;
	e->slot = slot;
}

#endif
