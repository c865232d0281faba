/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results in SQLite: the only place that sees sqlite3.h.
 *
 * A database holds campaigns.  A campaign is named by what its runs depend
 * on: scenario, kernel, their digests, that of the compiled program and the
 * memory model (kw_run_digest()), and the seed; it grows by blocks, and the
 * same command goes on where the last one stopped.  docs/schema.md describes
 * the tables and views.
 *
 *	s = kw_store_open("results/kvmwake.db", KW_STORE_WRITE, &err);
 *	w = kw_writer_new(s, scenario, &key, &err);
 *	kw_campaign_run(..., kw_store_sink, w);
 *	kw_writer_free(w, &err);
 *	kw_store_close(s, &err);
 *
 * Nothing is in the database before a commit, and a commit is all or
 * nothing: whatever kills the process, the file opens and holds every
 * committed block.  When to commit depends on the blocks alone, never on the
 * clock, so the same command writes the same bytes (provenance excepted).
 *
 * Every function that has a GError ** fails with KW_STORE_ERROR; the message
 * begins with the file's name and says what to do where that is known.
 */
#ifndef KW_STORE_H
#define KW_STORE_H

#include <glib.h>
#include "../run/campaign.h"
#include "../script/script.h"

#define KW_STORE_ERROR (g_quark_from_static_string("kw-store"))
#define KW_STORE_APPLICATION_ID 0x6b766d77	/* "kvmw" */

enum kw_store_mode {
	KW_STORE_READ,		/* must exist */
	KW_STORE_WRITE,		/* made, with its folder, when it does not */
};

/* What became of one quantity, over all runs of a campaign. */
struct kw_tally {
	uint64_t total, squares;	/* sums of x and x * x over runs */
	uint64_t runs_with;		/* runs in which x > 0 */
};

struct kw_sums {
	uint64_t runs, runs_vacuous;
	struct kw_tally of[KW_NR_QUANTITIES];
	struct kw_counts counts;
	struct kw_hist latency;
};

/* The quantity of one run. */
uint64_t kw_counts_of(const struct kw_counts *c, enum kw_quantity q);
void kw_sums_add(struct kw_sums *s, const struct kw_block *b);
void kw_sums_subtract(struct kw_sums *s, const struct kw_block *b);

struct kw_store;

struct kw_store *kw_store_open(const char *path, enum kw_store_mode mode,
			       GError **err);
/* Leaves one file, without journals.  s may be NULL. */
bool kw_store_close(struct kw_store *s, GError **err);

/* A campaign as it is stored; strings live until kw_stored_free(). */
struct kw_stored {
	int64_t id;
	char *scenario, *about, *path, *kernel;
	uint64_t scenario_digest, kernel_digest, program_digest;
	uint64_t seed, deadline_ns, duration_ns;
	enum kw_weak_model memory;
	struct kw_sums sums;
};
void kw_stored_free(struct kw_stored *c);

/* Each may be NULL: any. */
struct kw_wanted {
	const char *scenario, *kernel, *memory;
	const uint64_t *seed;
};
/*
 * The newest campaign of each (scenario, kernel, seed, memory), in the order
 * in which they were begun.
 */
GPtrArray *kw_store_find(struct kw_store *s, const struct kw_wanted *what,
			 GError **err);

/* Paired runs of two campaigns: the same number, the same random numbers. */
struct kw_pairs {
	uint64_t runs;			/* that both have */
	uint64_t runs_observed;		/* with an exposure in either */
	struct {
		uint64_t both, only_old, only_new;	/* runs with x > 0 */
		uint64_t fewer, more;	/* runs in which new has < or > old */
		uint64_t old_total, new_total;
		uint64_t squares;	/* sum of (new - old) squared */
		int64_t first_fewer, first_more;	/* such a run, or -1 */
	} of[KW_NR_QUANTITIES];
};
bool kw_store_pairs(struct kw_store *s, int64_t old_id, int64_t new_id,
		    struct kw_pairs *out, GError **err);

/*
 * The first run whose quantity contradicts what was expected of every run
 * (KW_NEVER, KW_ALWAYS, KW_EXACTLY n); -1 when there is none, -2 on error.
 */
int64_t kw_store_offender(struct kw_store *s, int64_t id, enum kw_quantity q,
			  enum kw_how how, uint64_t n, GError **err);
/* The trace digest of a run; false with *err unset when it is not stored. */
bool kw_store_digest(struct kw_store *s, int64_t id, uint64_t run,
		     uint64_t *digest, GError **err);

/* Rows of missed_by_cause and the counters, as text for reports. */
typedef void (*kw_store_row)(void *arg, const char *a, const char *b,
			     uint64_t n);
/* vCPU, cause, number: what wake-ups of a class waited for. */
bool kw_store_causes(struct kw_store *s, int64_t id, enum kw_class class,
		     kw_store_row row, void *arg, GError **err);
/* mark, "", how often it was passed. */
bool kw_store_counters(struct kw_store *s, int64_t id, kw_store_row row,
		       void *arg, GError **err);

/* Who ran a campaign; apart from the results. */
struct kw_provenance {
	const char *version, *command, *host;
	int64_t began;			/* seconds since 1970, UTC */
};
/*
 * Rows: command, version, number of campaigns; the newest `max` of those that
 * ran this kernel.
 */
bool kw_store_commands(struct kw_store *s, const char *kernel, unsigned max,
		       kw_store_row row, void *arg, GError **err);

struct kw_writer;

struct kw_writer_opts {
	const char *kernel;
	enum kw_weak_model memory;
	uint64_t seed, runs_wanted;
	const struct kw_provenance *provenance;	/* NULL: none is written */
};

/* Finds the campaign or begins it. */
struct kw_writer *kw_writer_new(struct kw_store *s,
				const struct kw_scenario *scenario,
				const struct kw_writer_opts *opts,
				GError **err);
int64_t kw_writer_id(const struct kw_writer *w);
const struct kw_sums *kw_writer_sums(const struct kw_writer *w);
/*
 * A campaign that ends on an incomplete block and is to grow: the block
 * (run anew by the caller) is taken out again.  Fails with
 * KW_STORE_DIFFERS when its runs are not those that were stored.
 */
bool kw_writer_take_back(struct kw_writer *w, const struct kw_block *b,
			 GError **err);
/* Blocks in order, from sums->runs on. */
bool kw_writer_block(struct kw_writer *w, const struct kw_block *b,
		     GError **err);
/* A kw_block_sink whose arg is a kw_writer; the error waits for free. */
bool kw_writer_sink(void *w, const struct kw_block *b);
/* Commits; frees in any case.  Reports the error of a sink, too. */
bool kw_writer_free(struct kw_writer *w, GError **err);

/* "never", "sometimes", "always", "any" or the number; 24 bytes suffice. */
void kw_how_text(enum kw_how how, uint64_t n, char *buf, size_t size);

/*
 * What was expected of a campaign and whether it held; judged_as is the
 * kernel whose expectation it was.
 */
struct kw_judged {
	const char *judged_as, *quantity, *expected;
	bool holds;
};
bool kw_store_judged(struct kw_store *s, int64_t id,
		     const struct kw_judged *rows, unsigned nr, GError **err);

/*
 * An exploration; docs/schema.md says what the texts are.  Key: scenario,
 * kernel, program (their digests), memory and options.
 */
struct kw_exploration {
	int64_t id;
	const char *scenario, *path, *kernel;
	uint64_t scenario_digest, kernel_digest, program_digest;
	const char *memory, *options, *verdict, *judgement, *bound;
	bool complete;
	uint64_t states, transitions, ends, depth, state_bytes, bytes_max;
	/* of options */
	bool reduction, per_kick;
	uint64_t preemptions, spurious_bound;
	const char *without, *only;	/* a line each */
	GStringChunk *strings;		/* of one that was read */
};
struct kw_example {
	const char *property, *object, *why, *steps;
	uint64_t moves;
};
void kw_exploration_free(struct kw_exploration *x);
void kw_example_free(struct kw_example *x);

/* Writes it and its examples, or writes them anew. */
bool kw_store_exploration(struct kw_store *s, const struct kw_scenario *sc,
			  const struct kw_exploration *x,
			  const GArray *examples,
			  const struct kw_provenance *provenance,
			  GError **err);
struct kw_wanted_explorations {
	const char *scenario, *kernel, *memory;	/* NULL: any */
	bool all;		/* else the newest of each, see view explored */
};
/* In the order in which they were first made. */
GPtrArray *kw_store_explorations(struct kw_store *s,
				 const struct kw_wanted_explorations *what,
				 GError **err);
/* Its examples: struct kw_example *. */
GPtrArray *kw_store_examples(struct kw_store *s, int64_t exploration,
			     GError **err);

enum kw_store_error {
	KW_STORE_FAILED,
	KW_STORE_DIFFERS,	/* the same run gave another result */
};

#endif
