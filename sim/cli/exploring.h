/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One exploration as a function: what `explore` does for each scenario and
 * kernel, for the verbs that ask the same question of other programs.
 *
 *	struct kw_exploring what = { .path = "x.lua", .kernel = "v4.14" };
 *	kw_exploring_defaults(cli, &what);
 *	if (kw_cli_explore(cli, &what, &x, &err)) {
 *		... x.res.of[KW_FINDS_MISSED].found, kw_explored_verdict(&x)
 *		kw_explored_put_witness(&x, KW_FINDS_MISSED, out);
 *		kw_explored_free(&x);
 *	}
 */
#ifndef KW_CLI_EXPLORING_H
#define KW_CLI_EXPLORING_H

#include "../explore/search.h"
#include "cli.h"
#include "retrace.h"

enum kw_explored_as {
	KW_EXPLORED_HOLDS, KW_EXPLORED_DIFFERS, KW_EXPLORED_UNKNOWN,
};

/* Properties that must not be found, and that must. */
struct kw_looked_for {
	bool any;			/* somebody said so */
	bool never[KW_NR_PROPERTIES], reached[KW_NR_PROPERTIES];
};

struct kw_exploring {
	const char *path, *kernel;
	const char *as;			/* judged as it; NULL: kernel */
	enum kw_weak_model memory;
	const GPtrArray *without, *only;	/* steps that are left out */
	const char *kept;		/* in a database: "" or " --db F";
					   NULL: it is not */
	const char *check;		/* "I2,I3", "all,storm"; "": none,
					   NULL: "all" */
	bool storm;			/* as if check said so */
	/* NULL: what the scenario expects.  None: nothing ends it. */
	const struct kw_looked_for *expected;
	bool no_folding, no_settling, no_persistent, no_symmetry;
	bool dfs, exact, no_reduction;
	bool keep_going;		/* nothing that is found ends it */
	bool sample;			/* see struct kw_search_opts */
	uint64_t max_states, max_bytes;	/* 0: no limit */
	unsigned preemptions;
	unsigned spurious_bound;	/* I6: so many in a row are too many */
	bool per_kick;			/* ... so many since the last kick */
	unsigned jobs;			/* threads; 0: one */
	const char *save;		/* where it goes when interrupted */
	bool resume;			/* ... and goes on from */
	bool show_progress;
	bool *marks;			/* [of the program]: executed; NULL */
};

struct kw_explored {
	struct kw_exploring what;
	struct kw_scenario *scenario;
	struct kw_world *world;
	struct kw_search_result res;
	struct kw_looked_for expected;
	enum kw_explored_as judged;
	uint32_t check;			/* bit i: invariant i */
	bool storm;			/* storms are looked for */
};

/* Scenarios are loaded to be explored; false, and said: no such --memory. */
bool kw_exploring_memory(struct kw_cli *cli);
/* The options of the command line. */
void kw_exploring_defaults(const struct kw_cli *cli, struct kw_exploring *w);
/*
 * --check: names of invariants, all (also: NULL), or one of more, which sets
 * its bit in *also.
 */
bool kw_cli_find_check(const struct kw_program *p, const char *names,
		       const char *const *more, uint32_t *check,
		       unsigned *also, GError **err);
/* Loads the scenario and explores it. */
bool kw_cli_explore(struct kw_cli *cli, const struct kw_exploring *what,
		    struct kw_explored *x, GError **err);
/* The same with a scenario that is loaded, which becomes the result's. */
bool kw_cli_explore_loaded(struct kw_cli *cli,
			   const struct kw_exploring *what,
			   struct kw_scenario *scenario,
			   struct kw_explored *x, GError **err);
void kw_explored_free(struct kw_explored *x);

/* keep.c: in the database; x->what.kept says so in replay lines. */
bool kw_explored_keep(struct kw_cli *cli, struct kw_store *store,
		      const struct kw_explored *x, GError **err);

/* found.c: `replay explore/...` */
bool kw_cli_replay_found(struct kw_cli *cli, const char *id, GError **err);
/* The last steps of what such an ID means, as columns, and why. */
bool kw_cli_found_excerpt(struct kw_cli *cli, const char *id,
			  unsigned max_steps, GString *out, GError **err);

/* report_explored.c: the explorations of two kernels, for a mail. */
struct kw_explored_report {
	struct kw_cli *cli;
	const char *old_, *new_;
	GString *out;
	unsigned max_steps;		/* of the interleaving */
};
bool kw_cli_report_explored(const struct kw_explored_report *r,
			    struct kw_store *store, bool *any, GError **err);

/* Of a property: "missed", "I3" */
const char *kw_explored_name(const struct kw_explored *x, unsigned p);
/* "violated", "proved", "bounded" */
const char *kw_explored_verdict(const struct kw_explored *x);
/* "as expected", "NOT AS EXPECTED", "vacuous", "not known", "not judged" */
const char *kw_explored_judgement(const struct kw_explored *x);
/* "violated: missed, spurious" */
void kw_explored_put_verdict(const struct kw_explored *x, GString *out);
/* What to add where one is bounded: a model that may not be. */
const char *kw_explored_fewer(enum kw_weak_model memory);
/* The chance that a state was taken for another. */
double kw_explored_collision(const struct kw_explored *x);
/* "kvmwake explore ...", to be freed */
char *kw_explored_replay(const struct kw_explored *x);
/* How to see property p: by "kvmwake replay explore/...", if it is kept. */
char *kw_explored_replay_of(const struct kw_explored *x, enum kw_property p);
struct kw_world_opts kw_explored_world(const struct kw_explored *x);
/* How property p, which was found, or the sample is reached in x->world. */
struct kw_counterexample kw_explored_example(const struct kw_explored *x,
					     enum kw_property p);
/* The interleaving that reached property p, which was found; or the sample. */
void kw_explored_put_witness(const struct kw_explored *x,
			     enum kw_property p, GString *out);
void kw_explored_put_witness_json(const struct kw_explored *x,
				  enum kw_property p, GString *out);

#endif
