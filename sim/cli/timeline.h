/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One or more observed runs as lanes of a timeline; for plot.c. */
#ifndef KW_TIMELINE_H
#define KW_TIMELINE_H

#include "cli.h"

enum kw_span_state { KW_SPAN_NONE, KW_SPAN_ASLEEP, KW_SPAN_HOST,
		     KW_SPAN_GUEST };
enum kw_mark_kind { KW_MARK_DELIVERABLE = 1, KW_MARK_KICK, KW_MARK_WAKE };

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
	GPtrArray *lanes;		/* "v4.14 vcpu0" */
	uint64_t end;			/* ns: a little after the last event */
};

void kw_timeline_init(struct kw_timeline *t);
void kw_timeline_clear(struct kw_timeline *t);
/* A lane for each vCPU (the first four) of a run. */
void kw_timeline_add(struct kw_timeline *t, const struct kw_recorded *r,
		     const char *kernel);

#endif
