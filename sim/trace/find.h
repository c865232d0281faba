/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sleeps that should not have been, and wake-ups for nothing.
 *
 * kw_follow_add(f, &kw_find_ops, find) finds; each finding is handed to the
 * callback that kw_find_new() was given, in the order of the sleeps' ends.
 * A finding that is not `possible` rests on events of the recording alone;
 * for one that is, `missing` names the evidence that there is not.
 */
#ifndef KW_TRACE_FIND_H
#define KW_TRACE_FIND_H

#include "follow.h"
#include "stat.h"

enum kw_found_kind {
	KW_FIND_OVERFLOW,	/* PMU overflow at the WFI's exit, not seen */
	KW_FIND_QUEUED,		/* queued for it while it slept, no wake-up */
	KW_FIND_DENIED,		/* queued, but the predicate was false */
	KW_FIND_VAIN,		/* woken for nothing */
	KW_NR_FOUND_KINDS
};
extern const char *const kw_found_names[KW_NR_FOUND_KINDS];

struct kw_line {
	struct kw_mark at;
	const char *text;	/* without leading blanks */
};

#define KW_MAX_LINES 16

struct kw_found {
	enum kw_found_kind kind;
	bool possible;
	const char *missing;		/* or NULL */
	enum kw_vain vain;		/* of VAIN */
	const struct kw_sleep *sleep;
	const struct kw_due *due;	/* what was pending; NULL: VAIN */
	const struct kw_wake *wake;	/* what ended it, or was for nothing;
					   NULL: no waking */
	uint64_t late_ns;		/* from pending to the sleep's end */
	unsigned nr_lines;		/* in the order of the recording */
	struct kw_line lines[KW_MAX_LINES];
};

typedef void kw_find_fn(void *arg, const struct kw_found *finding);

struct kw_find;
struct kw_find *kw_find_new(const struct kw_follow *f, kw_find_fn *found,
			    void *arg);
void kw_find_free(struct kw_find *find);
extern const struct kw_follow_ops kw_find_ops;

#endif
