/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timed engine: one replication of a program after another.
 *
 * A replication is a function of (program, memory model, seed, run number)
 * alone.  Time is u64 ns from 0.  Two events at the same time: the one that was
 * scheduled first goes first; there is no other source of order.
 */
#ifndef KW_RUN_H
#define KW_RUN_H

#include "../base/hist.h"
#include "../program/program.h"
#include "../weak/weak.h"

#define KW_NEVER_NS UINT64_MAX

enum kw_class {			/* how a wait ended */
	KW_FINE,		/* woken for something, in time */
	KW_CLASS_MISSED,	/* asleep to the end although SPEC held */
	KW_CLASS_LATE,		/* left, more than the deadline too late */
	KW_CLASS_SPURIOUS,	/* left and entered the guest for nothing */
	KW_CLASS_SIGNAL,	/* left because of a signal */
	KW_CLASS_OPEN,		/* the run ended while it rightly waited */
	KW_NR_CLASSES
};
extern const char *const kw_class_names[KW_NR_CLASSES];

/* One wait of one vCPU, from the WFI trap (or power off) to guest entry. */
struct kw_episode {
	uint16_t vcpu;		/* object number in program.objects */
	uint16_t cause;		/* object number of what became deliverable
				   first (an irq, or the vCPU for its own
				   lines); 0 when nothing did */
	uint8_t class;		/* enum kw_class */
	uint8_t uninterruptible;	/* a W_u wait: powered off, paused */
	uint16_t sleeps;	/* times it went off the run queue */
	uint16_t futile;	/* woken, predicate false, slept again */
	uint64_t begin;		/* ns; KW_NEVER_NS where it did not happen: */
	uint64_t deliverable;	/* SPEC became true (the last time) */
	uint64_t woken;		/* last try_to_wake_up that woke it */
	uint64_t left;		/* the predicate's verdict ended the wait */
	uint64_t end;		/* guest entry, or the end of the run */
};

struct kw_counts {		/* of one run, or summed over runs */
	uint64_t episodes, exposures;	/* exposures: SPEC became true in a
					   wait; none: the run is vacuous */
	uint64_t class[KW_NR_CLASSES];
	uint64_t futile, storm, failed;
	uint64_t sleeps, wakes, polled;	/* polled: a wait without sleep */
	uint64_t interrupts, preemptions;
	uint64_t steps, end_ns;
};

struct kw_result {
	uint64_t run;			/* its number in the campaign, from 0 */
	uint64_t digest;		/* of the trace: every step and time */
	struct kw_counts counts;
	const struct kw_episode *episodes;	/* valid until the next run */
	unsigned nr_episodes;
	const char *failure;		/* message of FAIL, or NULL */
	uint64_t failure_ns;
};

enum kw_late {			/* under a weak memory model */
	KW_LATE_NOT,
	KW_LATE_READ,		/* a load saw what is not the newest */
	KW_LATE_STORE,		/* a store waits in a buffer ... */
	KW_LATE_DRAIN,		/* ... and is visible now */
};

/* What an observer sees: before the step, then its effect. */
struct kw_event {
	uint64_t ns;
	uint16_t actor;
	uint16_t node;
	uint16_t addr;			/* the operand's address */
	int16_t cpu;			/* -1: not on a CPU */
	int32_t before, after;		/* its value, -1 when it has none */
	unsigned outcome;
	uint8_t late;			/* enum kw_late */
	uint16_t ref;			/* of a drain: what register D held */
};
typedef void (*kw_observer)(void *arg, const struct kw_event *,
			    const uint8_t *state);

struct kw_run_opts {
	uint64_t seed;
	enum kw_weak_model memory;
	uint64_t deadline_ns, duration_ns;
	bool afresh;			/* nothing is known from other runs */
	kw_observer observe;		/* NULL: none, and faster */
	void *observe_arg;
};

struct kw_runner;

struct kw_runner *kw_runner_new(const struct kw_program *p,
				const struct kw_run_opts *opts);
void kw_runner_free(struct kw_runner *r);
/* Runs replication nr; what res points to lives until the next call. */
void kw_runner_run(struct kw_runner *r, uint64_t nr, struct kw_result *res);

/* What runs depend on, beside seed and number. */
uint64_t kw_run_digest(const struct kw_program *p, enum kw_weak_model memory);

void kw_counts_add(struct kw_counts *sum, const struct kw_counts *c);

#endif
