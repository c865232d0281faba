/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interleaving that an exploration has found, or its sample, done again
 * step by step: as columns and in words, and the state after each step.
 */
#ifndef KW_CLI_RETRACE_H
#define KW_CLI_RETRACE_H

#include "../explore/search.h"
#include "../report/report.h"

/* What was found, and how it is reached. */
struct kw_counterexample {
	unsigned property;	/* enum kw_property */
	int vcpu;		/* missed, spurious: index; or -1 */
	uint16_t object;	/* of an invariant, where it is known */
	unsigned nr_moves;	/* that the search made */
	const struct kw_move *moves;	/* of the world that it is done in */
	unsigned nr;
	const GArray *cycle;	/* lock-order: see kw_search_result; or NULL,
				   and: */
	const char *why;	/* what was said when it was found */
};

struct kw_retrace {
	const struct kw_program *program;
	const struct kw_world *world;
	const struct kw_counterexample *what;
	GArray *seen;			/* struct kw_step_seen */
	GByteArray *states;		/* the program's bytes after each */
	unsigned matched;		/* moves that could be made */
	bool shown;			/* it is what was to be seen */
	uint8_t *s;			/* the state that shows it */
	uint16_t object;		/* of whom an invariant does not hold */
	uint16_t message;		/* failed */
	uint16_t actor, addr;		/* deadlock: who waits for what */
	bool exposed;			/* SPEC held in some wait */
	unsigned loop_at;		/* storm: from seen[loop_at] on it goes
					   round; else past the last */
	unsigned nr_woken;		/* ... and wakes the vCPU so often */
};

void kw_retrace(struct kw_retrace *r, const struct kw_program *p,
		const struct kw_world *w,
		const struct kw_counterexample *what);
void kw_retrace_free(struct kw_retrace *r);
/* The program's bytes after seen[i]. */
const uint8_t *kw_retrace_state(const struct kw_retrace *r, unsigned i);
void kw_retrace_why(const struct kw_retrace *r, GString *out);
/* Columns, of the last so many steps (0: of all), and why. */
void kw_retrace_excerpt(const struct kw_retrace *r, unsigned max_steps,
			GString *out);
/* Columns, why and replay line; or lines of JSON. */
void kw_retrace_print(const struct kw_retrace *r, const char *replay,
		      GString *out);
void kw_retrace_json(const struct kw_retrace *r, const char *replay,
		     GString *out);
/* Index in seen[] of the step with that number in the columns, or -1. */
int kw_retrace_step(const struct kw_retrace *r, unsigned nr);

/* A step as a world's observer sees it; its number stands for the time. */
void kw_path_record(struct kw_recorder *r, const uint8_t *before,
		    const uint8_t *after, unsigned actor,
		    const struct kw_done *done);

/* path.c: "a takes x while it holds y, in f (file:1)" */
void kw_order_text(const struct kw_program *p, const struct kw_order *o,
		   GString *out);
/* Steps as JSON: [["vcpu0","step",way,choice],...] and back. */
void kw_steps_text(const struct kw_program *p, const GArray *steps,
		   GString *out);
GArray *kw_steps_of(const struct kw_program *p, const char *text);

#endif
