/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the options are and reads them: this table is what --help
 * and the completion print, too.
 *
 * Options may stand anywhere; "--" ends them.  A flag takes no value, a
 * number is digits only, and a name that is not in the table is an error.
 */
#include <stddef.h>
#include <string.h>
#include "cli.h"

#define V(v) (1u << KW_VERB_##v)
#define OPT(name, arg, type, field, verbs, about) \
	{ name, arg, KW_OPT_##type, offsetof(struct kw_options, field), \
	  verbs, about }
#define STORED (V(RUN) | V(COMPARE) | V(REPLAY) | V(EXPORT) | V(PLOT) | \
		V(REPORT))
#define EXPLORING (V(EXPLORE) | V(NECESSITY) | V(SYNTHESIZE) | V(CLAIMS))
#define COMPILED (EXPLORING | V(RUN) | V(COMPARE) | V(REPLAY) | V(LIST) | \
		  V(SHOW) | V(EXPORT) | V(PLOT) | V(REPORT) | V(BENCH))
#define SEEDED (V(RUN) | V(COMPARE) | V(REPLAY) | V(EXPORT) | V(PLOT) | \
		V(REPORT) | V(BENCH))
#define ALL (~0u)

const struct kw_option kw_option_table[] = {
	OPT("kernel", "K", LIST, kernels,
	    V(RUN) | V(EXPLORE) | V(SYNTHESIZE) | V(REPLAY) | V(EXPORT) |
	    V(BENCH),
	    "kernel, such as v4.14+ode-3; run, explore: may be repeated "
	    "(default: those that the scenario expects something of; "
	    "synthesize: v4.14)"),
	OPT("memory", "MODEL", TEXT, memory, V(EXPLORE) | V(NECESSITY) |
	    V(SYNTHESIZE) | V(LITMUS),
	    "sc, tso or arm64 (default " KW_DEFAULT_EXPLORED ")"),
	OPT("memory", "MODEL", TEXT, memory, V(CLAIMS),
	    "only sc, tso or arm64 (default: each of them)"),
	OPT("memory", "MODEL", TEXT, memory, STORED | V(BENCH),
	    "of runs: sc, tso or arm64 (default " KW_DEFAULT_TIMED ")"),
	OPT("bfs", NULL, FLAG, bfs, V(EXPLORE),
	    "breadth first: what is found is as short as it can be "
	    "(default)"),
	OPT("dfs", NULL, FLAG, dfs, V(EXPLORE), "depth first"),
	OPT("exact", NULL, FLAG, exact, EXPLORING,
	    "keep whole states instead of 64-bit fingerprints"),
	OPT("no-reduction", NULL, FLAG, no_reduction, EXPLORING | V(LITMUS),
	    "every step is a move, also one that nobody else can see"),
	OPT("no-load-buffering", NULL, FLAG, no_load_buffering, V(LITMUS),
	    "arm64 as explore has it: no store is visible before an older "
	    "load of its thread is satisfied"),
	OPT("no-folding", NULL, FLAG, no_folding, EXPLORING,
	    "every step is a move, but not all orders need be tried"),
	OPT("no-settling", NULL, FLAG, no_settling, EXPLORING,
	    "tso, arm64: every value that a load may read, and every store "
	    "waits, also where it makes no difference"),
	OPT("no-persistent", NULL, FLAG, no_persistent, EXPLORING,
	    "from each state every move, also where others can wait"),
	OPT("no-symmetry", NULL, FLAG, no_symmetry, EXPLORING,
	    "tell states apart that differ only in which of several alike "
	    "vCPUs, devices or interrupts is which"),
	OPT("check", "I2,storm...", TEXT, check, EXPLORING | V(EXPORT),
	    "only these invariants (default all: all of the kernel's); and "
	    "storm: a cycle of wake-ups without progress (export: a model of "
	    "its own); export: and lock-order, eventually "
	    "(docs/promela.md)"),
	OPT("no-check", NULL, FLAG, no_check, EXPLORING | V(EXPORT),
	    "no invariants of the kernel's"),
	OPT("spurious-bound", "N", NUMBER, spurious_bound,
	    V(EXPLORE) | V(EXPORT),
	    "I6: a vCPU is not woken N times in a row for nothing, at most "
	    "255 (default 0: not looked for)"),
	OPT("per-kick", NULL, FLAG, per_kick, V(EXPLORE) | V(EXPORT),
	    "count them since the last call that was to wake it instead"),
	OPT("keep-going", NULL, FLAG, keep_going, V(EXPLORE),
	    "look for everything, whatever was found already"),
	OPT("sample", NULL, FLAG, sample, V(EXPLORE),
	    "where nothing is found, show one execution to its end"),
	OPT("save", "FILE", TEXT, save, V(EXPLORE),
	    "where a search that is interrupted goes (default results/ and "
	    "scenario-kernel.search)"),
	OPT("resume", NULL, FLAG, resume, V(EXPLORE),
	    "go on with the search that was saved there"),
	OPT("max-states", "N", NUMBER, max_states, EXPLORING | V(LITMUS),
	    "end, bounded, after so many states (default 0: no limit; "
	    "necessity, synthesize, claims: 1000000)"),
	OPT("max-memory", "MB", NUMBER, max_memory, EXPLORING | V(LITMUS),
	    "end, bounded, with so many megabytes (default 2048)"),
	OPT("preemptions", "N", NUMBER, preemptions, EXPLORING | V(EXPORT),
	    "so many involuntary switches at most, 0 to 255 (default 0)"),
	OPT("without", "STEP", LIST, without, V(EXPLORE) | V(REPLAY),
	    "leave this step out, such as smp_mb@kvm_psci_vcpu_on; may be "
	    "repeated; \"list\" shows the steps that there are "
	    "(docs/questions.md)"),
	OPT("only", "STEP", LIST, only, V(EXPLORE) | V(REPLAY),
	    "leave out all others of its kind (of its predicate, if it is "
	    "a term); may be repeated"),
	OPT("markdown", NULL, FLAG, markdown, V(CLAIMS),
	    "as docs/claims.md"),
	OPT("step", "STEP", LIST, steps, V(NECESSITY),
	    "ask about this step only; may be repeated (default: about "
	    "every barrier, request, kick and term)"),
	OPT("compare", "OLD NEW", PAIR, compare, V(EXPLORE),
	    "explore both kernels, and where they differ say at which step "
	    "they part"),
	OPT("as", "K", TEXT, as, V(RUN) | V(EXPLORE),
	    "judge by what the scenario expects of kernel K"),
	OPT("old", "K", TEXT, old, V(COMPARE) | V(REPORT) | V(PLOT),
	    "the reference (report, plot: default v4.14)"),
	OPT("new", "K", TEXT, new_, V(COMPARE) | V(REPORT) | V(PLOT),
	    "what is compared with it (report, plot: default v4.14+ode)"),
	OPT("baseline", "FILE", TEXT, baseline, V(COMPARE),
	    "exit 1 when the results differ from those in FILE"),
	OPT("write-baseline", "FILE", TEXT, write_baseline, V(COMPARE),
	    "write the results as text, one line a campaign"),
	OPT("run", "N", NUMBER, run, V(REPLAY) | V(EXPORT),
	    "number of the run (default 0)"),
	OPT("vcpu", "N", NUMBER, vcpu, V(REPLAY) | V(TRACE),
	    "only what concerns vCPU N"),
	OPT("goto", "N", NUMBER, goto_, V(REPLAY),
	    "the whole state after step N of what `explore` has found"),
	OPT("step", NULL, FLAG, step, V(REPLAY),
	    "step through what `explore` has found: n, p, g N, s (state), q"),
	OPT("from", "T", TEXT, from, V(REPLAY) | V(EXPORT) | V(TRACE),
	    "from this time on, such as 12.5us (replay: default a little "
	    "before the wait that went wrong)"),
	OPT("to", "T", TEXT, to, V(REPLAY) | V(EXPORT) | V(TRACE),
	    "up to this time (replay: default the end of that wait)"),
	OPT("all", NULL, FLAG, all, V(REPLAY) | V(TRACE),
	    "every step of the whole run"),
	OPT("force", NULL, FLAG, force, V(REPLAY) | V(EXPORT),
	    "go on though scenario or kernel have changed since"),
	OPT("dot", NULL, FLAG, dot, V(SHOW), "print it for graphviz"),
	OPT("scenario", "FILE", TEXT, name, V(SHOW),
	    "as it is in this scenario (default: in a VM of two vCPUs with "
	    "everything)"),
	OPT("perfetto", NULL, FLAG, perfetto, V(EXPORT),
	    "trace events for ui.perfetto.dev or chrome://tracing, of a run "
	    "(SCENARIO/KERNEL/SEED/RUN, or a scenario with --kernel and "
	    "--run) or of a recording's files"),
	OPT("promela", NULL, FLAG, promela, V(EXPORT),
	    "the compiled program as a model for Spin"),
	OPT("out", "PATH", TEXT, out,
	    V(IMPORT) | V(EXPORT) | V(PLOT) | V(TRACE),
	    "import, export: the file (default: stdout); plot, trace "
	    "plot: the folder (default plots/out)"),
	OPT("name", "NAME", TEXT, name, V(IMPORT) | V(TRACE),
	    "name of the scenario (default: after the file)"),
	OPT("recorded", "K", TEXT, as, V(IMPORT) | V(TRACE),
	    "the kernel that was recorded (default: not known)"),
	OPT("vcpus", "LIST", TEXT, vcpus, V(IMPORT),
	    "only these threads, such as 205,206"),
	OPT("limit", "N", NUMBER, limit, V(IMPORT),
	    "at most so many waits a vCPU (default 200)"),
	OPT("runs", "N", NUMBER, runs, V(RUN) | V(COMPARE) | V(BENCH),
	    "replications (default: the scenario's; bench: 1)"),
	OPT("seed", "S", NUMBER, seed, SEEDED | V(TRACE),
	    "seed of the random numbers (default 1)"),
	OPT("jobs", "J", NUMBER, jobs, V(RUN) | V(COMPARE) | EXPLORING,
	    "threads (default 0: one a CPU); results do not depend on it"),
	OPT("db", "FILE", TEXT, db,
	    STORED | V(EXPLORE) | V(CLAIMS) | V(TRACE) | V(BENCH),
	    "database (default results/kvmwake.db; bench: none)"),
	OPT("no-provenance", NULL, FLAG, no_provenance,
	    V(RUN) | V(EXPLORE) | V(CLAIMS) | V(COMPARE) | V(TRACE),
	    "do not store who ran it: the file's bytes then depend on the "
	    "results alone"),
	OPT("lua", "DIR", TEXT, lua, COMPILED,
	    "the folder of kernels and patches (default: beside the "
	    "program, or the installed one)"),
	OPT("json", NULL, FLAG, json, ALL,
	    "one JSON object a line, errors included (docs/json.md)"),
	OPT("quiet", NULL, FLAG, quiet, ALL,
	    "only verdicts that differ, and errors"),
	OPT("color", "WHEN", TEXT, color, ALL,
	    "always, never or auto (default: auto, and NO_COLOR is "
	    "honoured)"),
	OPT("man", NULL, FLAG, man, V(HELP),
	    "as a manual page: pipe it to man -l -"),
	OPT("help", NULL, FLAG, help, ALL, "this text"),
};
const unsigned kw_nr_options = G_N_ELEMENTS(kw_option_table);
G_STATIC_ASSERT(G_N_ELEMENTS(kw_option_table) <= KW_MAX_OPTIONS);
G_STATIC_ASSERT(KW_NR_VERBS <= 32);

static unsigned distance(const char *a, const char *b)
{
	unsigned row[64], i, j, la = (unsigned)strlen(a);
	unsigned lb = (unsigned)strlen(b);

	if (lb >= G_N_ELEMENTS(row))
		return lb;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= lb; j++) {
			unsigned cost = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(cost, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[lb];
}

const char *kw_nearest(const char *word, const char *const *words)
{
	unsigned best = MAX(2u, (unsigned)strlen(word) / 3) + 1, d;
	const char *nearest = NULL;

	for (; *words; words++) {
		d = distance(word, *words);
		if (d < best) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}

static unsigned verb_bit(const struct kw_cli *cli)
{
	return 1u << (cli->verb - kw_verbs);
}

/* name: without dashes, len characters. */
static const struct kw_option *find(const struct kw_cli *cli,
				    const char *name, size_t len, GError **err)
{
	const char *words[KW_MAX_OPTIONS + 1], *near;
	unsigned i, nr = 0;
	char *word;

	for (i = 0; i < kw_nr_options; i++) {
		const struct kw_option *o = &kw_option_table[i];

		if (!(o->verbs & verb_bit(cli)))
			continue;
		if (strlen(o->name) == len && !strncmp(o->name, name, len))
			return o;
		words[nr++] = o->name;
	}
	words[nr] = NULL;
	word = g_strndup(name, len);
	near = kw_nearest(word, words);
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "%s: unknown option --%s%s%s%s (see kvmwake %s --help)",
		    cli->verb->name, word, near ? "; did you mean --" : "",
		    near ? near : "", near ? "?" : "", cli->verb->name);
	g_free(word);
	return NULL;
}

static bool number(const char *name, const char *text, uint64_t *n,
		   GError **err)
{
	if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, n, NULL))
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "--%s: \"%s\" is not a whole number from 0 to %"
		    G_GINT64_FORMAT, name, text, G_MAXINT64);
	return false;
}

static bool set(struct kw_cli *cli, const struct kw_option *o,
		const char *value, GError **err)
{
	char *at = (char *)&cli->o + o->offset;

	if (value && !*value) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--%s: %s is missing", o->name, o->arg);
		return false;
	}
	cli->o.given[o - kw_option_table] = true;
	switch (o->type) {
	case KW_OPT_FLAG:
		*(bool *)(void *)at = true;
		return true;
	case KW_OPT_NUMBER:
		return number(o->name, value, (uint64_t *)(void *)at, err);
	case KW_OPT_LIST:
		g_ptr_array_add(*(GPtrArray **)(void *)at, g_strdup(value));
		return true;
	default:
		g_free(*(char **)(void *)at);
		*(char **)(void *)at = g_strdup(value);
		return true;
	}
}

static void set_second(struct kw_cli *cli, const struct kw_option *o,
		       const char *value)
{
	char **at = (char **)(void *)((char *)&cli->o + o->offset) + 1;

	g_free(*at);
	*at = g_strdup(value);
}

/* One argument that begins with "--"; *i moves on when it takes the next. */
static bool option(struct kw_cli *cli, int argc, char **argv, int *i,
		   GError **err)
{
	const char *name = argv[*i] + 2, *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	const struct kw_option *o = find(cli, name, len, err);

	if (!o)
		return false;
	if (value && o->type == KW_OPT_FLAG) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--%s takes no value", o->name);
		return false;
	}
	if (o->type == KW_OPT_PAIR) {
		if (value || *i + 2 >= argc) {
			g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "--%s %s: two, please", o->name, o->arg);
			return false;
		}
		set_second(cli, o, argv[*i + 2]);
		*i += 2;
		return set(cli, o, argv[*i - 1], err);
	}
	if (!value && o->type != KW_OPT_FLAG) {
		if (*i + 1 >= argc) {
			g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "--%s: %s is missing", o->name, o->arg);
			return false;
		}
		return set(cli, o, argv[++*i], err);
	}
	return set(cli, o, value ? value + 1 : NULL, err);
}

#define MAX_JOBS 1024

static bool at_most(const char *name, uint64_t n, unsigned max, GError **err)
{
	if (n <= max)
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "--%s: at most %u", name,
		    max);
	return false;
}

/* Of which one would be heeded and the other not. */
static bool check_pairs(const struct kw_cli *cli, GError **err)
{
	static const char *const pairs[][2] = {
		{ "bfs", "dfs" }, { "check", "no-check" },
		{ "compare", "kernel" }, { "compare", "as" },
		{ "compare", "sample" }, { "compare", "save" },
		{ "compare", "resume" },
	};
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(pairs); i++)
		if (kw_option_given(cli, pairs[i][0]) &&
		    kw_option_given(cli, pairs[i][1])) {
			g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "--%s and --%s: one of them", pairs[i][0],
				    pairs[i][1]);
			return false;
		}
	return true;
}

/* It shows the steps, and does nothing else. */
static bool check_list(const struct kw_cli *cli, GError **err)
{
	GPtrArray *without = cli->o.without;

	if (!g_ptr_array_find_with_equal_func(without, "list", g_str_equal,
					      NULL) ||
	    (without->len == 1 && !cli->o.only->len &&
	     !kw_option_given(cli, "compare")))
		return true;
	g_set_error_literal(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--without list: not with --only, --compare or "
			    "another --without");
	return false;
}

/* What the table cannot say. */
static bool check_values(const struct kw_cli *cli, GError **err)
{
	const char *c = cli->o.color;

	if (!at_most("jobs", cli->o.jobs, MAX_JOBS, err) ||
	    !at_most("preemptions", cli->o.preemptions, UINT8_MAX, err) ||
	    !at_most("spurious-bound", cli->o.spurious_bound, UINT8_MAX, err) ||
	    !check_pairs(cli, err) || !check_list(cli, err))
		return false;
	if (cli->o.sample && cli->o.dfs) {
		g_set_error_literal(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "--sample: breadth first only");
		return false;
	}
	if (cli->o.per_kick && !cli->o.spurious_bound) {
		g_set_error_literal(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "--per-kick: with --spurious-bound N only");
		return false;
	}
	if (!strcmp(c, "auto") || !strcmp(c, "always") || !strcmp(c, "never"))
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "--color: \"%s\" is none of always, never, auto", c);
	return false;
}

bool kw_options_parse(struct kw_cli *cli, int argc, char **argv, GError **err)
{
	bool options = true;
	int i;

	cli->o.db = g_strdup(KW_DEFAULT_DB);
	cli->o.color = g_strdup("auto");
	cli->o.kernels = g_ptr_array_new_with_free_func(g_free);
	cli->o.without = g_ptr_array_new_with_free_func(g_free);
	cli->o.only = g_ptr_array_new_with_free_func(g_free);
	cli->o.steps = g_ptr_array_new_with_free_func(g_free);
	cli->o.seed = 1;
	cli->o.max_memory = 2048;
	cli->args = g_ptr_array_new_with_free_func(g_free);
	/* Before anything can be wrong, so that the error is JSON, too. */
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		cli->o.json |= !strcmp(argv[i], "--json");
	for (i = 1; i < argc; i++) {
		if (options && !strcmp(argv[i], "--"))
			options = false;
		else if (options && !strcmp(argv[i], "-h"))
			cli->o.help = true;
		else if (options && !strncmp(argv[i], "--", 2)) {
			if (!option(cli, argc, argv, &i, err))
				return false;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "unknown option %s (see kvmwake %s "
				    "--help)", argv[i], cli->verb->name);
			return false;
		} else {
			g_ptr_array_add(cli->args, g_strdup(argv[i]));
		}
	}
	return check_values(cli, err);
}

bool kw_option_given(const struct kw_cli *cli, const char *name)
{
	unsigned i;

	for (i = 0; i < kw_nr_options; i++)
		if (cli->o.given[i] && !strcmp(kw_option_table[i].name, name))
			return true;
	return false;
}

bool kw_options_refuse(const struct kw_cli *cli, const char *const *names,
		       const char *why, GError **err)
{
	while (*names && !kw_option_given(cli, *names))
		names++;
	if (*names)
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "%s: --%s: %s",
			    cli->verb->name, *names, why);
	return *names;
}

void kw_options_free(struct kw_cli *cli)
{
	unsigned i;

	for (i = 0; i < kw_nr_options; i++) {
		const struct kw_option *o = &kw_option_table[i];
		char **at = (char **)(void *)((char *)&cli->o + o->offset);

		if (o->type == KW_OPT_LIST && *at)
			g_ptr_array_free(*(GPtrArray **)(void *)at, TRUE);
		if (o->type == KW_OPT_TEXT || o->type == KW_OPT_PAIR)
			g_free(*at);
		if (o->type == KW_OPT_PAIR)
			g_clear_pointer(&at[1], g_free);
		if (o->type != KW_OPT_FLAG && o->type != KW_OPT_NUMBER)
			*at = NULL;
	}
	if (cli->args)
		g_ptr_array_free(cli->args, TRUE);
}
