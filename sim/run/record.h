/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine tells record.c of its times while r->tape is there: then
 * the run's course is written down, see course.h.
 *
 * Whoever draws a duration, or sets a time in the runner, says so at once.
 */
#ifndef KW_RECORD_H
#define KW_RECORD_H

#include "rng.h"
#include "run.h"

struct kw_tape;

/* Out of the way of an engine that writes nothing down. */
#define KW_COLD __attribute__((cold))

struct kw_tape *kw_tape_new(const struct kw_runner *r);
void kw_tape_free(struct kw_tape *t);
/* Run writes down its course, from before its reset to its end. */
void kw_tape_begin(struct kw_runner *r);
void kw_tape_finish(struct kw_runner *r);

/* ns was drawn, or k of n chosen. */
KW_COLD
void kw_tape_drawn(struct kw_runner *r, unsigned actor, enum kw_purpose why,
		   unsigned dist, uint64_t ns);
KW_COLD
void kw_tape_chosen(struct kw_runner *r, unsigned actor, unsigned n,
		    unsigned k);
/* The cost of a's step at pc has passed; on: nobody else is due before. */
KW_COLD
void kw_tape_cost(struct kw_runner *r, unsigned a, unsigned pc, bool on);
/* Slot's event is the next one, and taken. */
KW_COLD
void kw_tape_take(struct kw_runner *r, unsigned slot);
/* ns, which was drawn, passes at once, or is to: then slot's event follows. */
KW_COLD
void kw_tape_burn(struct kw_runner *r, uint64_t ns, bool on);
KW_COLD
void kw_tape_burnt(struct kw_runner *r, unsigned slot);

/* Slot's event has been put: the end of the run; */
KW_COLD
void kw_tape_duration(struct kw_runner *r, unsigned slot);
/* after what was drawn; */
KW_COLD
void kw_tape_after(struct kw_runner *r, unsigned slot);
/* ... and what was left of a's time; */
KW_COLD
void kw_tape_go_on(struct kw_runner *r, unsigned slot, unsigned a);
/* after a time slice; */
KW_COLD
void kw_tape_slice(struct kw_runner *r, unsigned slot);
/* when handler h, in slot h, is armed for. */
KW_COLD
void kw_tape_settle(struct kw_runner *r, unsigned h);

/* What was drawn is not used. */
KW_COLD
void kw_tape_drop(struct kw_runner *r);
/* left[a] is what was left of slot's event; what was drawn; that much more. */
KW_COLD
void kw_tape_broken_off(struct kw_runner *r, unsigned a, unsigned slot);
KW_COLD
void kw_tape_left(struct kw_runner *r, unsigned a);
KW_COLD
void kw_tape_left_more(struct kw_runner *r, unsigned a);
/* armed_at[h] is what was drawn after clock.t[i], if that was said, or now. */
KW_COLD
void kw_tape_at(struct kw_runner *r, unsigned i);
KW_COLD
void kw_tape_armed(struct kw_runner *r, unsigned h);
/* CPU c is idle from now on; was it for long? */
KW_COLD
void kw_tape_idle(struct kw_runner *r, unsigned c);
KW_COLD
void kw_tape_was_idle(struct kw_runner *r, unsigned c, bool deep);
/* a's node n, which works on times, was executed. */
KW_COLD
void kw_tape_time(struct kw_runner *r, unsigned a, const struct kw_node *n,
		  unsigned outcome);

enum kw_ep_time {
	KW_EP_BEGIN, KW_EP_DELIVERABLE, KW_EP_WOKEN, KW_EP_LEFT, KW_EP_END,
	KW_NR_EP_TIMES
};
/* That time of vCPU v's wait is now. */
KW_COLD
void kw_tape_stamp(struct kw_runner *r, unsigned v, enum kw_ep_time which);
/* From deliverable to left_ns, left or now: longer than the deadline? */
KW_COLD
void kw_tape_late(struct kw_runner *r, unsigned v, uint64_t left_ns,
		  bool late);
/* v's wait is over: latency: it counts. */
KW_COLD
void kw_tape_wait(struct kw_runner *r, unsigned v, bool latency);
KW_COLD
void kw_tape_failed(struct kw_runner *r);
/* The clock goes back to the event before this one. */
KW_COLD
void kw_tape_quiescent(struct kw_runner *r);

#endif
