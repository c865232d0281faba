/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `explore`: decides for each (scenario, kernel) whether every interleaving
 * is as expected, and prints it.
 */
#include <glib/gstdio.h>
#include <string.h>
#include "../program/paths.h"
#include "exploring.h"

struct explore {
	struct kw_cli *cli;
	struct kw_store *store;
	struct kw_table *table;
	unsigned nr, nr_items, differing, unknown, vacuous, not_judged, fine;
	bool interrupted;
	char *less;			/* kw_cli_less() */
	char *where;			/* kw_cli_where() */
};

static bool is_vacuous(const struct kw_explored *x)
{
	return !x->res.exposed && x->res.complete;
}

static void put_row(struct explore *e, const struct kw_explored *x)
{
	GString *text = g_string_new(NULL), *colored = g_string_new(NULL);
	char n[4][24];

	kw_explored_put_verdict(x, text);
	g_string_append_printf(text, "; %s", kw_explored_judgement(x));
	kw_cli_color(e->cli, x->judged == KW_EXPLORED_DIFFERS ? "1;31" :
		     x->judged == KW_EXPLORED_UNKNOWN ? "33" : "32", text->str,
		     colored);
	g_snprintf(n[0], sizeof(n[0]), "%" G_GUINT64_FORMAT, x->res.states);
	g_snprintf(n[1], sizeof(n[1]), "%" G_GUINT64_FORMAT,
		   x->res.transitions);
	g_snprintf(n[2], sizeof(n[2]), "%u", x->res.depth);
	g_snprintf(n[3], sizeof(n[3]), "%" G_GUINT64_FORMAT,
		   x->res.ends);
	kw_table_row(e->table, x->scenario->name, x->what.kernel,
		     kw_weak_names[x->what.memory], n[0], n[1], n[2], n[3],
		     colored->str);
	kw_table_print(e->table, e->cli->out);
	g_string_free(text, TRUE);
	g_string_free(colored, TRUE);
}

/* Does this path run code of the kernel, of hardware's none? */
static bool is_kernel(const struct kw_paths *s, const struct kw_path_graph *e)
{
	const struct kw_program *p = s->p;
	const struct kw_path_graph *to;
	unsigned i, k;

	for (i = 0; i < e->nodes->len; i++) {
		const struct kw_node *n = &p->nodes[g_array_index(
			e->nodes, uint16_t, i)];
		const char *kernel = p->srcs[n->src].kernel;

		if (*kernel && *kernel != '(')
			return true;
		for (k = 0; kw_is_call(n) && (to = kw_callee(s, n, k)); k++)
			if (is_kernel(s, to))
				return true;
	}
	return false;
}

/*
 * Hardware that injects by itself: what a kernel's path touches on its behalf
 * is no memory then, for anybody.  To be freed.
 */
static GPtrArray *find_in_place(const struct kw_explored *x)
{
	const struct kw_program *p = x->scenario->program;
	struct kw_paths *paths = kw_paths_new(p);
	GPtrArray *names = g_ptr_array_new();
	unsigned a;

	for (a = 0; x->what.memory != KW_WEAK_SC && a + 1u < p->nr_actors; a++)
		if (p->actors[a].type == KW_HW &&
		    is_kernel(paths, paths->at[p->actors[a].entry]))
			g_ptr_array_add(names, (char *)p->actors[a].name);
	kw_paths_free(paths);
	return names;
}

static void put_in_place(const struct kw_explored *x, GString *out)
{
	GPtrArray *names = find_in_place(x);
	unsigned i;

	for (i = 0; i < names->len; i++)
		g_string_append_printf(out, "%s is a device: what it touches "
				       "of the kernel is in place for all; "
				       "make it a thread\n",
				       (char *)names->pdata[i]);
	g_ptr_array_free(names, TRUE);
}

/* Without a step that it has not it is proved of the scenario as it is. */
static void put_absent(const struct explore *e, const struct kw_explored *x)
{
	const GPtrArray *names = e->cli->o.without;
	unsigned i;

	for (i = 0; i < MIN(names->len, 64); i++)
		if (x->scenario->absent >> i & 1)
			g_string_append_printf(e->cli->out, "%s is on none of "
				"its paths: nothing was left out for it\n",
				(char *)names->pdata[i]);
}

static void put_detail(struct explore *e, const struct kw_explored *x)
{
	GString *out = e->cli->out;

	if (!x->res.complete && !x->res.ended &&
	    x->res.bound != KW_BOUND_MEMORY)
		g_string_append_printf(out, "bounded: not all was seen, "
			"%s%s\n", x->res.bound == KW_BOUND_STATES ?
			"--max-states" : x->res.bound == KW_BOUND_BYTES ?
			"--max-memory" : "interrupted",
			kw_explored_fewer(x->what.memory));
	if (x->res.rough)
		g_string_append(out, "interleavings are shortest ones, but may "
				"have more changes of actor than need be: "
				"--max-memory\n");
	if (x->storm && x->res.complete && !x->res.storms)
		g_string_append(out, "storms not looked for to the end, "
				"--max-memory\n");
	if (kw_world_was_bounded(x->world))
		g_string_append(out, "memory bounded: some reads could have "
				"been staler, or some stores later\n");
	put_in_place(x, out);
	put_absent(e, x);
	if (e->nr_items > 1)
		return;
	if (kw_world_symmetry(x->world) > 1)
		g_string_append_printf(out, "up to %" G_GUINT64_FORMAT
				       " states, which differ only in who is "
				       "who, are one\n",
				       kw_world_symmetry(x->world));
	g_string_append_printf(out, "%u bytes a state, %.1f MB in all, %s\n",
			       kw_world_size(x->world),
			       (double)x->res.bytes_max / (1 << 20),
			       x->what.exact ? "whole states" :
					       "fingerprints");
	if (!x->what.exact)
		g_string_append_printf(out, "a state was overlooked with a "
				       "chance of %.1e\n",
				       kw_explored_collision(x));
}

static void put_json(struct explore *e, const struct kw_explored *x)
{
	const struct kw_exploring *w = &x->what;
	GPtrArray *in_place = find_in_place(x);
	struct kw_json j;
	unsigned p;

	kw_json_begin(&j, e->cli->out, "exploration");
	kw_json_text(&j, "scenario", x->scenario->name);
	kw_json_text(&j, "kernel", w->kernel);
	kw_json_text(&j, "memory", kw_weak_names[w->memory]);
	kw_json_text(&j, "order", w->dfs ? "dfs" : "bfs");
	kw_json_text(&j, "less", e->less);
	kw_json_bool(&j, "exact", w->exact);
	kw_json_bool(&j, "reduction", !w->no_reduction);
	kw_json_bool(&j, "folding", kw_world_folds(x->world));
	kw_json_bool(&j, "settling", kw_world_settles(x->world));
	kw_json_bool(&j, "persistent", kw_world_persists(x->world));
	kw_json_u64(&j, "symmetry", kw_world_symmetry(x->world));
	kw_json_u64(&j, "preemptions", w->preemptions);
	kw_json_text(&j, "verdict", kw_explored_verdict(x));
	kw_json_text(&j, "judgement", kw_explored_judgement(x));
	kw_json_bool(&j, "complete", x->res.complete);
	kw_json_bool(&j, "memory_bounded",
		     kw_world_was_bounded(x->world));
	kw_json_open(&j, "in_place", '[');
	for (p = 0; p < in_place->len; p++)
		kw_json_text(&j, NULL, in_place->pdata[p]);
	kw_json_close(&j, ']');
	kw_json_u64(&j, "states", x->res.states);
	kw_json_u64(&j, "transitions", x->res.transitions);
	kw_json_u64(&j, "ends", x->res.ends);
	kw_json_u64(&j, "depth", x->res.depth);
	kw_json_u64(&j, "state_bytes", kw_world_size(x->world));
	kw_json_u64(&j, "bytes_max", x->res.bytes_max);
	kw_json_real(&j, "collision", kw_explored_collision(x));
	kw_json_open(&j, "found", '[');
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (x->res.of[p].found)
			kw_json_text(&j, NULL, kw_explored_name(x, p));
	kw_json_close(&j, ']');
	kw_json_end(&j);
	g_ptr_array_free(in_place, TRUE);
}

/* The interleavings of what was found: what differs, or all; the sample. */
static void put_witnesses(struct explore *e, const struct kw_explored *x)
{
	unsigned p;

	for (p = 0; p <= KW_FINDS_NOTHING; p++) {
		if (!x->res.of[p].found ||
		    (e->nr_items > 1 && p != KW_FINDS_NOTHING &&
		     !x->expected.never[p]))
			continue;
		if (e->cli->o.json)
			kw_explored_put_witness_json(x, p, e->cli->out);
		else
			kw_explored_put_witness(x, p, e->cli->out);
	}
}

static void tell(struct explore *e, const struct kw_explored *x)
{
	e->nr++;
	if (x->judged == KW_EXPLORED_DIFFERS)
		e->differing++;
	else if (x->judged == KW_EXPLORED_UNKNOWN)
		e->unknown++;
	else if (is_vacuous(x))
		e->vacuous++;
	else if (x->expected.any)
		e->fine++;
	else
		e->not_judged++;
	if (e->cli->o.json) {
		put_json(e, x);
	} else if (!e->cli->o.quiet || x->judged != KW_EXPLORED_HOLDS) {
		put_row(e, x);
		put_detail(e, x);
	}
	if (!e->cli->o.quiet || x->judged == KW_EXPLORED_DIFFERS)
		put_witnesses(e, x);
	if (e->cli->o.sample && x->res.complete && !x->res.ends)
		kw_cli_note(e->cli, "no sample of %s: no execution ends",
			    x->scenario->name);
	kw_cli_flush(e->cli);
}

/* Where it is saved when it is interrupted; to be freed. */
static char *save_file(const struct explore *e, const struct kw_item *item)
{
	char *name, *file;

	if (e->cli->o.save)
		return g_strdup(e->cli->o.save);
	name = g_strdup_printf("%s-%s.search", item->name, item->kernel);
	g_strdelimit(name, "/", '-');
	file = g_build_filename("results", name, NULL);
	g_free(name);
	return file;
}

/* It was interrupted, or ended. */
static void put_saved(const struct explore *e, const struct kw_exploring *what,
		      const struct kw_explored *x)
{
	if (e->interrupted && x->res.saved)
		kw_cli_note(e->cli, "saved in %s; go on with --resume%s",
			    what->save, kw_explored_fewer(what->memory));
	else if (what->resume)
		g_unlink(what->save);
}

static bool explore_item(struct explore *e, const struct kw_item *item,
			 GError **err)
{
	char *save = save_file(e, item), *dir = g_path_get_dirname(save);
	struct kw_exploring what = {
		.path = item->path, .kernel = item->kernel, .save = save,
		.resume = e->cli->o.resume,
	};
	struct kw_explored x = { .scenario = NULL };
	bool ok;

	kw_exploring_defaults(e->cli, &what);
	what.sample = e->cli->o.sample;
	what.kept = e->where;
	g_mkdir_with_parents(dir, 0777);
	ok = kw_cli_explore(e->cli, &what, &x, err);
	/* It is the scenario that names such a kernel. */
	if (!ok && item->expected && !x.scenario && !*e->less)
		kw_cli_locate(item->path, item->kernel, err);
	if (ok) {
		e->interrupted = x.res.bound == KW_BOUND_STOPPED;
		put_saved(e, &what, &x);
		/* Told in any case: it may have taken hours. */
		if (!e->interrupted) {
			ok = kw_explored_keep(e->cli, e->store, &x, err);
			tell(e, &x);
		}
		kw_explored_free(&x);
	}
	g_free(save);
	g_free(dir);
	return ok;
}

/* Which reductions are switched off. */
static void put_less_reduced(const struct kw_options *o, GString *out)
{
	if (o->no_reduction)
		g_string_append(out, ", no reduction");
	if (o->no_folding)
		g_string_append(out, ", no folding");
	if (o->no_settling)
		g_string_append(out, ", no settling");
	if (o->no_persistent)
		g_string_append(out, ", no persistent sets");
	if (o->no_symmetry)
		g_string_append(out, ", no symmetry");
}

static void put_heading(struct explore *e, GPtrArray *items)
{
	struct kw_cli *cli = e->cli;
	unsigned i, c;

	if (cli->o.quiet)
		return;
	g_string_append_printf(cli->out, "# kvmwake %s, memory %s, %s first",
			       KW_VERSION, cli->exploring,
			       cli->o.dfs ? "depth" : "breadth");
	put_less_reduced(&cli->o, cli->out);
	if (cli->o.as)
		g_string_append_printf(cli->out, ", judged as %s", cli->o.as);
	g_string_append_printf(cli->out, "%s%s\n", *e->less ? "," : "",
			       e->less);
	for (i = 0; i < items->len; i++) {
		const struct kw_item *item = items->pdata[i];

		kw_table_width(e->table, 0, (unsigned)strlen(item->name));
		kw_table_width(e->table, 1, (unsigned)strlen(item->kernel));
	}
	for (c = 3; c < 7; c++)
		kw_table_width(e->table, c, 8);
	kw_table_row(e->table, "scenario", "kernel", "memory", "states",
		     "moves", "depth", "ends", "verdict");
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
	if (e->not_judged)
		kw_cli_note(e->cli, "%u of %u not judged: the scenario expects "
			    "nothing of the kernel (--as K judges as of K)",
			    e->not_judged, e->nr);
}

static bool lists_steps(const struct kw_cli *cli)
{
	return cli->o.without->len == 1 &&
	       !strcmp(cli->o.without->pdata[0], "list");
}

int kw_verb_explore(struct kw_cli *cli)
{
	struct explore e = { .cli = cli };
	GPtrArray *files = NULL, *items = NULL;
	GError *err = NULL;
	unsigned i;

	if (!kw_exploring_memory(cli))
		return KW_EXIT_USAGE;
	if (cli->o.compare[0])
		return kw_cli_explore_pair(cli);
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	files = kw_cli_scenarios(cli, &err);
	items = files ? kw_cli_items(cli, files, &err) : NULL;
	if (!items)
		goto out_free;
	if (lists_steps(cli)) {
		for (i = 0; i < items->len && !err; i++)
			kw_cli_put_steps(cli, items->pdata[i], &err);
		e.fine++;
		goto out_free;
	}
	if (items->len > 1 && (cli->o.resume || cli->o.save)) {
		g_set_error(&err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--save, --resume: one scenario and one kernel, "
			    "not %u", items->len);
		goto out_free;
	}
	kw_cli_watch_signals(cli);
	e.nr_items = items->len;
	e.less = kw_cli_less(cli->o.without, cli->o.only);
	e.where = kw_cli_where(cli);
	e.table = kw_table_new("lllrrrrl");
	if (!cli->o.json)
		put_heading(&e, items);
	e.store = kw_store_open(cli->o.db, KW_STORE_WRITE, &err);
	for (i = 0; i < items->len && !err && !e.interrupted; i++)
		explore_item(&e, items->pdata[i], &err);
	kw_store_close(e.store, err ? NULL : &err);
	kw_table_free(e.table);
	g_free(e.less);
	g_free(e.where);
	if (!err)
		put_end(&e);
out_free:
	if (items)
		g_ptr_array_free(items, TRUE);
	if (files)
		g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : exit_code(&e);
}
