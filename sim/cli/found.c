/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `replay explore/...`: decides which stored interleaving an ID means, does
 * it again and shows it: all of it, one state, or step by step.
 *
 * An ID is explore/SCENARIO/KERNEL/MEMORY/PROPERTY as `explore` prints it;
 * the kernel may hold slashes, --without and --only are as they were.  It
 * means the newest exploration; explore/NUMBER/PROPERTY is one of any age, by
 * its number in the database, which knows all the rest.  When
 * scenario, kernel or prelude have changed since, the replay is stale and
 * refused; --force does as many of its steps as there still are.
 */
#include <stdio.h>
#include <string.h>
#include "exploring.h"

struct found {
	struct kw_cli *cli;
	const char *id;
	uint64_t number;		/* of the exploration, or 0: not said */
	char *name, *kernel, *memory, *property;
	enum kw_weak_model model;	/* memory */
	struct kw_store *store;
	GPtrArray *explorations, *examples;
	const struct kw_exploration *x;
	const struct kw_example *example;
	struct kw_scenario *scenario;
	struct kw_counterexample what;
	GArray *steps;
	struct kw_world *world;
	struct kw_explored again;
	struct kw_retrace r;
	bool done, explored;		/* r is, again is */
};

static void release(struct found *f)
{
	if (f->done)
		kw_retrace_free(&f->r);
	if (f->steps)
		g_array_free(f->steps, TRUE);
	kw_world_free(f->world);
	if (f->explored)
		kw_explored_free(&f->again);
	else
		kw_scenario_free(f->scenario);
	if (f->examples)
		g_ptr_array_free(f->examples, TRUE);
	if (f->explorations)
		g_ptr_array_free(f->explorations, TRUE);
	kw_store_close(f->store, NULL);
	g_free(f->name);
	g_free(f->kernel);
	g_free(f->memory);
	g_free(f->property);
}

/* explore/name/kernel/memory/property, cut from both ends. */
static bool parse(struct found *f, GError **err)
{
	char **part = g_strsplit(f->id, "/", -1);
	unsigned n = g_strv_length(part);

	if (n == 3 && g_ascii_string_to_unsigned(part[1], 10, 1, G_MAXINT64,
						 &f->number, NULL)) {
		f->property = g_strdup(part[2]);
		g_strfreev(part);
		return true;
	}
	if (n < 5) {
		g_strfreev(part);
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "replay: \"%s\" is neither explore/SCENARIO/"
			    "KERNEL/MEMORY/PROPERTY nor explore/NUMBER/"
			    "PROPERTY", f->id);
		return false;
	}
	f->name = g_strdup(part[1]);
	f->property = part[n - 1];
	f->memory = part[n - 2];
	part[n - 1] = part[n - 2] = NULL;
	f->kernel = g_strjoinv("/", part + 2);
	g_strfreev(part);
	return true;
}

static const struct kw_example *example_of(const GPtrArray *examples,
					   const char *property)
{
	unsigned i;

	for (i = 0; i < examples->len; i++) {
		const struct kw_example *e = examples->pdata[i];

		if (!strcmp(e->property, property))
			return e;
	}
	return NULL;
}

/* Are the lines the words of the list? */
static bool same_list(const char *lines, const GPtrArray *list)
{
	GString *s = g_string_new(NULL);
	bool same;
	unsigned i;

	for (i = 0; i < list->len; i++)
		g_string_append_printf(s, "%s%s", i ? "\n" : "",
				       (const char *)list->pdata[i]);
	same = !strcmp(s->str, lines);
	g_string_free(s, TRUE);
	return same;
}

/* It says itself what is left out. */
static bool take_list(GPtrArray *list, const char *option, const char *lines,
		      GError **err)
{
	char **line = g_strsplit(lines, "\n", -1);
	unsigned i;

	if (list->len) {
		g_strfreev(line);
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--%s: an exploration that is named by its number "
			    "says itself what is left out", option);
		return false;
	}
	for (i = 0; line[i]; i++)
		g_ptr_array_add(list, g_strdup(line[i]));
	g_strfreev(line);
	return true;
}

static bool by_number(struct found *f, GError **err)
{
	const GPtrArray *all = f->explorations;
	unsigned i;

	for (i = 0; i < all->len && !f->x; i++) {
		const struct kw_exploration *x = all->pdata[i];

		if (x->id == (int64_t)f->number)
			f->x = x;
	}
	if (!f->x) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: no exploration %" G_GUINT64_FORMAT,
			    f->cli->o.db, f->number);
		return false;
	}
	f->name = g_strdup(f->x->scenario);
	f->kernel = g_strdup(f->x->kernel);
	f->memory = g_strdup(f->x->memory);
	return take_list(f->cli->o.without, "without", f->x->without, err) &&
	       take_list(f->cli->o.only, "only", f->x->only, err);
}

/* Of the same scenario, kernel and memory, with the same left out? */
static bool is_same(const struct found *f, const struct kw_exploration *x)
{
	return !strcmp(x->scenario, f->name) &&
	       !strcmp(x->kernel, f->kernel) &&
	       !strcmp(x->memory, f->memory) &&
	       same_list(x->without, f->cli->o.without) &&
	       same_list(x->only, f->cli->o.only);
}

static bool by_name(struct found *f)
{
	unsigned i;

	for (i = f->explorations->len; i-- > 0 && !f->x;)
		if (is_same(f, f->explorations->pdata[i]))
			f->x = f->explorations->pdata[i];
	return f->x != NULL;
}

/* ": explore/3/missed explore/7/missed", those that have found it; or "" */
static char *others(const struct found *f, const char *before)
{
	GString *s = g_string_new(NULL);
	unsigned i;

	for (i = 0; i < f->explorations->len; i++) {
		const struct kw_exploration *x = f->explorations->pdata[i];
		GPtrArray *examples;

		if (x == f->x || !is_same(f, x))
			continue;
		examples = kw_store_examples(f->store, x->id, NULL);
		if (examples && example_of(examples, f->property))
			g_string_append_printf(s, "%s explore/%" G_GINT64_FORMAT
					       "/%s", s->len ? "" : before,
					       x->id, f->property);
		if (examples)
			g_ptr_array_free(examples, TRUE);
	}
	return g_string_free(s, FALSE);
}

static void not_found(const struct found *f, GError **err)
{
	char *where = others(f, "; it is in");

	if (f->number)
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: exploration %" G_GUINT64_FORMAT " has not "
			    "found %s%s", f->cli->o.db, f->number, f->property,
			    where);
	else
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: no exploration of %s under %s with memory %s "
			    "has found %s%s", f->cli->o.db, f->name, f->kernel,
			    f->memory, f->property, where);
	g_free(where);
}

/*
 * The exploration of that number; or the newest one, with these steps left
 * out.  Has it found that?
 */
static bool look_up(struct found *f, GError **err)
{
	const struct kw_wanted_explorations all = {
		.scenario = f->name, .kernel = f->kernel, .memory = f->memory,
		.all = true,
	};

	f->store = kw_store_open(f->cli->o.db, KW_STORE_READ, err);
	if (!f->store)
		return false;
	f->explorations = kw_store_explorations(f->store, &all, err);
	if (!f->explorations || (f->number && !by_number(f, err)))
		return false;
	if (f->x || by_name(f)) {
		f->examples = kw_store_examples(f->store, f->x->id, err);
		if (!f->examples)
			return false;
		f->example = example_of(f->examples, f->property);
	}
	if (!f->example)
		not_found(f, err);
	return f->example;
}

static bool load(struct found *f, GError **err)
{
	struct kw_cli *cli = f->cli;

	f->model = kw_cli_model_named(f->memory);
	if (f->model == KW_WEAK_NR) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: memory \"%s\" is none of sc, tso, arm64",
			    cli->o.db, f->memory);
		return false;
	}
	cli->exploring = kw_weak_names[f->model];
	f->scenario = kw_cli_load(cli, f->x->path, f->kernel, err);
	return f->scenario != NULL;
}

static bool check_stale(struct found *f, GError **err)
{
	const struct kw_scenario *s = f->scenario;
	const char *what = NULL;

	if (f->x->scenario_digest != s->digest)
		what = f->x->path;
	else if (f->x->kernel_digest != s->kernel_digest)
		what = f->kernel;
	else if (f->x->program_digest != s->program->digest)
		what = "lua/kvmwake";
	if (!what)
		return true;
	if (f->cli->o.force) {
		kw_cli_note(f->cli, "%s has changed since: as many steps as "
			    "there still are", what);
		return true;
	}
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "%s has changed since that was found: explore again "
		    "(--force does as many of its steps as there still are)",
		    what);
	return false;
}

static bool find_what(struct found *f, GError **err)
{
	const struct kw_program *p = f->scenario->program;
	unsigned i;

	f->what = (struct kw_counterexample){
		.property = KW_NR_PROPERTIES, .vcpu = -1,
		.nr_moves = (unsigned)f->example->moves,
		.why = f->example->why,
	};
	for (i = 0; i < KW_FINDS_INVARIANT + p->nr_invariants; i++)
		if (!strcmp(kw_property_name(p, i), f->property))
			f->what.property = i;
	for (i = 0; i < p->nr_objects; i++) {
		if (strcmp(p->objects[i].name, f->example->object))
			continue;
		f->what.object = (uint16_t)i;
		if (f->what.property <= KW_FINDS_SPURIOUS ||
		    f->what.property == KW_FINDS_ROW ||
		    f->what.property == KW_FINDS_STORM)
			f->what.vcpu = p->objects[i].index;
	}
	if (f->what.property < KW_NR_PROPERTIES)
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "%s has no invariant "
		    "%s any more", f->kernel, f->property);
	return false;
}

/* Sequential consistency: the steps that were kept are made again. */
static void by_steps(struct found *f)
{
	const struct kw_world_opts opts = {
		.preemptions = (unsigned)f->x->preemptions,
		.row = (unsigned)f->x->spurious_bound,
		.per_kick = f->x->per_kick,
		.check = (1u << f->scenario->program->nr_invariants) - 1,
	};

	f->steps = kw_steps_of(f->scenario->program, f->example->steps);
	f->world = kw_world_new(f->scenario->program, &opts);
	f->what.moves = (const void *)f->steps->data;
	f->what.nr = f->steps->len;
}

/*
 * Which values a load may see is numbered anew in each search: it is found
 * again.
 */
static bool by_search(struct found *f, GError **err)
{
	struct kw_looked_for only = { .any = true };
	struct kw_exploring what = {
		.path = f->x->path, .kernel = f->kernel, .memory = f->model,
		.without = f->cli->o.without, .only = f->cli->o.only,
		.expected = &only, .no_reduction = !f->x->reduction,
		.storm = f->what.property == KW_FINDS_STORM,
		.spurious_bound = (unsigned)f->x->spurious_bound,
		.per_kick = f->x->per_kick,
		.jobs = kw_cli_jobs(f->cli),
		.show_progress = f->cli->tty_err && !f->cli->o.quiet,
	};
	unsigned property = f->what.property;

	only.reached[property] = true;
	f->scenario->preemptions = (unsigned)f->x->preemptions;
	if (!kw_cli_explore_loaded(f->cli, &what, f->scenario, &f->again,
				   err)) {
		f->scenario = NULL;
		return false;
	}
	f->explored = true;
	if (f->again.res.of[property].found)
		f->what = kw_explored_example(&f->again, property);
	return true;
}

static bool retrace(struct found *f, GError **err)
{
	bool sc = f->model == KW_WEAK_SC;

	if (sc)
		by_steps(f);
	else if (!by_search(f, err))
		return false;
	kw_retrace(&f->r, f->scenario->program, sc ? f->world :
		   f->again.world, &f->what);
	f->done = true;
	if (f->r.shown)
		return true;
	if (f->cli->o.force) {
		kw_cli_note(f->cli, "%u of %u steps could be done",
			    f->r.matched, f->what.nr);
		return true;
	}
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_INTERNAL,
		    "step %u of %u cannot be done: the explorer is another "
		    "one (use another --db), or not deterministic",
		    f->r.matched + 1, f->what.nr);
	return false;
}

/* --- what is shown ------------------------------------------------------ */

static unsigned nr_shown(const struct found *f)
{
	unsigned i, nr = 0;

	for (i = 0; i < f->r.seen->len; i++)
		nr += kw_step_matters(f->r.program,
				      &g_array_index(f->r.seen,
						     struct kw_step_seen, i));
	return nr;
}

/* Step nr of the columns and what it changed; or the whole state after it. */
static void put_state(const struct found *f, unsigned nr, bool all)
{
	const struct kw_program *p = f->r.program;
	int i = kw_retrace_step(&f->r, nr);
	const struct kw_step_seen *s = &g_array_index(f->r.seen,
						      struct kw_step_seen, i);
	const struct kw_src *src = &p->srcs[p->nodes[s->e.node].src];
	const struct kw_state x = {
		.program = p, .now = kw_retrace_state(&f->r, (unsigned)i),
		.before = i ? kw_retrace_state(&f->r, (unsigned)i - 1) :
			      p->init, .all = all,
	};
	GString *out = f->cli->out;

	g_string_append_printf(out, "step %u of %u, %s: ", nr, nr_shown(f),
			       p->actors[s->e.actor].name);
	kw_step_text(p, s, out);
	g_string_append_printf(out, "\nin %s, %s:%d\n\n",
			       src->path ? src->path : "?", src->file,
			       src->line);
	kw_state_print(&x, out);
}

static bool goto_step(const struct found *f, GError **err)
{
	uint64_t nr = f->cli->o.goto_;

	if (!nr || nr > nr_shown(f)) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--goto: %" G_GUINT64_FORMAT " is not 1 to %u",
			    nr, nr_shown(f));
		return false;
	}
	put_state(f, (unsigned)nr, true);
	return true;
}

/* One line of --step; false: that was all. */
static bool obey(const struct found *f, char *line, unsigned *at)
{
	unsigned last = nr_shown(f), to = *at;
	bool all = false;

	g_strstrip(line);
	switch (*line) {
	case '\0':
	case 'n':
		to = *at + 1;
		break;
	case 'p':
		to = *at - 1;
		break;
	case 'g':
		to = (unsigned)g_ascii_strtoull(line + 1, NULL, 10);
		break;
	case 's':
		all = true;
		break;
	case 'q':
		return false;
	default:
		to = 0;
	}
	if (to < 1 || to > last) {
		g_string_append_printf(f->cli->out, "n next, p previous, g N "
				       "step N (1 to %u), s state, q quit\n",
				       last);
	} else {
		*at = to;
		put_state(f, to, all);
	}
	return true;
}

static void step_through(const struct found *f)
{
	char line[80];
	unsigned at = 1;

	put_state(f, at, false);
	do {
		g_string_append(f->cli->out, "(n p g s q) ");
		kw_cli_flush(f->cli);
	} while (fgets(line, sizeof(line), stdin) && obey(f, line, &at));
	kw_cli_flush(f->cli);
}

static void put_head(const struct found *f)
{
	char *earlier = others(f, "; also found in");
	GString *head = g_string_new(NULL), *out = f->cli->out;

	g_string_printf(head, "%s: %s", f->scenario->name, f->scenario->about);
	kw_text_fill(out, head->str, KW_WIDTH, "");
	g_string_printf(head, "kvmwake %s, kernel %s, memory %s", KW_VERSION,
			f->kernel, f->memory);
	if (f->number || *earlier)
		g_string_append_printf(head, ", exploration %" G_GINT64_FORMAT
				       "%s", f->x->id, earlier);
	kw_text_fill(out, head->str, KW_WIDTH, "");
	g_string_free(head, TRUE);
	g_free(earlier);
}

static void print(const struct found *f)
{
	char *where = kw_cli_where(f->cli);
	char *less = kw_cli_less(f->cli->o.without, f->cli->o.only);
	char *line = g_strdup_printf("kvmwake replay %s%s%s", f->id,
				     f->number ? "" : less, where);

	if (f->cli->o.json) {
		kw_retrace_json(&f->r, line, f->cli->out);
	} else {
		put_head(f);
		kw_retrace_print(&f->r, line, f->cli->out);
	}
	g_free(line);
	g_free(where);
	g_free(less);
}

static bool show(struct found *f, GError **err)
{
	if (kw_option_given(f->cli, "goto"))
		return goto_step(f, err);
	if (f->cli->o.step && nr_shown(f))
		step_through(f);
	else
		print(f);
	return true;
}

static bool find(struct found *f, GError **err)
{
	return parse(f, err) && look_up(f, err) && load(f, err) &&
	       check_stale(f, err) && find_what(f, err) && retrace(f, err);
}

bool kw_cli_replay_found(struct kw_cli *cli, const char *id, GError **err)
{
	struct found f = { .cli = cli, .id = id };
	GError *why = NULL;
	bool ok = find(&f, &why) && show(&f, &why);

	release(&f);
	if (why)
		g_propagate_error(err, why);
	return ok;
}

bool kw_cli_found_excerpt(struct kw_cli *cli, const char *id,
			  unsigned max_steps, GString *out, GError **err)
{
	struct found f = { .cli = cli, .id = id };
	GError *why = NULL;

	if (find(&f, &why))
		kw_retrace_excerpt(&f.r, max_steps, out);
	release(&f);
	if (why)
		g_propagate_error(err, why);
	return !why;
}
