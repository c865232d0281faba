/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From numbers to words: verdicts, comparisons, tables, interleavings, JSON.
 *
 * Nothing here writes to a file or knows an option; everything appends to a
 * GString that the caller prints.
 */
#ifndef KW_REPORT_H
#define KW_REPORT_H

#include <glib.h>
#include "../run/run.h"
#include "../script/script.h"
#include "../store/store.h"

#define KW_WIDTH 72		/* of everything that may go into a mail */

/* text.c: "842ns", "3.21us", "12.5ms", "1.20s"; "-" for KW_NEVER_NS */
#define KW_NS_TEXT 24
const char *kw_ns_text(uint64_t ns, char buf[KW_NS_TEXT]);
/* The percentile of a histogram, or "-" when it is empty. */
const char *kw_permille_text(const struct kw_hist *h, unsigned permille,
			     char buf[KW_NS_TEXT]);
/* Words that fill lines of at most width, each begun with indent. */
void kw_text_fill(GString *out, const char *words, unsigned width,
		  const char *indent);
/* The same, with another beginning on the first line. */
void kw_text_wrap(GString *out, const char *words, unsigned width,
		  const char *first, const char *indent);

/* A table whose columns are as wide as their widest cell. */
struct kw_table;
/* One letter a column: l left, r right. */
struct kw_table *kw_table_new(const char *columns);
/* As many cells as columns; the first row is the heading. */
void kw_table_row(struct kw_table *t, const char *first, ...);
void kw_table_width(struct kw_table *t, unsigned column, unsigned at_least);
/*
 * Rows must fit into width: where they do not, the cells of that column that
 * are too wide get a line of their own.
 */
void kw_table_narrow(struct kw_table *t, unsigned column, unsigned width);
/* Appends the rows that were added since the last call. */
void kw_table_print(struct kw_table *t, GString *out);
void kw_table_free(struct kw_table *t);

/* json.c: one object a line */
struct kw_json {
	GString *out;
	bool comma;
};
void kw_json_begin(struct kw_json *j, GString *out, const char *type);
void kw_json_end(struct kw_json *j);
void kw_json_text(struct kw_json *j, const char *key, const char *value);
void kw_json_u64(struct kw_json *j, const char *key, uint64_t value);
void kw_json_i64(struct kw_json *j, const char *key, int64_t value);
void kw_json_real(struct kw_json *j, const char *key, double value);
void kw_json_bool(struct kw_json *j, const char *key, bool value);
void kw_json_null(struct kw_json *j, const char *key);
void kw_json_open(struct kw_json *j, const char *key, char bracket);
void kw_json_close(struct kw_json *j, char bracket);
/* runs, every quantity's total and runs_with, latency */
void kw_json_sums(struct kw_json *j, const struct kw_sums *s);
/* "memory", where it is not sc. */
void kw_json_model(struct kw_json *j, enum kw_weak_model memory);

/* verdict.c: the one place that judges an expectation */
enum kw_outcome_of_campaign {
	KW_AS_EXPECTED, KW_NOT_AS_EXPECTED, KW_VACUOUS, KW_NOT_JUDGED,
};
struct kw_verdict {
	enum kw_outcome_of_campaign what;
	unsigned nr;			/* quantities that were judged */
	struct kw_finding {
		enum kw_quantity q;
		enum kw_how how;
		uint64_t n;
		bool holds;
	} of[KW_NR_QUANTITIES];
};
extern const char *const kw_verdict_names[];
/* expect == NULL: not judged. */
void kw_judge(const struct kw_expect *expect, const struct kw_sums *s,
	      struct kw_verdict *v);
/* "as expected", "NOT AS EXPECTED: missed: never expected, 12 of 1000 ..." */
void kw_verdict_text(const struct kw_verdict *v, const struct kw_sums *s,
		     GString *out);
/* The first finding that does not hold, or NULL. */
const struct kw_finding *kw_verdict_differs(const struct kw_verdict *v);
const struct kw_expect *kw_expect_find(const struct kw_scenario *s,
				       const char *kernel);

/* stats.c */
/*
 * Two-sided exact p of a split of n = a + b discordant pairs under "either
 * is as likely"; 1 when there are none.
 */
double kw_sign_test(uint64_t a, uint64_t b);
/* 95 % interval of a mean: n values, their sum and sum of squares. */
void kw_mean_interval(uint64_t n, double sum, double squares, double *low,
		      double *high);
/*
 * 95 % interval of the difference of two paired rates, new - old (Bonett
 * and Price 2012): n pairs, of which only_new and only_old are discordant.
 */
void kw_paired_interval(uint64_t n, uint64_t only_old, uint64_t only_new,
			double *low, double *high);
/* 95 % interval of a percentile, from the ranks of the samples; ns. */
void kw_permille_interval(const struct kw_hist *h, unsigned permille,
			  uint64_t *low, uint64_t *high);

/* compare.c: old against new */
enum kw_judgement {
	KW_NO_OBSERVATION, KW_SAME, KW_FIXED, KW_BETTER, KW_WORSE,
	KW_NR_JUDGEMENTS
};
extern const char *const kw_judgement_names[KW_NR_JUDGEMENTS];

struct kw_change {		/* of one quantity, in paired runs */
	enum kw_judgement what;
	double p;		/* sign test */
	double low, high;	/* difference of the rates of runs with it */
	bool by_number;		/* ... of the mean number a run, instead */
	bool first;		/* lost with new only: a fact, not a test */
};
#define KW_NR_PERCENTILES 2
extern const unsigned kw_permille_shown[KW_NR_PERCENTILES];
struct kw_comparison {
	enum kw_judgement what;
	struct kw_change of[KW_NR_QUANTITIES];
	enum kw_judgement latency;
	struct {
		enum kw_judgement what;
		uint64_t old_, new_;	/* ns */
	} at[KW_NR_PERCENTILES];
};
void kw_compare(const struct kw_pairs *pairs, const struct kw_hist *old_,
		const struct kw_hist *new_, struct kw_comparison *c);
/* Why, as one clause: "missed in 12 runs only with new, p < 0.001". */
void kw_comparison_text(const struct kw_comparison *c,
			const struct kw_pairs *pairs, GString *out);

/* describe.c: one step in words */
extern const char *const kw_late_names[];	/* [enum kw_late], for JSON */
struct kw_step_seen {
	struct kw_event e;
	uint16_t ref;		/* the reference or list entry it moved */
	bool blocked;		/* it had to wait and changed nothing */
	uint8_t late;		/* enum kw_late */
};
struct kw_recorder {		/* an observer: kw_record() with this as arg */
	const struct kw_program *program;
	GArray *seen;		/* struct kw_step_seen */
};
void kw_record(void *recorder, const struct kw_event *e,
	       const uint8_t *state);
/* Does it change shared state, or decide which way its path goes? */
bool kw_step_matters(const struct kw_program *p, const struct kw_step_seen *s);
bool kw_step_is_load(const struct kw_program *p, const struct kw_step_seen *s);
void kw_step_text(const struct kw_program *p, const struct kw_step_seen *s,
		  GString *out);

/* state.c: a state as fields of objects, and where the actors are */
struct kw_state {
	const struct kw_program *program;
	const uint8_t *before, *now;	/* the program's bytes */
	bool all;		/* else only what has changed */
};
void kw_state_print(const struct kw_state *x, GString *out);

/* grid.c: numbered rows of text, each in somebody's column */
struct kw_grid {
	GString *out;
	unsigned nr;			/* columns */
	bool untimed;			/* rows have no times */
	unsigned spacing, width, lead;	/* kw_grid_begin() sets these */
};
/* Prints the heading. */
void kw_grid_begin(struct kw_grid *g, const char *const *heads);
/* What the rows below it in this column belong to. */
void kw_grid_path(const struct kw_grid *g, unsigned column, const char *text);
void kw_grid_row(const struct kw_grid *g, unsigned nr, uint64_t ns,
		 unsigned column, const char *text);

/* columns.c: an interleaving, a column an actor */
struct kw_columns {
	const struct kw_program *program;
	const struct kw_step_seen *seen;
	unsigned nr_seen;
	uint64_t from_ns, to_ns;
	int vcpu;		/* index of the vCPU, -1: all */
	bool all;		/* every step */
	bool untimed;		/* ns only orders them */
	unsigned max_steps;	/* the last so many; 0: all */
	unsigned loop_at;	/* number + 1 of the step from which on they
				   come again and again; or 0 */
};
/* The thread in whose column an actor's steps are shown. */
unsigned kw_lane(const struct kw_program *p, unsigned actor, bool few);
bool kw_columns_show(const struct kw_columns *c, const struct kw_step_seen *s);
void kw_columns_print(const struct kw_columns *c, GString *out);

/* why.c: what went wrong in a run, in a sentence or two */
void kw_why(const struct kw_program *p, const struct kw_result *r,
	    const struct kw_step_seen *seen, unsigned nr_seen, GString *out);
/* operands.c: what an oracle's path reads in state s: "a is 1, b is 0" */
void kw_operands(const struct kw_program *p, const uint8_t *s,
		 uint16_t entry, uint16_t arg, GString *out);
/* What an exploration reached, instead of a run's result. */
struct kw_reached {
	uint16_t vcpu, cause;	/* object numbers; vcpu 0: none */
	bool spurious;		/* else missed */
	const char *failure;	/* or NULL */
	/* or: it does not hold of the object vcpu */
	const struct kw_invariant *invariant;
	const uint8_t *state;	/* the last; NULL with a failure */
};
void kw_why_reached(const struct kw_program *p, const struct kw_reached *r,
		    const struct kw_step_seen *seen, unsigned nr_seen,
		    GString *out);
/* The episode to explain: the first missed, late or spurious one, or NULL. */
const struct kw_episode *kw_worst_episode(const struct kw_result *r);

#endif
