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

/* An entry is time << KW_SLOT_BITS | slot. */
#define KW_SLOT_BITS	16

struct kw_queue {
	uint64_t *entries;
	uint8_t *pending;
	unsigned n;
};

static inline uint64_t kw_queue_time(const struct kw_queue *q)
{
	return q->entries[q->n - 1] >> KW_SLOT_BITS;
}

static inline unsigned kw_queue_take(struct kw_queue *q)
{
	unsigned slot = (uint16_t)q->entries[--q->n];

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
	while ((uint16_t)q->entries[--i] != slot)
		;
	time = q->entries[i] >> KW_SLOT_BITS;
	for (q->n--; i < q->n; i++)
		q->entries[i] = q->entries[i + 1];
	return time;
}

static inline void kw_queue_set(struct kw_queue *q, unsigned slot,
				uint64_t time)
{
	uint64_t *e, behind = (time + 1) << KW_SLOT_BITS;

	if (q->pending[slot])
		kw_queue_remove(q, slot);
	q->pending[slot] = 1;
	for (e = &q->entries[q->n++]; e > q->entries && e[-1] < behind; e--)
		e[0] = e[-1];
	*e = time << KW_SLOT_BITS | slot;
}

#endif
