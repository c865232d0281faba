/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: the one transition function of both engines.
 *
 * kw_step() executes the node that an actor stands at.  It is pure: the new
 * state depends on (program, state, actor, choice, clock) and nothing else,
 * and what is not in the state (who runs when, how long) is the engine's.
 *
 * Who may step (kw_can_step()):
 *
 *	thread		READY and nothing nests on it
 *	hardirq		running, or pending while its home thread is not
 *			masked and nothing nests on that
 *	guest		its home thread is IN_GUEST, nothing nests on it
 *	virq		as a hardirq, on its guest
 *	hw		READY, or pending while idle
 *
 * A step that has to wait (a lock that is taken, AWAIT) changes nothing and
 * says KW_EFF_BLOCKED.
 */
#ifndef KW_MACHINE_H
#define KW_MACHINE_H

#include "../program/program.h"

enum kw_effect {
	KW_EFF_NONE,
	KW_EFF_BLOCKED,		/* nothing changed; try again later */
	KW_EFF_LATE,		/* the same, for memory: an engine's own */
	KW_EFF_WAKE,		/* actor: a sleeping thread is READY now */
	KW_EFF_SLEEP,		/* this thread went to sleep */
	KW_EFF_YIELD,
	KW_EFF_RAISE,		/* actor: a handler now pends; val: latency */
	KW_EFF_ARM,		/* actor: a handler's timer; see node */
	KW_EFF_CANCEL,		/* actor: a handler was disarmed */
	KW_EFF_ENTER,		/* this thread entered its guest */
	KW_EFF_EXIT,		/* actor: the thread whose guest exited */
	KW_EFF_UNMASK,		/* interrupts or preemption are on again */
	KW_EFF_DELAY,		/* val: duration */
	KW_EFF_BURN,
	KW_EFF_MARK,		/* val: mark; addr: object */
	KW_EFF_FAIL,
	KW_EFF_END,		/* this actor's path ended */
};

/* What a step did, for the engine. */
struct kw_done {
	uint32_t effect;	/* enum kw_effect */
	uint32_t actor;		/* whom it concerns */
	uint32_t val;
	uint32_t addr;
	uint32_t outcome;
};

/* Time as a path can see it.  NULL in the explorer. */
struct kw_clock {
	uint64_t now;
	uint64_t *t;		/* time fields and registers */
};

/*
 * Executes actor a's node.  choice decides CHOICE, and TIME_LESS where there
 * is no clock.
 */
void kw_step(const struct kw_program *p, uint8_t *s, unsigned a,
	     unsigned choice, struct kw_clock *clock, struct kw_done *done);

/* A pending handler (or pending hardware) begins on its home. */
void kw_begin(const struct kw_program *p, uint8_t *s, unsigned handler);
/* An armed handler's time has come: it pends. */
void kw_fire(const struct kw_program *p, uint8_t *s, unsigned handler);
/* A host interrupt takes the thread out of its guest (reason 0). */
void kw_force_exit(const struct kw_program *p, uint8_t *s, unsigned thread);
bool kw_can_begin(const struct kw_program *p, uint8_t *s, unsigned handler);

/*
 * Evaluates an oracle path of one argument atomically on the scratch actor;
 * returns the number that it returns, or 0 when it does not come to an end:
 * a list that is broken may be a ring.
 */
#define KW_EVAL_MAX 100000
unsigned kw_eval(const struct kw_program *p, uint8_t *s, uint16_t entry,
		 uint16_t arg);

#endif
