/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether what an exploration found is what was expected, and when
 * it may end.
 *
 *	expected	holds when			ends the search
 *	never		all states seen, none has it	one that has it
 *	sometimes,	a state that has it is reached	all of them reached,
 *	always, n				 where nothing is never
 *
 * An assertion that fails and a deadlock, which are both "failed" in a
 * scenario's words, are never expected unless it says so, nor is a data race.
 * An invariant that does not hold, and locks in no order, are never expected,
 * and end nothing: what they lead to does.
 */
#include <math.h>
#include <string.h>
#include "exploring.h"
#include "retrace.h"

/*
 * Of a property that runs have, too: KW_NEVER, KW_ANY, or something else: it
 * is to be reached.
 */
static unsigned how_of(const struct kw_expect *e, unsigned p)
{
	static const uint8_t quantity_of[KW_FINDS_RACE] = {
		[KW_FINDS_MISSED] = KW_MISSED,
		[KW_FINDS_SPURIOUS] = KW_SPURIOUS,
		[KW_FINDS_FAILED] = KW_FAILED,
		[KW_FINDS_DEADLOCK] = KW_FAILED,
	};
	unsigned q = quantity_of[p];

	if (!e)
		return KW_ANY;
	return e->of[q].how == KW_EXACTLY && !e->of[q].n ? KW_NEVER :
							   e->of[q].how;
}

/* Is the property one of the names? */
static bool is_broken(const struct kw_program *p, unsigned property,
		      const char *names)
{
	char **name = g_strsplit(names ? names : "", " ", -1);
	bool is = property < KW_FINDS_INVARIANT + p->nr_invariants &&
		  g_strv_contains((const char *const *)name,
				  kw_property_name(p, property));

	g_strfreev(name);
	return is;
}

static void find_expected(const struct kw_program *program,
			  const struct kw_expect *e, bool storm,
			  struct kw_looked_for *x)
{
	unsigned p, how;

	memset(x, 0, sizeof(*x));
	x->any = e != NULL;
	for (p = 0; p < KW_FINDS_RACE; p++) {
		how = how_of(e, p);
		x->never[p] = how == KW_NEVER;
		x->reached[p] = how != KW_NEVER && how != KW_ANY &&
				p != KW_FINDS_DEADLOCK;
	}
	if (!e)
		x->never[KW_FINDS_MISSED] = true;
	for (p = KW_FINDS_RACE; p < KW_NR_PROPERTIES; p++) {
		x->reached[p] = e && is_broken(program, p, e->broken);
		x->never[p] = !x->reached[p];
	}
	x->reached[KW_FINDS_STORM] = storm && e &&
				     e->of[KW_STORM].how >= KW_SOMETIMES &&
				     (e->of[KW_STORM].how != KW_EXACTLY ||
				      e->of[KW_STORM].n);
	x->never[KW_FINDS_STORM] = storm && !x->reached[KW_FINDS_STORM];
	if (!x->reached[KW_FINDS_FAILED]) {
		x->never[KW_FINDS_FAILED] = true;
		x->never[KW_FINDS_DEADLOCK] = true;
	}
}

/* A property that nobody speaks of, and that is wrong wherever it is. */
static bool is_tacit(unsigned p)
{
	return p != KW_FINDS_MISSED && p != KW_FINDS_SPURIOUS &&
	       p != KW_FINDS_STORM;
}

/* Would it have been found, if there were any? */
static bool is_seen(const struct kw_explored *x, unsigned p)
{
	return x->res.complete && (p != KW_FINDS_STORM || x->res.storms);
}

static bool is_found(const struct kw_explored *x, unsigned p)
{
	return x->res.of[p].found ||
	       (p == KW_FINDS_FAILED && x->expected.reached[p] &&
		x->res.of[KW_FINDS_DEADLOCK].found);
}

static enum kw_explored_as judge(const struct kw_explored *x)
{
	enum kw_explored_as j = KW_EXPLORED_HOLDS;
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		bool found = is_found(x, p);

		if ((x->expected.never[p] && found) ||
		    (x->expected.reached[p] && !found && is_seen(x, p)))
			return KW_EXPLORED_DIFFERS;
		/* All that was asked for is reached: fine so far. */
		if (is_tacit(p) && x->res.ended && !x->expected.reached[p])
			continue;
		if ((x->expected.never[p] || x->expected.reached[p]) &&
		    !found && !is_seen(x, p))
			j = KW_EXPLORED_UNKNOWN;
	}
	return j;
}

/* All that is to be reached is, so what is never need not be looked for? */
static void when_to_end(const struct kw_looked_for *x, struct kw_search_opts *o)
{
	unsigned p;
	bool all = true;

	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		if (p < KW_FINDS_ROW)
			o->stop_any |= (unsigned)x->never[p] << p;
		o->stop_all |= (unsigned)x->reached[p] << p;
		if (x->never[p] && !is_tacit(p))
			all = false;
	}
	if (!all)
		o->stop_all = 0;
}

static void progress(void *arg, const struct kw_search_progress *p)
{
	uint64_t all = kw_search_expect(p);
	char guess[48] = "";

	(void)arg;
	if (all == KW_GROWING)
		g_snprintf(guess, sizeof(guess), ", growing");
	else if (all)
		g_snprintf(guess, sizeof(guess), ", about %" G_GUINT64_FORMAT
			   " in all", all);
	kw_cli_progress("%" G_GUINT64_FORMAT " states, %" G_GUINT64_FORMAT
			" to be visited%s", p->states, p->left, guess);
}

bool kw_exploring_memory(struct kw_cli *cli)
{
	if (!kw_cli_memory(cli, KW_DEFAULT_EXPLORED, &cli->model))
		return false;
	cli->exploring = kw_weak_names[cli->model];
	return true;
}

void kw_exploring_defaults(const struct kw_cli *cli, struct kw_exploring *w)
{
	const struct kw_options *o = &cli->o;

	w->as = o->as;
	w->without = o->without;
	w->only = o->only;
	w->memory = cli->model;
	w->check = o->no_check ? "" : o->check;
	w->dfs = o->dfs;
	w->exact = o->exact;
	w->no_reduction = o->no_reduction;
	w->no_folding = o->no_folding;
	w->no_settling = o->no_settling;
	w->no_persistent = o->no_persistent;
	w->no_symmetry = o->no_symmetry;
	w->keep_going = o->keep_going;
	w->max_states = o->max_states;
	w->max_bytes = o->max_memory << 20;
	w->preemptions = (unsigned)o->preemptions;
	w->spurious_bound = (unsigned)o->spurious_bound;
	w->per_kick = o->per_kick;
	w->jobs = kw_cli_jobs(cli);
	w->show_progress = cli->tty_err && !o->quiet;
}

static bool find_invariant(const struct kw_program *p, const char *name,
			   const char *const *more, uint32_t *check,
			   GError **err)
{
	GString *all = g_string_new(NULL);
	bool found = false;
	unsigned i;

	for (i = 0; i < p->nr_invariants; i++) {
		g_string_append_printf(all, "%s%s", i ? ", " : "",
				       p->invariants[i].name);
		if (strcmp(p->invariants[i].name, name))
			continue;
		*check |= 1u << i;
		found = true;
	}
	g_string_append(all, "), nor all");
	for (; *more; more++)
		g_string_append_printf(all, ", nor %s", *more);
	if (!found)
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--check: \"%s\" is no invariant of this kernel "
			    "(%s", name, all->str);
	g_string_free(all, TRUE);
	return found;
}

bool kw_cli_find_check(const struct kw_program *p, const char *names,
		       const char *const *more, uint32_t *check,
		       unsigned *also, GError **err)
{
	char **name = g_strsplit(names ? names : "all", ",", -1);
	unsigned i, k;
	bool ok = true;

	for (i = 0; name[i] && ok; i++) {
		for (k = 0; more[k] && strcmp(more[k], name[i]); k++)
			;
		if (!strcmp(name[i], "all"))
			*check = (1u << p->nr_invariants) - 1;
		else if (more[k])
			*also |= 1u << k;
		else
			ok = find_invariant(p, name[i], more, check, err);
	}
	g_strfreev(name);
	return ok;
}

/* Which invariants, and are storms looked for? */
static bool find_check(struct kw_explored *x, GError **err)
{
	static const char *const storm[] = { "storm", NULL };
	unsigned also = 0;
	bool ok = kw_cli_find_check(x->scenario->program, x->what.check, storm,
				    &x->check, &also, err);

	x->storm = x->what.storm || also;
	return ok;
}

static bool search(struct kw_cli *cli, struct kw_explored *x, GError **err)
{
	const struct kw_exploring *what = &x->what;
	struct kw_search_opts opts = {
		.depth_first = what->dfs, .exact = what->exact,
		.sample = what->sample,
		.max_states = what->max_states, .max_bytes = what->max_bytes,
		.stop = &cli->stop, .jobs = what->jobs, .storm = x->storm,
		.save = what->save,
		.resume = what->resume ? what->save : NULL,
		.progress = what->show_progress ? progress : NULL,
	};

	if (!what->keep_going)
		when_to_end(&x->expected, &opts);
	kw_search(x->world, &opts, &x->res);
	if (what->show_progress)
		kw_cli_progress("%s", "");
	x->judged = judge(x);
	if (x->res.error)
		g_propagate_error(err, g_steal_pointer(&x->res.error));
	return !*err;
}

/* A name under broken must be one of the kernel's invariants. */
static bool check_broken(const struct kw_explored *x, const struct kw_expect *e,
			 GError **err)
{
	const struct kw_program *p = x->scenario->program;
	char **name = g_strsplit(e && e->broken ? e->broken : "", " ", -1);
	unsigned i, k;
	bool ok = true;

	for (i = 0; name[i] && ok; i++) {
		for (k = KW_FINDS_RACE; k < KW_FINDS_INVARIANT +
		     p->nr_invariants; k++)
			if (!strcmp(kw_property_name(p, k), name[i]))
				break;
		ok = !*name[i] || k < KW_FINDS_INVARIANT + p->nr_invariants;
		if (!ok) {
			g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "explore: broken: \"%s\" is no invariant "
				    "of %s", name[i], x->what.kernel);
			kw_cli_locate(x->scenario->path, name[i], err);
		}
	}
	g_strfreev(name);
	return ok;
}

static bool check_as(const struct kw_explored *x, GError **err)
{
	const char *as = x->what.as;

	if (!as || kw_expect_find(x->scenario, as))
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "%s expects nothing of %s (--as)", x->scenario->path, as);
	return false;
}

bool kw_cli_explore_loaded(struct kw_cli *cli,
			   const struct kw_exploring *what,
			   struct kw_scenario *scenario,
			   struct kw_explored *x, GError **err)
{
	struct kw_world_opts world;

	*x = (struct kw_explored){ .what = *what, .scenario = scenario };
	if (!check_as(x, err) ||
	    !check_broken(x, kw_expect_find(scenario, what->as ? what->as :
					    what->kernel), err) ||
	    !find_check(x, err)) {
		kw_scenario_free(scenario);
		return false;
	}
	if (!kw_option_given(cli, "preemptions"))
		x->what.preemptions = scenario->preemptions;
	if (what->expected)
		x->expected = *what->expected;
	else
		find_expected(scenario->program,
			      kw_expect_find(scenario, what->as ? what->as :
					     what->kernel), x->storm,
			      &x->expected);
	world = kw_explored_world(x);
	x->world = kw_world_new(scenario->program, &world);
	if (search(cli, x, err))
		return true;
	kw_explored_free(x);
	return false;
}

bool kw_cli_explore(struct kw_cli *cli, const struct kw_exploring *what,
		    struct kw_explored *x, GError **err)
{
	const struct kw_script script = {
		.lua_dir = kw_cli_lua(cli), .kernel = what->kernel,
		.path = what->path, .whole_paths = cli->whole_paths,
		.exploring = kw_weak_names[what->memory],
	};
	struct kw_scenario *s = kw_cli_load_less(&script, what->without,
						 what->only, err);

	return s && kw_cli_explore_loaded(cli, what, s, x, err);
}

void kw_explored_free(struct kw_explored *x)
{
	kw_search_result_free(&x->res);
	kw_world_free(x->world);
	kw_scenario_free(x->scenario);
}

const char *kw_explored_name(const struct kw_explored *x, unsigned p)
{
	return kw_property_name(x->scenario->program, p);
}

const char *kw_explored_verdict(const struct kw_explored *x)
{
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (x->res.of[p].found)
			return "violated";
	return x->res.complete ? "proved" : "bounded";
}

const char *kw_explored_judgement(const struct kw_explored *x)
{
	if (x->judged == KW_EXPLORED_DIFFERS)
		return "NOT AS EXPECTED";
	if (!x->expected.any)
		return "not judged";
	if (!x->res.exposed && x->res.complete)
		return "vacuous";
	return x->judged == KW_EXPLORED_UNKNOWN ? "not known" : "as expected";
}

void kw_explored_put_verdict(const struct kw_explored *x, GString *out)
{
	const char *before = ": ";
	unsigned p;

	g_string_append(out, kw_explored_verdict(x));
	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		if (!x->res.of[p].found)
			continue;
		g_string_append_printf(out, "%s%s", before,
				       kw_explored_name(x, p));
		before = ", ";
	}
}

const char *kw_explored_fewer(enum kw_weak_model memory)
{
	return memory == KW_WEAK_SC ? "" : "; --memory sc has fewer states";
}

double kw_explored_collision(const struct kw_explored *x)
{
	double n = (double)x->res.states;

	return x->what.exact ? 0 : ldexp(n * n, -65);	/* n^2 / 2^65 */
}

char *kw_explored_replay(const struct kw_explored *x)
{
	const struct kw_exploring *w = &x->what;
	GString *s = g_string_new(NULL);
	char *less = kw_cli_less(w->without, w->only);

	g_string_printf(s, "kvmwake explore %s --kernel %s%s%s%s%s", w->path,
			w->kernel, less, w->sample ? " --sample" : "",
			w->dfs ? " --dfs" : "",
			w->no_reduction ? " --no-reduction" : "");
	g_free(less);
	if (w->no_folding)
		g_string_append(s, " --no-folding");
	if (w->no_settling)
		g_string_append(s, " --no-settling");
	if (w->no_persistent)
		g_string_append(s, " --no-persistent");
	if (w->no_symmetry)
		g_string_append(s, " --no-symmetry");
	g_string_append_printf(s, " --memory %s", kw_weak_names[w->memory]);
	if (w->preemptions)
		g_string_append_printf(s, " --preemptions %u",
				       w->preemptions);
	return g_string_free(s, FALSE);
}

char *kw_explored_replay_of(const struct kw_explored *x, enum kw_property p)
{
	const struct kw_exploring *w = &x->what;
	char *less, *line;

	if (!w->kept || p == KW_FINDS_NOTHING)
		return kw_explored_replay(x);
	less = kw_cli_less(w->without, w->only);
	line = g_strdup_printf("kvmwake replay explore/%s/%s/%s/%s%s%s",
			       x->scenario->name, w->kernel,
			       kw_weak_names[w->memory],
			       kw_explored_name(x, p), less, w->kept);
	g_free(less);
	return line;
}

struct kw_world_opts kw_explored_world(const struct kw_explored *x)
{
	return (struct kw_world_opts){
		.memory = x->what.memory,
		.fold = !x->what.no_reduction && !x->what.no_folding,
		.settle = !x->what.no_reduction && !x->what.no_settling,
		.persist = !x->what.no_reduction && !x->what.no_persistent,
		.symmetry = !x->what.no_reduction && !x->what.no_symmetry,
		.preemptions = x->what.preemptions, .check = x->check,
		.row = x->what.spurious_bound,
		.per_kick = x->what.per_kick,
		.marks = x->what.marks,
	};
}

struct kw_counterexample kw_explored_example(const struct kw_explored *x,
					     enum kw_property p)
{
	const struct kw_witness *w = &x->res.of[p];

	return (struct kw_counterexample){
		.property = p, .vcpu = w->vcpu, .object = w->object,
		.nr_moves = w->nr_moves, .moves = w->moves, .nr = w->nr_moves,
		.cycle = p == KW_FINDS_ORDER ? x->res.cycle : NULL,
	};
}

static void put_witness(const struct kw_explored *x, enum kw_property p,
			bool json, GString *out)
{
	struct kw_counterexample what = kw_explored_example(x, p);
	char *line = kw_explored_replay_of(x, p);
	struct kw_retrace r;

	kw_retrace(&r, x->scenario->program, x->world, &what);
	g_assert(r.shown);
	if (json)
		kw_retrace_json(&r, line, out);
	else
		kw_retrace_print(&r, line, out);
	kw_retrace_free(&r);
	g_free(line);
}

void kw_explored_put_witness(const struct kw_explored *x,
			     enum kw_property p, GString *out)
{
	put_witness(x, p, false, out);
}

void kw_explored_put_witness_json(const struct kw_explored *x,
				  enum kw_property p, GString *out)
{
	put_witness(x, p, true, out);
}
