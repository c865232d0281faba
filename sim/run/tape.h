/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A course that is being written down: shared by tape.c and record.c. */
#ifndef KW_TAPE_H
#define KW_TAPE_H

#include "course.h"

/* At most, in one run: */
#define KW_MAX_OPEN 1024		/* steps in one kw_costs */
#define KW_MAX_RUN_STEPS 8192
#define KW_MAX_RUN_WAITS 64
#define KW_MAX_RUN_MARKS 1024
#define KW_MAX_CHOICE 256
#define KW_SPARE 8			/* what one call makes, at most */
#define KW_LOST_CREDIT 64		/* for a course that is too long */

struct kw_tape {
	uint32_t *link;		/* where the next move is, or is to be, ... */
	struct kw_move *from;	/* ... which move leads there, ... */
	unsigned way;		/* ... and by which way */
	uint32_t nr_values;
	uint32_t now, last;	/* values: the clock, and at the last event */
	uint32_t base;		/* see kw_tape_at() */
	bool has_base;
	uint32_t burnt;
	uint64_t sum;		/* drawn and not used, ... */
	bool drawn;		/* ... if anything was */
	uint16_t *order;	/* slots by time; some are gone */
	unsigned nr_order;
	uint32_t *event;	/* values: [slot], [actor], [CPU], [time] */
	uint32_t *left, *armed_at, *idle_since, *t;
	uint32_t (*stamps)[KW_NR_EP_TIMES];	/* [vCPU] */
	uint32_t failure_ns;
	/* costs that wait */
	unsigned open, open_actor;
	uint32_t open_from, open_horizon;
	uint64_t open_ns;	/* the clock after the last */
	struct kw_step_cost steps[KW_MAX_OPEN];
	unsigned nr_waits;
	struct kw_wait waits[KW_MAX_RUN_WAITS];
	uint64_t *marks;	/* before the run */
};

/*
 * The tape, ready for a move, or NULL when there is no room for any: then
 * the rest of the run is not written down.
 */
struct kw_tape *kw_tape_ready(struct kw_runner *r);
void kw_tape_give_up(struct kw_runner *r, int credit);
/* The move that comes now: one that is known, or a new one. */
struct kw_move *kw_tape_move(struct kw_runner *r, struct kw_move m);
#define KW_MOVE(r, kind, ...)					\
	kw_tape_move(r, (struct kw_move){			\
		.what = KW_MOVE_##kind, ##__VA_ARGS__ })
/* A comparison of so many ways went this one. */
void kw_tape_way(struct kw_runner *r, struct kw_move *at, unsigned nr_ways,
		 unsigned way);
/* A new value, which the engine says is ns; the same, 0 or a constant. */
uint32_t kw_tape_value(struct kw_runner *r, uint64_t ns);
uint32_t kw_tape_constant(struct kw_runner *r, uint64_t ns);
/* What was drawn is used up. */
uint64_t kw_tape_use_sum(struct kw_tape *t);
/* The value of the first event. */
uint32_t kw_tape_first(struct kw_runner *r);
/* Slot's event is due at value v: who comes before it? */
void kw_tape_put(struct kw_runner *r, unsigned slot, uint32_t v);

static inline uint64_t kw_value(const struct kw_runner *r, uint32_t v)
{
	return r->courses->values[v];
}

#endif
