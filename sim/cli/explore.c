/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `explore`: decides for each (scenario, kernel) whether every interleaving
 * is as expected.
 *
 *	expected	holds when			ends the search
 *	never		all states seen, none has it	one that has it
 *	sometimes,	a state that has it is reached	all of them reached,
 *	always, n				 where nothing is never
 *
 * An assertion that fails is never expected unless the scenario says so.
 */
#include <math.h>
#include <string.h>
#include "../explore/search.h"
#include "cli.h"
#include "path.h"

enum judged { HOLDS, DIFFERS, UNKNOWN };

struct expected {
	bool any, never[KW_NR_PROPERTIES], reached[KW_NR_PROPERTIES];
};

struct explored {
	struct kw_scenario *scenario;
	const char *path, *kernel;
	struct kw_world *world;
	struct kw_search_result res;
	struct expected expected;
	enum judged judged;
};

struct explore {
	struct kw_cli *cli;
	struct kw_table *table;
	unsigned nr, nr_items, differing, unknown, vacuous, fine;
	bool interrupted;
};

static const uint8_t quantity_of[KW_NR_PROPERTIES] = {
	[KW_FINDS_MISSED] = KW_MISSED, [KW_FINDS_SPURIOUS] = KW_SPURIOUS,
	[KW_FINDS_FAILED] = KW_FAILED,
};

static void find_expected(const struct kw_expect *e, struct expected *x)
{
	unsigned p;

	memset(x, 0, sizeof(*x));
	x->any = e != NULL;
	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		unsigned how = e ? e->of[quantity_of[p]].how : KW_ANY;

		if (how == KW_NEVER || (how == KW_EXACTLY &&
					!e->of[quantity_of[p]].n))
			x->never[p] = true;
		else if (how != KW_ANY)
			x->reached[p] = true;
	}
	if (!e)
		x->never[KW_FINDS_MISSED] = true;
	if (!x->reached[KW_FINDS_FAILED])
		x->never[KW_FINDS_FAILED] = true;
}

static enum judged judge(const struct explored *x)
{
	enum judged j = HOLDS;
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		bool found = x->res.of[p].found;

		if ((x->expected.never[p] && found) ||
		    (x->expected.reached[p] && !found && x->res.complete))
			return DIFFERS;
		/* All that was asked for is reached: fine so far. */
		if (p == KW_FINDS_FAILED && x->res.ended &&
		    !x->expected.reached[p])
			continue;
		if ((x->expected.never[p] || x->expected.reached[p]) &&
		    !found && !x->res.complete)
			j = UNKNOWN;
	}
	return j;
}

/* All that is to be reached is, so what is never need not be looked for? */
static void when_to_end(const struct expected *x, struct kw_search_opts *o)
{
	unsigned p;
	bool all = true;

	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		o->stop_any |= (unsigned)x->never[p] << p;
		o->stop_all |= (unsigned)x->reached[p] << p;
		if (x->never[p] && p != KW_FINDS_FAILED)
			all = false;
	}
	if (!all)
		o->stop_all = 0;
}

static void progress(void *arg, uint64_t states, uint64_t left)
{
	const struct explore *e = arg;

	if (e->cli->tty_err && !e->cli->o.quiet)
		g_printerr("\r%" G_GUINT64_FORMAT " states, %" G_GUINT64_FORMAT
			   " to be visited \033[K", states, left);
}

static void search(struct explore *e, struct explored *x)
{
	const struct kw_options *o = &e->cli->o;
	struct kw_search_opts opts = {
		.depth_first = o->dfs, .exact = o->exact,
		.max_states = o->max_states,
		.max_bytes = o->max_memory << 20, .stop = &e->cli->stop,
		.progress = progress, .progress_arg = e,
	};
	const struct kw_world_opts world = {
		.fold = !o->no_reduction,
		.preemptions = (unsigned)o->preemptions,
	};

	when_to_end(&x->expected, &opts);
	x->world = kw_world_new(x->scenario->program, &world);
	kw_search(x->world, &opts, &x->res);
	if (e->cli->tty_err && !o->quiet)
		g_printerr("\r\033[K");
	x->judged = judge(x);
	e->interrupted = x->res.bound == KW_BOUND_STOPPED;
}

/* "violated", "proved", "bounded" */
static const char *verdict(const struct explored *x)
{
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (x->res.of[p].found)
			return "violated";
	return x->res.complete ? "proved" : "bounded";
}

static const char *judgement(const struct explored *x)
{
	if (!x->expected.any)
		return "not judged";
	if (x->judged == DIFFERS)
		return "NOT AS EXPECTED";
	if (!x->res.exposed && x->res.complete)
		return "vacuous";
	return x->judged == UNKNOWN ? "not known" : "as expected";
}

/* "violated: missed; as expected" */
static void put_verdict(const struct explored *x, GString *out)
{
	const char *before = ": ";
	unsigned p;

	g_string_append(out, verdict(x));
	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		if (!x->res.of[p].found)
			continue;
		g_string_append_printf(out, "%s%s", before,
				       kw_property_names[p]);
		before = ", ";
	}
	g_string_append_printf(out, "; %s", judgement(x));
}

static void put_row(struct explore *e, const struct explored *x)
{
	GString *text = g_string_new(NULL), *colored = g_string_new(NULL);
	char n[4][24];

	put_verdict(x, text);
	kw_cli_color(e->cli, x->judged == DIFFERS ? "1;31" :
		     x->judged == UNKNOWN ? "33" : "32", text->str, colored);
	g_snprintf(n[0], sizeof(n[0]), "%" G_GUINT64_FORMAT, x->res.states);
	g_snprintf(n[1], sizeof(n[1]), "%" G_GUINT64_FORMAT,
		   x->res.transitions);
	g_snprintf(n[2], sizeof(n[2]), "%u", x->res.depth);
	g_snprintf(n[3], sizeof(n[3]), "%" G_GUINT64_FORMAT,
		   x->res.ends);
	kw_table_row(e->table, x->scenario->name, x->kernel, n[0], n[1], n[2],
		     n[3], colored->str);
	kw_table_print(e->table, e->cli->out);
	g_string_free(text, TRUE);
	g_string_free(colored, TRUE);
}

/* The chance that a state was taken for another: n^2 / 2^65. */
static double collision(const struct kw_cli *cli, const struct explored *x)
{
	double n = (double)x->res.states;

	return cli->o.exact ? 0 : ldexp(n * n, -65);
}

static void put_detail(struct explore *e, const struct explored *x)
{
	const struct kw_options *o = &e->cli->o;
	GString *out = e->cli->out;

	if (!x->res.complete && !x->res.ended)
		g_string_append_printf(out, "bounded: not all was seen, %s\n",
			x->res.bound == KW_BOUND_STATES ? "--max-states" :
			x->res.bound == KW_BOUND_BYTES ? "--max-memory" :
			"interrupted");
	if (e->nr_items > 1)
		return;
	g_string_append_printf(out, "%u bytes a state, %.1f MB in all, %s\n",
			       kw_world_size(x->world),
			       (double)x->res.bytes_max / (1 << 20),
			       o->exact ? "whole states" : "fingerprints");
	if (!o->exact)
		g_string_append_printf(out, "a state was overlooked with a "
				       "chance of %.1e\n",
				       collision(e->cli, x));
}

static void put_json(struct explore *e, const struct explored *x)
{
	const struct kw_options *o = &e->cli->o;
	struct kw_json j;
	unsigned p;

	kw_json_begin(&j, e->cli->out, "exploration");
	kw_json_text(&j, "scenario", x->scenario->name);
	kw_json_text(&j, "kernel", x->kernel);
	kw_json_text(&j, "memory", o->memory ? o->memory : "sc");
	kw_json_text(&j, "order", o->dfs ? "dfs" : "bfs");
	kw_json_bool(&j, "exact", o->exact);
	kw_json_bool(&j, "reduction", !o->no_reduction);
	kw_json_u64(&j, "preemptions", o->preemptions);
	kw_json_text(&j, "verdict", verdict(x));
	kw_json_text(&j, "judgement", judgement(x));
	kw_json_bool(&j, "complete", x->res.complete);
	kw_json_u64(&j, "states", x->res.states);
	kw_json_u64(&j, "transitions", x->res.transitions);
	kw_json_u64(&j, "ends", x->res.ends);
	kw_json_u64(&j, "depth", x->res.depth);
	kw_json_u64(&j, "state_bytes", kw_world_size(x->world));
	kw_json_u64(&j, "bytes_max", x->res.bytes_max);
	kw_json_real(&j, "collision", collision(e->cli, x));
	kw_json_open(&j, "found", '[');
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (x->res.of[p].found)
			kw_json_text(&j, NULL, kw_property_names[p]);
	kw_json_close(&j, ']');
	kw_json_end(&j);
}

static char *replay_line(const struct explore *e, const struct explored *x)
{
	const struct kw_options *o = &e->cli->o;
	GString *s = g_string_new(NULL);

	g_string_printf(s, "kvmwake explore %s --kernel %s%s%s", x->path,
			x->kernel, o->dfs ? " --dfs" : "",
			o->no_reduction ? " --no-reduction" : "");
	if (o->preemptions)
		g_string_append_printf(s, " --preemptions %" G_GUINT64_FORMAT,
				       o->preemptions);
	return g_string_free(s, FALSE);
}

/* The interleavings of what was found: what differs, or all there is. */
static void put_witnesses(struct explore *e, const struct explored *x)
{
	char *line = replay_line(e, x);
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		const struct kw_path_opts o = {
			.world = x->world, .program = x->scenario->program,
			.what = p, .witness = &x->res.of[p],
			.json = e->cli->o.json, .replay = line,
		};

		if (x->res.of[p].found &&
		    (e->nr_items == 1 || x->expected.never[p]))
			kw_cli_path(&o, e->cli->out);
	}
	g_free(line);
}

static void tell(struct explore *e, const struct explored *x)
{
	e->nr++;
	if (x->judged == DIFFERS)
		e->differing++;
	else if (x->judged == UNKNOWN)
		e->unknown++;
	else if (!x->res.exposed && x->res.complete)
		e->vacuous++;
	else
		e->fine++;
	if (e->cli->o.json) {
		put_json(e, x);
	} else if (!e->cli->o.quiet || x->judged != HOLDS) {
		put_row(e, x);
		put_detail(e, x);
	}
	if (!e->cli->o.quiet || x->judged == DIFFERS)
		put_witnesses(e, x);
	kw_cli_flush(e->cli);
}

static bool explore_item(struct explore *e, const struct kw_item *item,
			 GError **err)
{
	const char *as = e->cli->o.as ? e->cli->o.as : item->kernel;
	struct explored x = { .path = item->path, .kernel = item->kernel };

	x.scenario = kw_cli_load(e->cli, item->path, item->kernel, err);
	if (!x.scenario && item->expected)
		kw_cli_locate(item->path, item->kernel, err);
	if (!x.scenario)
		return false;
	find_expected(kw_expect_find(x.scenario, as), &x.expected);
	search(e, &x);
	if (!e->interrupted)
		tell(e, &x);
	kw_search_result_free(&x.res);
	kw_world_free(x.world);
	kw_scenario_free(x.scenario);
	return true;
}

static void put_heading(struct explore *e, GPtrArray *items)
{
	struct kw_cli *cli = e->cli;
	unsigned i, c;

	if (cli->o.quiet)
		return;
	g_string_append_printf(cli->out, "# kvmwake %s, memory %s, %s first%s",
			       KW_VERSION, cli->o.memory ? cli->o.memory :
			       "sc", cli->o.dfs ? "depth" : "breadth",
			       cli->o.no_reduction ? ", no reduction" : "");
	if (cli->o.as)
		g_string_append_printf(cli->out, ", judged as %s", cli->o.as);
	g_string_append_c(cli->out, '\n');
	for (i = 0; i < items->len; i++) {
		const struct kw_item *item = items->pdata[i];

		kw_table_width(e->table, 0, (unsigned)strlen(item->name));
		kw_table_width(e->table, 1, (unsigned)strlen(item->kernel));
	}
	for (c = 2; c < 6; c++)
		kw_table_width(e->table, c, 8);
	kw_table_row(e->table, "scenario", "kernel", "states", "moves",
		     "depth", "ends", "verdict");
	kw_table_print(e->table, cli->out);
	kw_cli_flush(cli);
}

static int exit_code(const struct explore *e)
{
	if (e->interrupted)
		return KW_EXIT_INTERRUPTED;
	if (e->differing)
		return KW_EXIT_DIFFERS;
	return e->unknown || e->vacuous || !e->fine ? KW_EXIT_NOTHING :
						      KW_EXIT_FINE;
}

static void put_end(const struct explore *e)
{
	if (e->differing)
		kw_cli_note(e->cli, "%u of %u not as expected", e->differing,
			    e->nr);
	if (e->unknown)
		kw_cli_note(e->cli, "%u of %u bounded: neither proved nor "
			    "violated", e->unknown, e->nr);
	if (e->vacuous)
		kw_cli_note(e->cli, "%u of %u vacuous: nothing could have been "
			    "missed, so nothing was tested", e->vacuous,
			    e->nr);
}

int kw_verb_explore(struct kw_cli *cli)
{
	struct explore e = { .cli = cli };
	GPtrArray *files = NULL, *items = NULL;
	GError *err = NULL;
	unsigned i;

	if (cli->o.memory && strcmp(cli->o.memory, "sc"))
		return kw_cli_usage(cli, "--memory: \"%s\" is not sc",
				    cli->o.memory);
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	files = kw_cli_scenarios(cli, &err);
	items = files ? kw_cli_items(cli, files, &err) : NULL;
	if (!items)
		goto out_free;
	kw_cli_watch_signals(cli);
	e.nr_items = items->len;
	e.table = kw_table_new("llrrrrl");
	if (!cli->o.json)
		put_heading(&e, items);
	for (i = 0; i < items->len && !err && !e.interrupted; i++)
		explore_item(&e, items->pdata[i], &err);
	kw_table_free(e.table);
	if (!err)
		put_end(&e);
out_free:
	if (items)
		g_ptr_array_free(items, TRUE);
	if (files)
		g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : exit_code(&e);
}
