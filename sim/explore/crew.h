/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that do parts of the same work, again and again, and meet while
 * they do.
 *
 * The work between two meetings may be far shorter than it takes to wake a
 * thread: whoever waits looks for a while whether the others have come before
 * it goes to sleep.
 */
#ifndef KW_CREW_H
#define KW_CREW_H

#include <stdbool.h>
#include <glib.h>

struct kw_crew {
	void (*work)(void *arg, unsigned i);
	void *arg;
	GMutex lock;			/* of what follows; what is waited for
					   is read without it, too */
	GCond changed;
	unsigned sleepers;
	unsigned nr_threads;		/* beside the one whose crew it is */
	GThread **threads;
	unsigned round, at_work;	/* members i < at_work work in it */
	unsigned present;		/* of them: may still meet */
	unsigned arrived, meetings;
	bool dismissed;
};

/* Of nr members, the caller among them: member i does work(arg, i). */
void kw_crew_init(struct kw_crew *c, unsigned nr,
		  void (*work)(void *arg, unsigned i), void *arg);
void kw_crew_free(struct kw_crew *c);
/* Members i < nr work; the caller, who is number 0, until all are done. */
void kw_crew_work(struct kw_crew *c, unsigned nr);
/* Of those at work: until all have come here, or are done; true for one. */
bool kw_crew_meet(struct kw_crew *c);

#endif
