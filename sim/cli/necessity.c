/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `necessity`: decides of each step of a kernel whether some scenario needs
 * it, by exploring the kernel that lacks it.
 *
 * A scenario counts as failing when something is found without the step that
 * is not found with it; where the kernel itself misses a wake-up, losing one
 * more proves nothing.  A program that is the same without the step (by its
 * digest) is not explored again.  Scenarios are asked in the order of their
 * states: what fails, fails early.  Steps are asked about at the same time,
 * one a thread, and told in order.
 */
#include <string.h>
#include "each.h"
#include "exploring.h"

#define MAX_STATES 1000000

enum verdict {
	NOT_REACHED, NOT_ASKED, NOT_EXECUTED, NOT_NEEDED, NEEDED, BOUNDED,
	NR_VERDICTS
};
static const char *const verdict_names[NR_VERDICTS] = {
	[NOT_ASKED] = "not asked", [NOT_EXECUTED] = "never executed",
	[NOT_NEEDED] = "not needed", [NEEDED] = "needed",
	[BOUNDED] = "bounded",
};

struct asked {			/* a scenario, with all of its steps */
	struct kw_exploring what;
	struct kw_scenario *scenario;
	bool bounded, found[KW_NR_PROPERTIES];
	uint64_t states;
};

struct question {
	const struct kw_kernel_step *step;
	char *name;
	enum verdict verdict;
	uint64_t states;
	unsigned nr_explored;
	const struct asked *failing, *asked_last;
	bool found[KW_NR_PROPERTIES];	/* there */
	bool anyway[KW_NR_PROPERTIES];	/* with the step, where it was asked */
};

struct necessity {
	struct kw_cli *cli;
	const char *kernel;
	GPtrArray *files;
	GArray *asked;			/* struct asked */
	GArray *questions;		/* struct question */
	struct kw_table *table;
	unsigned nr[NR_VERDICTS];
};

static void progress(const struct necessity *n, const char *step,
		     const char *scenario)
{
	if (n->cli->tty_err && !n->cli->o.quiet)
		kw_cli_progress("%s %s", step, scenario);
}

/* --- the kernel as it is ------------------------------------------------ */

static gint by_states(gconstpointer x, gconstpointer y)
{
	const struct asked *a = x, *b = y;

	if (a->states != b->states)
		return a->states < b->states ? -1 : 1;
	return strcmp(a->what.path, b->what.path);
}

static bool explore_base(void *arg, unsigned i, GError **err)
{
	static const struct kw_looked_for nothing;
	struct necessity *n = arg;
	struct asked *a = &g_array_index(n->asked, struct asked, i);
	struct kw_scenario *s;
	struct kw_explored x;
	unsigned p;

	a->what.path = n->files->pdata[i];
	a->what.kernel = n->kernel;
	s = kw_cli_load_steps(n->cli, a->what.path, n->kernel, NULL, err);
	if (!s)
		return false;
	kw_exploring_defaults(n->cli, &a->what);
	a->what.jobs = kw_each_share(a->what.jobs, n->files->len);
	a->what.show_progress = false;
	if (!kw_option_given(n->cli, "max-states"))
		a->what.max_states = MAX_STATES;
	progress(n, "", s->name);
	a->what.expected = &nothing;
	if (!kw_cli_explore_loaded(n->cli, &a->what, s, &x, err))
		return false;
	a->scenario = s;
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		a->found[p] = x.res.of[p].found;
	a->bounded = !x.res.complete;
	a->states = x.res.states;
	x.scenario = NULL;		/* it stays */
	kw_explored_free(&x);
	return true;
}

static bool go_on(void *arg, unsigned i, GError **err)
{
	const struct necessity *n = arg;

	(void)i;
	(void)err;
	return !n->cli->stop;
}

/* All scenarios, with all steps. */
static bool explore_bases(struct necessity *n, GError **err)
{
	const struct kw_each each = {
		.nr = n->files->len, .jobs = kw_cli_jobs(n->cli),
		.work = explore_base, .deliver = go_on, .arg = n,
	};

	g_array_set_size(n->asked, n->files->len);
	if (!kw_each(&each, err))
		return false;
	if (!n->cli->stop)
		g_array_sort(n->asked, by_states);
	return true;
}

/* --- what is asked ------------------------------------------------------ */

static bool same_step(const struct kw_kernel_step *a,
		      const struct kw_kernel_step *b)
{
	return a->line == b->line && !strcmp(a->what, b->what) &&
	       !strcmp(a->path, b->path) && !strcmp(a->file, b->file);
}

static int find_step(const struct kw_scenario *s,
		     const struct kw_kernel_step *step)
{
	unsigned i;

	for (i = 0; i < s->nr_steps; i++)
		if (same_step(&s->steps[i], step))
			return (int)i;
	return -1;
}

static void add_question(struct necessity *n, const struct kw_scenario *s,
			 unsigned i)
{
	struct question q = { .step = &s->steps[i] };
	GString *name;
	unsigned j;

	for (j = 0; j < n->questions->len; j++)
		if (same_step(g_array_index(n->questions, struct question,
					    j).step, q.step))
			return;
	name = g_string_new(NULL);
	kw_step_name(s, i, name);
	q.name = g_string_free(name, FALSE);
	g_array_append_val(n->questions, q);
}

static gint by_place(gconstpointer x, gconstpointer y)
{
	const struct kw_kernel_step *a = ((const struct question *)x)->step;
	const struct kw_kernel_step *b = ((const struct question *)y)->step;
	int order = (a->kind > b->kind) - (a->kind < b->kind);

	if (!order)
		order = strcmp(a->file, b->file);
	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	return order ? order : strcmp(a->what, b->what);
}

/* --step: those of this scenario; which must be in one of them. */
static bool add_named(struct necessity *n, const struct kw_scenario *s,
		      bool *known, GError **last)
{
	GPtrArray *names = n->cli->o.steps;
	GArray *steps = g_array_new(FALSE, FALSE,
				    sizeof(struct kw_kernel_step));
	unsigned i, j;
	bool ok = true;

	for (i = 0; i < names->len; i++) {
		g_clear_error(last);
		if (kw_steps_named(s, names->pdata[i], steps, last))
			known[i] = true;
		else if (!g_error_matches(*last, KW_SCRIPT_ERROR,
					  KW_NO_SUCH_STEP))
			ok = false;
	}
	for (i = 0; i < steps->len; i++)
		for (j = 0; j < s->nr_steps; j++) {
			struct kw_kernel_step k = g_array_index(
				steps, struct kw_kernel_step, i);

			if (k.kind == KW_LOCKED)	/* path and line */
				k.line = s->steps[j].line;
			if (same_step(&k, &s->steps[j]))
				add_question(n, s, j);
		}
	g_array_free(steps, TRUE);
	return ok;
}

static bool find_questions(struct necessity *n, GError **err)
{
	GPtrArray *names = n->cli->o.steps;
	bool *known = g_new0(bool, names->len + 1), ok = true;
	GError *last = NULL;
	unsigned a, i;

	for (a = 0; ok && a < n->asked->len; a++) {
		const struct kw_scenario *s =
			g_array_index(n->asked, struct asked, a).scenario;

		if (names->len)
			ok = add_named(n, s, known, &last);
		for (i = 0; !names->len && i < s->nr_steps; i++)
			if (s->steps[i].kind <= KW_TERM)
				add_question(n, s, i);
	}
	for (i = 0; ok && i < names->len; i++)
		ok = known[i];
	if (!ok)
		g_propagate_error(err, g_steal_pointer(&last));
	g_clear_error(&last);
	g_free(known);
	g_array_sort(n->questions, by_place);
	return ok;
}

/* --- the answer --------------------------------------------------------- */

/* Explores s as a->what says; true when it went through. */
static bool explore_less(struct necessity *n, const struct asked *a,
			 const struct kw_kernel_step *step,
			 const struct kw_looked_for *for_,
			 struct kw_explored *x, GError **err)
{
	struct kw_scenario *s = kw_cli_load_steps(n->cli, a->what.path,
						  n->kernel, step, err);
	struct kw_exploring what = a->what;

	if (!s)
		return false;
	what.expected = for_;
	if (s->program->digest == a->scenario->program->digest) {
		kw_scenario_free(s);
		memset(x, 0, sizeof(*x));
		return true;
	}
	return kw_cli_explore_loaded(n->cli, &what, s, x, err);
}

/* The kernel without this step, in this scenario. */
static bool ask(struct necessity *n, struct question *q,
		const struct asked *a, struct kw_kernel_step step,
		GError **err)
{
	struct kw_looked_for f = { .any = true };
	struct kw_explored x;
	unsigned p;

	f.never[KW_FINDS_MISSED] = !a->found[KW_FINDS_MISSED];
	f.never[KW_FINDS_FAILED] = !a->found[KW_FINDS_FAILED];
	f.never[KW_FINDS_DEADLOCK] = !a->found[KW_FINDS_DEADLOCK];
	f.never[KW_FINDS_RACE] = !a->found[KW_FINDS_RACE];
	if (step.kind == KW_LOCKED)
		step.line = 0;
	progress(n, q->name, a->scenario->name);
	if (!explore_less(n, a, &step, &f, &x, err))
		return false;
	if (!x.scenario)
		return true;
	q->states += x.res.states;
	q->nr_explored++;
	q->asked_last = a;
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		q->anyway[p] |= a->found[p];
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (x.res.of[p].found && !a->found[p]) {
			q->found[p] = true;
			q->failing = a;
			q->verdict = NEEDED;
		}
	if (q->verdict != NEEDED)
		q->verdict = !x.res.complete || q->verdict == BOUNDED ?
			BOUNDED : NOT_NEEDED;
	if (q->verdict == NEEDED)
		q->states = x.res.states;
	kw_explored_free(&x);
	return true;
}

/* It is not needed: does anybody get there? */
static bool is_executed(struct necessity *n, const struct question *q,
			bool *yes, GError **err)
{
	static const struct kw_looked_for failing = {
		.any = true, .never = { [KW_FINDS_FAILED] = true },
	};
	struct kw_kernel_step step = *q->step;
	struct kw_explored x;
	unsigned i;

	*yes = false;
	step.value = KW_YIELDS_FAIL;
	for (i = 0; !*yes && i < n->asked->len; i++) {
		const struct asked *a = &g_array_index(n->asked,
						       struct asked, i);

		if (a->bounded || find_step(a->scenario, &step) < 0)
			continue;
		if (!explore_less(n, a, &step, &failing, &x, err))
			return false;
		if (!x.scenario)
			continue;
		*yes = x.res.of[KW_FINDS_FAILED].found || !x.res.complete ||
		       a->found[KW_FINDS_FAILED];
		kw_explored_free(&x);
	}
	return true;
}

static bool answer(void *arg, unsigned nr, GError **err)
{
	struct necessity *n = arg;
	struct question *q = &g_array_index(n->questions, struct question,
					    nr);
	bool executed = true;
	unsigned i, usable = 0;

	if ((n->cli->model == KW_WEAK_SC && q->step->kind == KW_BARRIER) ||
	    q->step->value < KW_YIELDS_NOTHING) {
		q->verdict = NOT_ASKED;
		return true;
	}
	for (i = 0; i < n->asked->len && q->verdict != NEEDED; i++) {
		const struct asked *a = &g_array_index(n->asked,
						       struct asked, i);
		int at = find_step(a->scenario, q->step);

		if (at < 0 || a->bounded)
			continue;
		usable++;
		if (!ask(n, q, a, a->scenario->steps[at], err))
			return false;
		if (n->cli->stop)
			return true;
	}
	if (!usable)
		q->verdict = NOT_ASKED;
	if (q->verdict == NOT_NEEDED && !is_executed(n, q, &executed, err))
		return false;
	if (!executed)
		q->verdict = NOT_EXECUTED;
	return true;
}

/* --- the table ---------------------------------------------------------- */

static const char *name_of(const struct asked *a, unsigned property)
{
	return kw_property_name(a->scenario->program, property);
}

static bool put_list(const struct asked *a, const bool *found,
		     const char *before, GString *out)
{
	bool any = false;
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (found[p]) {
			g_string_append_printf(out, "%s%s", any ? ", " :
					       before, name_of(a, p));
			any = true;
		}
	return any;
}

static char *replay_of(const struct necessity *n, const struct question *q)
{
	const struct asked *a = q->failing;
	GString *s = g_string_new(NULL);
	int at = find_step(a->scenario, q->step);
	unsigned p;

	g_string_printf(s, "kvmwake explore %s --kernel %s --without ",
			a->what.path, n->kernel);
	kw_step_name(a->scenario, (unsigned)at, s);
	g_string_append_printf(s, " --memory %s", n->cli->exploring);
	/* A broken invariant would be reached first, and end it. */
	for (p = 0; p < KW_FINDS_INVARIANT; p++)
		if (q->found[p]) {
			g_string_append(s, " --no-check");
			break;
		}
	if (kw_option_given(n->cli, "preemptions"))
		g_string_append_printf(s, " --preemptions %u",
				       a->what.preemptions);
	return g_string_free(s, FALSE);
}

static void put_json_list(const struct asked *a, const char *key,
			  const bool *found, struct kw_json *j)
{
	unsigned p;

	kw_json_open(j, key, '[');
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (found[p])
			kw_json_text(j, NULL, name_of(a, p));
	kw_json_close(j, ']');
}

static void put_json(struct necessity *n, const struct question *q)
{
	struct kw_json j;
	char *replay;

	kw_json_begin(&j, n->cli->out, "necessity");
	kw_json_text(&j, "kernel", n->kernel);
	kw_json_text(&j, "memory", n->cli->exploring);
	kw_json_text(&j, "step", q->name);
	kw_json_text(&j, "kind", kw_step_kind_names[q->step->kind]);
	kw_json_text(&j, "file", q->step->file);
	kw_json_u64(&j, "line", (uint64_t)q->step->line);
	kw_json_text(&j, "verdict", verdict_names[q->verdict]);
	kw_json_u64(&j, "states", q->states);
	kw_json_u64(&j, "explored", q->nr_explored);
	put_json_list(q->asked_last, "anyway", q->anyway, &j);
	if (q->failing) {
		kw_json_text(&j, "scenario", q->failing->scenario->name);
		put_json_list(q->failing, "found", q->found, &j);
		replay = replay_of(n, q);
		kw_json_text(&j, "replay", replay);
		g_free(replay);
	}
	kw_json_end(&j);
}

/* It was not asked. */
static const char *why_not(const struct necessity *n,
			   const struct question *q)
{
	if (n->cli->model == KW_WEAK_SC && q->step->kind == KW_BARRIER)
		return "orders nothing under sc";
	if (q->step->value < KW_YIELDS_NOTHING)
		return "no value leaves the others as they are";
	return "its scenarios are bounded";
}

static void put_row(struct necessity *n, struct kw_table *t,
		    const struct question *q)
{
	GString *where = g_string_new(NULL), *verdict = g_string_new(NULL);
	char states[24] = "-", *replay;

	if (q->nr_explored)
		g_snprintf(states, sizeof(states), "%" G_GUINT64_FORMAT,
			   q->states);
	if (q->failing) {
		g_string_append(where, q->failing->scenario->name);
		put_list(q->failing, q->found, ": ", where);
	} else if (q->nr_explored) {
		g_string_printf(where, "in %u scenario%s", q->nr_explored,
				q->nr_explored > 1 ? "s" : "");
		if (put_list(q->asked_last, q->anyway, " (", where))
			g_string_append(where, " anyway)");
	} else {
		g_string_append(where, why_not(n, q));
	}
	kw_cli_color(n->cli, q->verdict == NEEDED ? "1" :
		     q->verdict == BOUNDED ? "33" : "", verdict_names[
		     q->verdict], verdict);
	kw_table_row(t, q->name, kw_step_kind_names[q->step->kind],
		     verdict->str, states, where->str);
	kw_table_print(t, n->cli->out);
	if (q->failing) {
		replay = replay_of(n, q);
		g_string_append_printf(n->cli->out, "    replay: %s\n",
				       replay);
		g_free(replay);
	}
	g_string_free(where, TRUE);
	g_string_free(verdict, TRUE);
}

static bool tell(void *arg, unsigned i, GError **err)
{
	struct necessity *n = arg;
	const struct question *q = &g_array_index(n->questions,
						  struct question, i);

	(void)err;
	if (n->cli->stop)
		return false;
	if (n->cli->tty_err && !n->cli->o.quiet)
		kw_cli_progress("%s", "");
	n->nr[q->verdict]++;
	if (q->verdict == NOT_REACHED)
		return true;
	if (n->cli->o.json)
		put_json(n, q);
	else if (!n->cli->o.quiet || q->verdict == NEEDED)
		put_row(n, n->table, q);
	kw_cli_flush(n->cli);
	return true;
}

static struct kw_table *begin_table(struct necessity *n)
{
	struct kw_table *t = kw_table_new("lllrl");
	unsigned i;

	for (i = 0; i < n->questions->len; i++)
		kw_table_width(t, 0, (unsigned)strlen(g_array_index(
			n->questions, struct question, i).name));
	kw_table_width(t, 1, 7);
	kw_table_width(t, 2, 14);
	kw_table_width(t, 3, 8);
	if (n->cli->o.json || n->cli->o.quiet)
		return t;
	g_string_append_printf(n->cli->out, "# kvmwake %s, %s, memory %s, "
			       "%u scenario%s\n", KW_VERSION, n->kernel,
			       n->cli->exploring, n->asked->len,
			       n->asked->len > 1 ? "s" : "");
	kw_table_row(t, "without", "kind", "verdict", "states", "");
	kw_table_print(t, n->cli->out);
	return t;
}

/* What was not said by the table. */
static void put_end(const struct necessity *n)
{
	unsigned i, p;

	for (i = 0; i < n->asked->len; i++) {
		const struct asked *a = &g_array_index(n->asked,
						       struct asked, i);

		if (a->bounded)
			kw_cli_note(n->cli, "%s: bounded at %" G_GUINT64_FORMAT
				    " states as it is: not asked%s",
				    a->scenario->name, a->states,
				    kw_explored_fewer(n->cli->model));
		for (p = 0; !a->bounded && p < KW_NR_PROPERTIES; p++)
			if (a->found[p])
				kw_cli_note(n->cli, "%s: %s with all steps: "
					    "more of it proves nothing",
					    a->scenario->name,
					    name_of(a, p));
	}
	kw_cli_note(n->cli, "memory %s: %u needed, %u not needed by these "
		    "scenarios, %u never executed, %u bounded, %u not asked, "
		    "%u the same program without", n->cli->exploring,
		    n->nr[NEEDED], n->nr[NOT_NEEDED],
		    n->nr[NOT_EXECUTED], n->nr[BOUNDED], n->nr[NOT_ASKED],
		    n->nr[NOT_REACHED]);
}

/* Each exploration has its share of the threads. */
static bool ask_all(struct necessity *n, GError **err)
{
	const struct kw_each each = {
		.nr = n->questions->len, .jobs = kw_cli_jobs(n->cli),
		.work = answer, .deliver = tell, .arg = n,
	};
	unsigned i;

	for (i = 0; i < n->asked->len; i++)
		g_array_index(n->asked, struct asked, i).what.jobs =
			kw_each_share(each.jobs, each.nr);
	return kw_each(&each, err);
}

static void go(struct necessity *n, GError **err)
{
	if (!explore_bases(n, err) || n->cli->stop ||
	    !find_questions(n, err))
		return;
	n->table = begin_table(n);
	if (ask_all(n, err) && !n->cli->stop)
		put_end(n);
	kw_table_free(n->table);
}

static void necessity_free(struct necessity *n)
{
	unsigned i;

	for (i = 0; i < n->questions->len; i++)
		g_free(g_array_index(n->questions, struct question, i).name);
	for (i = 0; i < n->asked->len; i++)
		kw_scenario_free(g_array_index(n->asked, struct asked,
					       i).scenario);
	g_array_free(n->questions, TRUE);
	g_array_free(n->asked, TRUE);
	if (n->files)
		g_ptr_array_free(n->files, TRUE);
}

int kw_verb_necessity(struct kw_cli *cli)
{
	struct necessity n = { .cli = cli };
	GError *err = NULL;
	char *kernel;

	if (cli->args->len < 2)
		return kw_cli_usage(cli, "necessity: a kernel and scenarios, "
				    "please (see kvmwake necessity --help)");
	if (!kw_exploring_memory(cli))
		return KW_EXIT_USAGE;
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	kernel = g_strdup(cli->args->pdata[0]);
	g_ptr_array_remove_index(cli->args, 0);
	n.kernel = kernel;
	n.asked = g_array_new(FALSE, TRUE, sizeof(struct asked));
	n.questions = g_array_new(FALSE, FALSE, sizeof(struct question));
	n.files = kw_cli_scenarios(cli, &err);
	kw_cli_watch_signals(cli);
	if (n.files)
		go(&n, &err);
	necessity_free(&n);
	g_free(kernel);
	if (err)
		return kw_cli_fail(cli, err);
	if (cli->stop)
		return KW_EXIT_INTERRUPTED;
	return n.nr[BOUNDED] || !(n.nr[NEEDED] + n.nr[NOT_NEEDED]) ?
		KW_EXIT_NOTHING : KW_EXIT_FINE;
}
