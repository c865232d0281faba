/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One or more observed runs as lanes of a timeline; for plot.c. */
#ifndef KW_TIMELINE_H
#define KW_TIMELINE_H

#include "cli.h"

enum kw_span_state { KW_SPAN_NONE, KW_SPAN_ASLEEP, KW_SPAN_HOST,
		     KW_SPAN_GUEST };
enum kw_mark_kind {
	KW_MARK_DELIVERABLE = 1,	/* an interrupt, to the waiting vCPU */
	KW_MARK_INTERRUPT,		/* of the host: a handler begins */
	KW_MARK_KICK,			/* the reschedule IPI is sent */
	KW_MARK_WAKE,			/* the thread is woken */
	KW_NR_MARK_KINDS
};

struct kw_span {
	unsigned lane;
	enum kw_span_state state;
	uint64_t begin, end;		/* ns */
};

struct kw_mark {
	unsigned lane;
	enum kw_mark_kind kind;
	uint64_t ns;
};

struct kw_timeline {
	GArray *spans, *marks;
	GPtrArray *lanes;		/* "v4.14 vcpu0: missed" */
	uint64_t begin, end;		/* ns: what is to be shown */
};

void kw_timeline_init(struct kw_timeline *t);
void kw_timeline_clear(struct kw_timeline *t);
/* A lane for each vCPU (the first four) of a run. */
void kw_timeline_add(struct kw_timeline *t, const struct kw_recorded *r,
		     const char *kernel);
/*
 * Shows only the surroundings of the wait that went wrong in r, if one did
 * and the run is much longer.
 */
void kw_timeline_focus(struct kw_timeline *t, const struct kw_recorded *r);

#endif
