/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where another kernel parts from the way that one of them goes. */
#ifndef KW_CLI_PARTING_H
#define KW_CLI_PARTING_H

#include "exploring.h"

struct kw_parting {
	const struct kw_program *p[2];	/* 0: whose way it is, 1: the other */
	GArray *seen[2];		/* struct kw_step_seen */
	bool parted;
	unsigned at[2];			/* the steps that differ; the other
					   has none where it is stuck */
	bool stuck;
	bool ended;			/* p[0]'s way has, the other goes on */
	unsigned actor;			/* who, in p[0] */
};

/*
 * Goes the way to property p of x, step by step, and does the same under the
 * other's program as far as that does the same.
 */
void kw_part(const struct kw_explored *x, enum kw_property p,
	     const struct kw_explored *other, struct kw_parting *part);
void kw_parting_free(struct kw_parting *part);
/* What step i of side k is, "vcpu0.mode = IN_GUEST_MODE". */
void kw_parting_text(const struct kw_parting *part, unsigned k, unsigned i,
		     GString *out);

#endif
