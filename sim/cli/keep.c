/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what of an exploration is kept in the database: what it found, how
 * it is reached, and what that depends on.
 */
#include <string.h>
#include "exploring.h"

static void put_list(struct kw_json *j, const char *key, const GPtrArray *list)
{
	unsigned i;

	kw_json_open(j, key, '[');
	for (i = 0; i < list->len; i++)
		kw_json_text(j, NULL, list->pdata[i]);
	kw_json_close(j, ']');
}

/* What the result depends on, beside scenario, kernel and memory. */
static char *options_of(const struct kw_explored *x)
{
	const struct kw_exploring *w = &x->what;
	GString *s = g_string_new(NULL);
	struct kw_json j;

	kw_json_begin(&j, s, "options");
	kw_json_text(&j, "order", w->dfs ? "dfs" : "bfs");
	kw_json_bool(&j, "exact", w->exact);
	kw_json_bool(&j, "reduction", !w->no_reduction);
	kw_json_bool(&j, "folding", kw_world_folds(x->world));
	kw_json_bool(&j, "settling", kw_world_settles(x->world));
	kw_json_bool(&j, "persistent", kw_world_persists(x->world));
	kw_json_u64(&j, "symmetry", kw_world_symmetry(x->world));
	kw_json_u64(&j, "preemptions", w->preemptions);
	kw_json_u64(&j, "spurious_bound", w->spurious_bound);
	kw_json_bool(&j, "per_kick", w->per_kick);
	kw_json_bool(&j, "keep_going", w->keep_going);
	kw_json_u64(&j, "max_states", w->max_states);
	kw_json_u64(&j, "max_bytes", w->max_bytes);
	kw_json_text(&j, "check", w->check ? w->check : "all");
	put_list(&j, "without", w->without);
	put_list(&j, "only", w->only);
	kw_json_end(&j);
	g_strchomp(s->str);
	return g_string_free(s, FALSE);
}

static const char *object_of(const struct kw_retrace *r)
{
	const struct kw_counterexample *what = r->what;

	if (what->property == KW_FINDS_FAILED ||
	    what->property == KW_FINDS_RACE ||
	    what->property == KW_FINDS_ORDER)
		return NULL;
	if (what->property == KW_FINDS_DEADLOCK)
		return r->program->actors[r->actor].name;
	if (what->vcpu >= 0)
		return kw_world_vcpu(r->world, (unsigned)what->vcpu)->name;
	return r->program->objects[r->object].name;
}

static void add_example(const struct kw_explored *x, unsigned p, GArray *into)
{
	const struct kw_program *program = x->scenario->program;
	struct kw_counterexample what = kw_explored_example(x, p);
	GString *why = g_string_new(NULL), *text = g_string_new(NULL);
	GArray *steps = kw_witness_steps(x->world, &x->res.of[p]);
	struct kw_retrace r;
	struct kw_example e = { .property = kw_explored_name(x, p) };

	kw_retrace(&r, program, x->world, &what);
	kw_retrace_why(&r, why);
	kw_steps_text(program, steps, text);
	e.object = object_of(&r);
	e.moves = what.nr_moves;
	e.why = g_string_free(why, FALSE);
	e.steps = g_string_free(text, FALSE);
	g_array_append_val(into, e);
	kw_retrace_free(&r);
	g_array_free(steps, TRUE);
}

static const char *bound_of(const struct kw_explored *x)
{
	static const char *const names[] = {
		[KW_BOUND_STATES] = "states", [KW_BOUND_BYTES] = "bytes",
		[KW_BOUND_STOPPED] = "interrupted",
		[KW_BOUND_MEMORY] = "memory",
	};

	return names[x->res.bound];
}

bool kw_explored_keep(struct kw_cli *cli, struct kw_store *store,
		      const struct kw_explored *x, GError **err)
{
	GArray *examples = g_array_new(FALSE, FALSE,
				       sizeof(struct kw_example));
	char *options = options_of(x);
	struct kw_exploration e = {
		.kernel = x->what.kernel, .options = options,
		.memory = kw_weak_names[x->what.memory],
		.program_digest = x->scenario->program->digest,
		.verdict = kw_explored_verdict(x),
		.judgement = kw_explored_judgement(x),
		.complete = x->res.complete, .bound = bound_of(x),
		.states = x->res.states, .transitions = x->res.transitions,
		.ends = x->res.ends, .depth = x->res.depth,
		.state_bytes = kw_world_size(x->world),
		.bytes_max = x->res.bytes_max,
	};
	struct kw_provenance who;
	unsigned p, i;
	bool ok;

	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (x->res.of[p].found)
			add_example(x, p, examples);
	kw_cli_provenance(cli, &who);
	ok = kw_store_exploration(store, x->scenario, &e, examples,
				  cli->o.no_provenance ? NULL : &who, err);
	for (i = 0; i < examples->len; i++) {
		struct kw_example *ex = &g_array_index(examples,
						       struct kw_example, i);

		g_free((char *)ex->why);
		g_free((char *)ex->steps);
	}
	g_array_free(examples, TRUE);
	g_free(options);
	return ok;
}
