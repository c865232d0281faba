/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A campaign: many replications of one scenario under one kernel, on
 * several threads, delivered in order of their numbers.
 *
 * Runs are done in blocks of KW_BLOCK_RUNS; a block is the unit of work and
 * of commit, so the result does not depend on the number of jobs.
 */
#ifndef KW_CAMPAIGN_H
#define KW_CAMPAIGN_H

#include "run.h"

#define KW_BLOCK_RUNS 256

/* What a verdict is about, in the order of script.h's enum kw_quantity. */
enum kw_seen {
	KW_SEEN_MISSED, KW_SEEN_LATE, KW_SEEN_SPURIOUS, KW_SEEN_FUTILE,
	KW_SEEN_STORM, KW_SEEN_FAILED,
	KW_NR_SEEN
};

struct kw_block {
	uint64_t first;			/* number of its first run */
	unsigned nr_runs;
	struct kw_result *runs;		/* their episodes are in episodes[] */
	struct kw_episode *episodes;
	unsigned nr_episodes;
	struct kw_counts counts;	/* sums */
	struct kw_hist latency;
	uint64_t *marks;		/* program.nr_marks counts */
	uint64_t runs_with[KW_NR_SEEN];	/* runs in which it occurred */
	uint64_t runs_vacuous;
	bool every_episode;		/* none is left out when stored */
};

/* Called on the caller's thread, in order; false stops the campaign. */
typedef bool (*kw_block_sink)(void *arg, const struct kw_block *);

struct kw_campaign {
	const struct kw_program *program;
	struct kw_run_opts run;		/* observe must be NULL */
	uint64_t first, nr_runs;	/* first: a multiple of KW_BLOCK_RUNS */
	unsigned jobs;			/* threads; 0: one a CPU */
	const volatile int *stop;	/* set it to end after this block */
};

/* How often the run saw each of enum kw_seen. */
void kw_seen(const struct kw_counts *c, uint64_t seen[KW_NR_SEEN]);

/* Returns the number of runs delivered. */
uint64_t kw_campaign_run(const struct kw_campaign *c, kw_block_sink sink,
			 void *arg);

#endif
