/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one verb a file, one table of options.
 *
 * A verb returns its exit code.  Results go to stdout through cli->out,
 * everything else to stderr; with --json errors are lines of JSON on stdout.
 */
#ifndef KW_CLI_H
#define KW_CLI_H

#include <glib.h>
#include "../report/report.h"
#include "../run/campaign.h"
#include "../script/script.h"
#include "../store/store.h"
#include "../weak/weak.h"

#define KW_DEFAULT_DB "results/kvmwake.db"
/*
 * The memory model without --memory: of whatever goes through all there is, so
 * that "proved" is proved of the hardware; and of timed runs.
 */
#define KW_DEFAULT_EXPLORED "arm64"
#define KW_DEFAULT_TIMED "sc"
#define KW_CLI_ERROR (g_quark_from_static_string("kw-cli"))

enum kw_exit {
	KW_EXIT_FINE		= 0,
	KW_EXIT_DIFFERS		= 1,
	KW_EXIT_USAGE		= 2,
	KW_EXIT_INTERNAL	= 3,
	KW_EXIT_NOTHING		= 4,
	KW_EXIT_INTERRUPTED	= 130,
};

enum kw_verb_id {
	KW_VERB_RUN, KW_VERB_EXPLORE, KW_VERB_NECESSITY,
	KW_VERB_SYNTHESIZE, KW_VERB_CLAIMS,
	KW_VERB_COMPARE, KW_VERB_REPLAY,
	KW_VERB_LIST,
	KW_VERB_SHOW, KW_VERB_IMPORT, KW_VERB_EXPORT, KW_VERB_TRACE,
	KW_VERB_PLOT, KW_VERB_REPORT,
	KW_VERB_LITMUS,
	KW_VERB_BENCH, KW_VERB_COMPLETION, KW_VERB_VERSION, KW_VERB_HELP,
	KW_NR_VERBS
};

#define KW_MAX_OPTIONS 128

struct kw_options {
	bool perfetto, promela, markdown;
	bool json, quiet, help, man, force, all, dot, no_provenance;
	char *db, *color, *lua, *as, *old, *new_, *baseline, *write_baseline;
	bool dfs, bfs, exact, no_reduction, no_folding, no_persistent;
	bool no_load_buffering;
	bool no_symmetry, no_settling;
	bool no_check, keep_going, sample, resume, step;
	char *check, *save;
	char *memory;
	bool per_kick;
	uint64_t spurious_bound, goto_, max_states, max_memory, preemptions;
	char *out, *from, *to, *name, *vcpus;
	char *compare[2];
	GPtrArray *kernels, *without, *only, *steps;
	uint64_t runs, seed, jobs, run, vcpu, limit, max_steps;
	bool given[KW_MAX_OPTIONS];	/* [i]: kw_option_table[i] was */
};

struct kw_cli {
	struct kw_options o;
	const struct kw_verb *verb;
	GPtrArray *args;		/* positional */
	char *command;			/* the whole line, for provenance */
	char *data_dir;			/* holds lua/ and plots/ */
	GString *out;
	bool tty_out, tty_err;
	bool whole_paths;		/* what kw_cli_load() is to keep */
	const char *exploring;		/* ... is for: a memory model */
	enum kw_weak_model model;	/* of runs, or of explorations */
	volatile int stop;		/* set by SIGINT and SIGTERM */
};

struct kw_verb {
	const char *name, *usage, *about, *examples;
	int (*run)(struct kw_cli *cli);
	bool hidden;
	const char *notes;	/* between options and examples, or NULL */
};
extern const struct kw_verb kw_verbs[KW_NR_VERBS];

/* options.c */
enum kw_option_type {
	KW_OPT_FLAG, KW_OPT_TEXT, KW_OPT_NUMBER, KW_OPT_LIST,
	KW_OPT_PAIR,	/* two texts: offset of the first */
};
struct kw_option {
	const char *name, *arg;
	enum kw_option_type type;
	size_t offset;			/* in struct kw_options */
	unsigned verbs;			/* bit v: verb v takes it */
	const char *about;
};
extern const struct kw_option kw_option_table[];
extern const unsigned kw_nr_options;
bool kw_options_parse(struct kw_cli *cli, int argc, char **argv,
		      GError **err);
bool kw_option_given(const struct kw_cli *cli, const char *name);
/* Was one of these (NULL-terminated) given?  Then it is an error, and why. */
bool kw_options_refuse(const struct kw_cli *cli, const char *const *names,
		       const char *why, GError **err);
void kw_options_free(struct kw_cli *cli);
/* The word of words (NULL-terminated) that is nearest, or NULL. */
const char *kw_nearest(const char *word, const char *const *words);

/* help.c */
void kw_help(GString *out);
void kw_help_verb(const struct kw_verb *v, GString *out);

/* man.c: the same as manual pages */
void kw_man(GString *out);
void kw_man_verb(const struct kw_verb *v, GString *out);

/* common.c */
/* Prints the error and frees it; returns the exit code it stands for. */
int kw_cli_fail(struct kw_cli *cli, GError *err);
/* A whole file; the error is "FILE: why". */
bool kw_cli_read(const char *path, char **text, gsize *size, GError **err);
/* The memory model of that name; KW_WEAK_NR: there is none. */
enum kw_weak_model kw_cli_model_named(const char *name);
/* --memory, or what is used without; false, said, when there is no such. */
bool kw_cli_memory(struct kw_cli *cli, const char *without,
		   enum kw_weak_model *model);
/* The same, for cli->model: of runs. */
bool kw_cli_model(struct kw_cli *cli);
/* Puts ", memory arm64", where the model is not sc. */
void kw_cli_put_model(const struct kw_cli *cli, GString *out);
int kw_cli_usage(struct kw_cli *cli, const char *fmt, ...)
	G_GNUC_PRINTF(2, 3);
void kw_cli_note(struct kw_cli *cli, const char *fmt, ...)
	G_GNUC_PRINTF(2, 3);
void kw_cli_flush(struct kw_cli *cli);
/* On the terminal's last line, as far as it fits; "" leaves nothing there. */
void kw_cli_progress(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
/* Wraps text in colour code where the output is to have colour. */
void kw_cli_color(struct kw_cli *cli, const char *code, const char *text,
		  GString *out);
bool kw_cli_find_data(struct kw_cli *cli, GError **err);
const char *kw_cli_lua(const struct kw_cli *cli);
struct kw_scenario *kw_cli_load(struct kw_cli *cli, const char *path,
				const char *kernel, GError **err);
/* An error about a word of a file, without a line: gives it the line. */
void kw_cli_locate(const char *path, const char *word, GError **err);
/* The positional arguments as scenario files: folders give what is in them. */
GPtrArray *kw_cli_scenarios(struct kw_cli *cli, GError **err);
/* Every *.lua under a folder, sorted; paths begin with it. */
bool kw_cli_lua_files(const char *folder, bool deep, GPtrArray *into,
		      GError **err);
/* What is to be done, in the order of the command line: items.c */
struct kw_item {
	char *path, *name, *kernel;
	bool expected;			/* the kernel is the scenario's word */
};
GPtrArray *kw_cli_items(struct kw_cli *cli, GPtrArray *files, GError **err);
void kw_cli_watch_signals(struct kw_cli *cli);
/* --jobs, or as many as there are CPUs. */
unsigned kw_cli_jobs(const struct kw_cli *cli);
/* "50us", "1.5ms", "3000" (ns) */
bool kw_cli_duration(const char *text, uint64_t *ns, GError **err);

/* without.c: kernels with steps left out */
/* As --without and --only say; as it is, if they are empty. */
struct kw_scenario *kw_cli_load_less(const struct kw_script *script,
				     const GPtrArray *without,
				     const GPtrArray *only, GError **err);
/* Without this step; NULL: with its steps listed. */
struct kw_scenario *kw_cli_load_steps(struct kw_cli *cli, const char *path,
				      const char *kernel,
				      const struct kw_kernel_step *without,
				      GError **err);
/* --without list: the steps of one scenario under one kernel. */
bool kw_cli_put_steps(struct kw_cli *cli, const struct kw_item *item,
		      GError **err);
/* " --without X --only Y", or "" */
char *kw_cli_less(const GPtrArray *without, const GPtrArray *only);

/* campaign.c */
struct kw_done_campaign {
	int64_t id;
	struct kw_sums sums;
	uint64_t new_runs;
	bool interrupted;
};
/* Runs what is missing of a campaign, or nothing; then reads its sums. */
bool kw_cli_campaign(struct kw_cli *cli, struct kw_store *store,
		     struct kw_scenario *scenario, const char *kernel,
		     struct kw_done_campaign *done, GError **err);
/* Who runs this, when; its strings live as long as cli. */
void kw_cli_provenance(const struct kw_cli *cli, struct kw_provenance *p);
uint64_t kw_cli_runs(const struct kw_cli *cli, const struct kw_scenario *s);
/* " --memory M", where it is not sc. */
char *kw_cli_in_memory(const struct kw_cli *cli);
/* " --db F --lua D", where they are not the default. */
char *kw_cli_where(const struct kw_cli *cli);
/* "kvmwake replay ID", with --db where it is not the default. */
char *kw_cli_replay_line(struct kw_cli *cli, const char *scenario,
			 const char *kernel, uint64_t run);

/* record.c: one run, observed */
struct kw_record_opts {
	uint64_t seed, run;
	enum kw_weak_model memory;
};
struct kw_recorded {
	struct kw_scenario *scenario;
	struct kw_runner *runner;
	struct kw_result result;
	GArray *seen;			/* struct kw_step_seen */
};
void kw_cli_record(struct kw_scenario *scenario,
		   const struct kw_record_opts *opts, struct kw_recorded *r);
void kw_recorded_free(struct kw_recorded *r);	/* and the scenario */

/* rerun.c: the run that the argument means, done again */
struct kw_rerun {
	struct kw_cli *cli;
	char *path, *name, *kernel;
	uint64_t seed, run;
	struct kw_stored *stored;	/* NULL: not from the database */
	GPtrArray *found;
	struct kw_store *store;
	struct kw_recorded rec;
};
/* r is zero; kw_rerun_free() in any case. */
bool kw_cli_rerun(struct kw_cli *cli, struct kw_rerun *r, GError **err);
void kw_rerun_free(struct kw_rerun *r);

/* pairs.c: stored campaigns of two kernels, scenario by scenario */
struct kw_stored_pair {
	struct kw_stored *old_, *new_;
	struct kw_pairs pairs;
	struct kw_comparison result;
};
GPtrArray *kw_cli_pairs(struct kw_cli *cli, struct kw_store *store,
			const char *old_, const char *new_, GError **err);
/* The first run that got worse (or was fixed), and whose; NULL: none. */
const struct kw_stored_pair *kw_cli_telling_pair(GPtrArray *pairs,
						 enum kw_judgement what,
						 const struct kw_stored **c,
						 uint64_t *run);
/* A run of a stored campaign again; an error when the files have changed. */
bool kw_cli_record_stored(struct kw_cli *cli, const struct kw_stored *c,
			  uint64_t run, struct kw_recorded *rec, GError **err);
/* Its last steps as columns, and why. */
bool kw_cli_excerpt(struct kw_cli *cli, const struct kw_stored *c,
		    uint64_t run, unsigned max_steps, GString *out,
		    GError **err);
/* replay: may be NULL */
void kw_cli_pair_json(struct kw_cli *cli, const struct kw_stored_pair *p,
		      const char *replay, GString *out);

/* The formats of `export`: perfetto.c, promela.c */
int kw_export_perfetto(struct kw_cli *cli);
int kw_export_promela(struct kw_cli *cli);

int kw_verb_claims(struct kw_cli *cli);
int kw_verb_explore(struct kw_cli *cli);
int kw_cli_explore_pair(struct kw_cli *cli);	/* explore --compare */
int kw_verb_necessity(struct kw_cli *cli);
int kw_verb_synthesize(struct kw_cli *cli);
int kw_verb_run(struct kw_cli *cli);
int kw_verb_compare(struct kw_cli *cli);
int kw_verb_replay(struct kw_cli *cli);
int kw_verb_list(struct kw_cli *cli);
int kw_verb_show(struct kw_cli *cli);
int kw_verb_export(struct kw_cli *cli);
int kw_verb_import(struct kw_cli *cli);
int kw_verb_trace(struct kw_cli *cli);
int kw_verb_plot(struct kw_cli *cli);
int kw_verb_report(struct kw_cli *cli);
int kw_verb_litmus(struct kw_cli *cli);
int kw_verb_bench(struct kw_cli *cli);
int kw_verb_completion(struct kw_cli *cli);
int kw_verb_version(struct kw_cli *cli);
int kw_verb_help(struct kw_cli *cli);

#endif
