/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `claims`: decides what explorations say of each claim and proposal.
 *
 * A claim's evidence predicts what an exploration finds.  With one kernel and
 * one memory model the claim
 *
 *	holds		all of it goes as predicted
 *	fails		none of it does
 *	is qualified	some does, some does not
 *	is open		none differs, but something was bounded or vacuous
 *
 * A proposal fixes what is found without it and never with it, breaks what
 * is never found without it and is with it, and leaves what both have.
 *
 * Which explorations that takes is collected first; then each is made once,
 * several at the same time, goes to its end, and is kept in the database.
 */
#include <string.h>
#include "claims.h"
#include "each.h"

#define MAX_STATES 1000000	/* of an exploration, unless --max-states */

const char *const kw_claim_verdicts[KW_NR_CLAIM_VERDICTS] = {
	[KW_CLAIM_HOLDS] = "holds", [KW_CLAIM_QUALIFIED] = "qualified",
	[KW_CLAIM_FAILS] = "fails", [KW_CLAIM_OPEN] = "open",
};

const char *const kw_effect_names[KW_NR_EFFECTS] = {
	[KW_FIXES] = "fixes", [KW_BREAKS] = "breaks", [KW_LEAVES] = "leaves",
	[KW_UNKNOWN] = "not known",
};

static void finding_free(gpointer p)
{
	struct kw_claim_finding *f = p;
	unsigned i;

	if (f->explored)
		kw_explored_free(&f->x);
	for (i = 0; i < KW_NR_CLAIM_PROPERTIES; i++)
		g_free(f->replay[i]);
	g_ptr_array_free(f->without, TRUE);
	g_free(f->kernel);
	g_free(f);
}

/* --- what is to be explored --------------------------------------------- */

static char *kernel_of(const struct kw_claim_asked *q)
{
	return g_strconcat(q->kernel, *q->patch ? "+" : "", q->patch, NULL);
}

static char *key_of(const struct kw_judged_claims *j,
		    const struct kw_claim_asked *q, unsigned m)
{
	char *kernel = kernel_of(q);
	char *key = g_strjoin(" ", q->scenario, kernel, j->memories[m],
			      q->without, NULL);

	g_free(kernel);
	return key;
}

static const char *path_of(const struct kw_judged_claims *j,
			   const char *scenario)
{
	unsigned i;

	for (i = 0; i < j->scenarios->len; i++)
		if (!strcmp(j->scenarios->pdata[i], scenario))
			return j->paths->pdata[i];
	return NULL;
}

static struct kw_claim_finding *find(const struct kw_judged_claims *j,
				     const struct kw_claim_asked *q,
				     unsigned m)
{
	char *key = key_of(j, q, m);
	struct kw_claim_finding *f = g_hash_table_lookup(j->findings, key);

	g_free(key);
	return f;
}

static struct kw_claim_finding *add(struct kw_judged_claims *j,
				    const struct kw_claim_asked *q,
				    const char *path, unsigned m)
{
	struct kw_claim_finding *f = find(j, q, m);

	if (f)
		return f;
	f = g_new0(struct kw_claim_finding, 1);
	f->path = path;
	f->kernel = kernel_of(q);
	f->without = g_ptr_array_new();
	if (*q->without)
		g_ptr_array_add(f->without, (char *)q->without);
	f->m = m;
	g_hash_table_insert(j->findings, key_of(j, q, m), f);
	g_ptr_array_add(j->order, f);
	return f;
}

static bool is_under(const char *const *under, const char *memory)
{
	return !*under || g_strv_contains(under, memory);
}

/* Under these memories (none: under each), unless it is wanted already. */
static bool want(struct kw_judged_claims *j, const struct kw_claim_asked *q,
		 const char *const *under, GError **err)
{
	const char *path = path_of(j, q->scenario);
	unsigned m;

	if (!path) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "no scenario %s in %s/", q->scenario,
			    j->claims->scenarios);
		return false;
	}
	for (m = 0; m < j->nr_memories; m++)
		if (is_under(under, j->memories[m]))
			add(j, q, path, m)->storm |= q->storm;
	return true;
}

/* --- explorations ------------------------------------------------------- */

static enum kw_claim_property claim_property(enum kw_property p)
{
	switch (p) {
	case KW_FINDS_MISSED:
		return KW_CLAIM_MISSED;
	case KW_FINDS_SPURIOUS:
		return KW_CLAIM_SPURIOUS;
	case KW_FINDS_FAILED:
	case KW_FINDS_DEADLOCK:
		return KW_CLAIM_FAILED;
	case KW_FINDS_RACE:
		return KW_CLAIM_RACE;
	case KW_FINDS_ORDER:
		return KW_CLAIM_ORDER;
	case KW_FINDS_STORM:
		return KW_CLAIM_STORM;
	default:
		return KW_CLAIM_INVARIANT;
	}
}

static bool explore(void *arg, unsigned i, GError **err)
{
	static const struct kw_looked_for nothing;
	struct kw_judged_claims *j = arg;
	struct kw_claim_finding *f = j->order->pdata[i];
	struct kw_exploring what = { .path = f->path, .kernel = f->kernel };

	kw_exploring_defaults(j->cli, &what);
	what.without = f->without;
	what.memory = kw_cli_model_named(j->memories[f->m]);
	what.kept = j->where;
	what.storm = f->storm;
	what.expected = &nothing;
	what.jobs = kw_each_share(what.jobs, j->order->len);
	what.show_progress = false;
	if (!what.max_states)
		what.max_states = MAX_STATES;
	f->explored = kw_cli_explore(j->cli, &what, &f->x, err);
	return f->explored;
}

static void sum_up(struct kw_claim_finding *f)
{
	const struct kw_explored *x = &f->x;
	unsigned p, c;

	for (p = 0; p < KW_NR_PROPERTIES; p++) {
		c = claim_property(p);
		if (!x->res.of[p].found)
			continue;
		f->found[c] = true;
		if (!f->replay[c])
			f->replay[c] = kw_explored_replay_of(x, p);
	}
	for (c = 0; c < KW_NR_CLAIM_PROPERTIES; c++)
		if (!f->replay[c])
			f->replay[c] = kw_explored_replay(x);
	for (c = 0; c < KW_NR_CLAIM_PROPERTIES; c++)
		f->seen[c] = x->res.complete;
	f->storm = x->storm;
	f->seen[KW_CLAIM_STORM] &= x->res.storms;
	f->exposed = x->res.exposed;
	f->states = x->res.states;
}

static bool keep(void *arg, unsigned i, GError **err)
{
	struct kw_judged_claims *j = arg;
	struct kw_claim_finding *f = j->order->pdata[i];

	j->interrupted = j->cli->stop;
	if (j->interrupted || !kw_explored_keep(j->cli, j->store, &f->x, err))
		return false;
	sum_up(f);
	j->bounded |= !f->seen[f->storm ? KW_CLAIM_STORM : KW_CLAIM_MISSED];
	kw_explored_free(&f->x);
	f->explored = false;
	if (j->cli->tty_err && !j->cli->o.quiet)
		kw_cli_progress("%u of %u explored", i + 1, j->order->len);
	return true;
}

static bool explore_all(struct kw_judged_claims *j, GError **err)
{
	const struct kw_each each = {
		.nr = j->order->len, .jobs = kw_cli_jobs(j->cli),
		.work = explore, .deliver = keep, .arg = j,
	};

	j->store = kw_store_open(j->cli->o.db, KW_STORE_WRITE, err);
	if (!j->store)
		return false;
	kw_each(&each, err);
	kw_store_close(j->store, *err ? NULL : err);
	if (j->cli->tty_err && !j->cli->o.quiet)
		kw_cli_progress("%s", "");
	return !*err && !j->interrupted;
}

/* --- claims ------------------------------------------------------------- */

static struct kw_claim_asked asked_by(const struct kw_evidence *e,
				      const char *kernel)
{
	return (struct kw_claim_asked){
		.scenario = e->scenario, .kernel = kernel, .patch = e->on,
		.without = e->without,
		.storm = e->property == KW_CLAIM_STORM,
	};
}

bool kw_claims_concerns(const struct kw_evidence *e, const char *kernel)
{
	return g_strv_contains((const char *const *)e->kernels, kernel);
}

const struct kw_claim_finding *kw_claims_finding(
	const struct kw_judged_claims *j, const struct kw_evidence *e,
	const char *kernel, unsigned m)
{
	const struct kw_claim_asked q = asked_by(e, kernel);

	if (!is_under(e->under, j->memories[m]))
		return NULL;
	return find(j, &q, m);
}

enum kw_agrees kw_claims_agrees(const struct kw_evidence *e,
				const struct kw_claim_finding *f)
{
	if (!f)
		return KW_NOT_ASKED;
	if (f->found[e->property])
		return e->sometimes ? KW_AGREES : KW_DISAGREES;
	if (!f->seen[e->property] || !f->exposed)
		return KW_AGREES_OPEN;
	return e->sometimes ? KW_DISAGREES : KW_AGREES;
}

enum kw_claim_verdict kw_claims_judge(const struct kw_judged_claims *j,
				      const struct kw_claim *c,
				      const char *kernel, unsigned m)
{
	unsigned nr[4] = { 0 }, i;

	for (i = 0; i < c->nr_evidence; i++) {
		const struct kw_evidence *e = &c->evidence[i];

		if (kw_claims_concerns(e, kernel))
			nr[kw_claims_agrees(e, kw_claims_finding(j, e, kernel,
								 m))]++;
	}
	if (nr[KW_DISAGREES])
		return nr[KW_AGREES] || nr[KW_AGREES_OPEN] ?
			KW_CLAIM_QUALIFIED : KW_CLAIM_FAILS;
	return nr[KW_AGREES_OPEN] || !nr[KW_AGREES] ? KW_CLAIM_OPEN :
						      KW_CLAIM_HOLDS;
}

static bool want_claim(struct kw_judged_claims *j, const struct kw_claim *c,
		       GError **err)
{
	struct kw_claim_asked q;
	unsigned i, k;

	for (i = 0; i < c->nr_evidence; i++)
		for (k = 0; c->evidence[i].kernels[k]; k++) {
			q = asked_by(&c->evidence[i],
				     c->evidence[i].kernels[k]);
			if (!want(j, &q, c->evidence[i].under, err))
				return false;
		}
	return true;
}

/* --- proposals ---------------------------------------------------------- */

static const char *base_of(const struct kw_claims *c, const char *scenario)
{
	unsigned i;

	for (i = 0; c->bases[i]; i += 2)
		if (!strcmp(c->bases[i], scenario))
			return c->bases[i + 1];
	return c->base;
}

static struct kw_claim_asked asked_of(const struct kw_judged_claims *j,
				      const struct kw_proposal *p,
				      const char *scenario, bool with)
{
	return (struct kw_claim_asked){
		.scenario = scenario, .kernel = base_of(j->claims, scenario),
		.patch = with ? p->patch : "", .without = "",
	};
}

const struct kw_claim_finding *kw_claims_of_proposal(
	const struct kw_judged_claims *j, const struct kw_proposal *p,
	const char *scenario, bool with, unsigned m)
{
	const struct kw_claim_asked q = asked_of(j, p, scenario, with);

	return find(j, &q, m);
}

enum kw_claim_effect kw_claims_effect(const struct kw_judged_claims *j,
				const struct kw_proposal *p,
				const char *scenario,
				enum kw_claim_property what,
				unsigned m)
{
	const struct kw_claim_finding *before, *after;

	before = kw_claims_of_proposal(j, p, scenario, false, m);
	after = kw_claims_of_proposal(j, p, scenario, true, m);
	if (what == KW_CLAIM_STORM && !(before->storm && after->storm))
		return KW_NR_EFFECTS;
	if (before->found[what] && after->found[what])
		return KW_LEAVES;
	if (before->found[what])
		return after->seen[what] ? KW_FIXES : KW_UNKNOWN;
	if (after->found[what])
		return before->seen[what] ? KW_BREAKS : KW_UNKNOWN;
	return before->seen[what] && after->seen[what] ? KW_NR_EFFECTS :
							 KW_UNKNOWN;
}

static bool want_proposal(struct kw_judged_claims *j,
			  const struct kw_proposal *p, GError **err)
{
	static const char *const each[] = { NULL };
	struct kw_claim_asked q;
	unsigned s, with;

	for (s = 0; s < j->scenarios->len; s++)
		for (with = 0; with < 2; with++) {
			q = asked_of(j, p, j->scenarios->pdata[s], with);
			if (!want(j, &q, each, err))
				return false;
		}
	return true;
}

/* --- the verb ----------------------------------------------------------- */

bool kw_claims_asked(const struct kw_cli *cli, const char *id)
{
	unsigned i;

	for (i = 0; i < cli->args->len; i++)
		if (!strcmp(cli->args->pdata[i], id))
			return true;
	return !cli->args->len;
}

static bool check_ids(const struct kw_cli *cli, const struct kw_claims *c,
		      GError **err)
{
	unsigned i, k;

	for (i = 0; i < cli->args->len; i++) {
		const char *id = cli->args->pdata[i];
		bool is = false;

		for (k = 0; k < c->nr_claims; k++)
			is |= !strcmp(c->claims[k].id, id);
		for (k = 0; k < c->nr_proposals; k++)
			is |= !strcmp(c->proposals[k].id, id);
		if (!is) {
			g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
				    "no claim \"%s\": expected M1 and the "
				    "like", id);
			return false;
		}
	}
	return true;
}

static bool find_memories(struct kw_judged_claims *j)
{
	const char *wanted = j->cli->o.memory;
	unsigned i;

	for (i = 0; i < KW_WEAK_NR; i++)
		if (!wanted || !strcmp(wanted, kw_weak_names[i]))
			j->memories[j->nr_memories++] = kw_weak_names[i];
	return j->nr_memories;
}

/* The scenarios of the folder, beside lua/. */
static bool find_scenarios(struct kw_judged_claims *j, GError **err)
{
	char *top = g_path_get_dirname(kw_cli_lua(j->cli));
	char *dir = strcmp(top, ".") ?
		g_build_filename(top, j->claims->scenarios, NULL) :
		g_strdup(j->claims->scenarios);
	bool ok = kw_cli_lua_files(dir, false, j->paths, err);
	unsigned i;

	for (i = 0; ok && i < j->paths->len; i++) {
		char *name = g_path_get_basename(j->paths->pdata[i]);

		name[strlen(name) - strlen(".lua")] = '\0';
		g_ptr_array_add(j->scenarios, name);
	}
	g_free(dir);
	g_free(top);
	return ok;
}

static bool want_all(struct kw_judged_claims *j, GError **err)
{
	const struct kw_claims *c = j->claims;
	unsigned i;
	bool ok = check_ids(j->cli, c, err) && find_scenarios(j, err);

	for (i = 0; ok && i < c->nr_claims; i++)
		ok = !kw_claims_asked(j->cli, c->claims[i].id) ||
		     want_claim(j, &c->claims[i], err);
	for (i = 0; ok && i < c->nr_proposals; i++)
		ok = !kw_claims_asked(j->cli, c->proposals[i].id) ||
		     want_proposal(j, &c->proposals[i], err);
	return ok;
}

static int put_all(struct kw_judged_claims *j)
{
	struct kw_cli *cli = j->cli;

	if (cli->o.json)
		kw_claims_put_json(j, cli->out);
	else if (cli->o.markdown)
		kw_claims_put_markdown(j, cli->out);
	else
		kw_claims_put(j, cli->o.quiet, cli->out);
	kw_cli_flush(cli);
	return j->bounded ? KW_EXIT_NOTHING : KW_EXIT_FINE;
}

int kw_verb_claims(struct kw_cli *cli)
{
	struct kw_judged_claims j = { .cli = cli };
	struct kw_claims *claims;
	GError *err = NULL;
	char *path;
	int code = KW_EXIT_INTERRUPTED;

	if (!find_memories(&j))
		return kw_cli_usage(cli, "--memory: \"%s\" is none of sc, "
				    "tso, arm64", cli->o.memory);
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	path = g_build_filename(kw_cli_lua(cli), "claims/ode.lua", NULL);
	claims = kw_claims_load(kw_cli_lua(cli), path, &err);
	g_free(path);
	if (!claims)
		return kw_cli_fail(cli, err);
	j.claims = claims;
	j.paths = g_ptr_array_new_with_free_func(g_free);
	j.scenarios = g_ptr_array_new_with_free_func(g_free);
	j.findings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   NULL);
	j.order = g_ptr_array_new_with_free_func(finding_free);
	j.where = kw_cli_where(cli);
	kw_cli_watch_signals(cli);
	if (want_all(&j, &err) && explore_all(&j, &err))
		code = put_all(&j);
	g_hash_table_destroy(j.findings);
	g_ptr_array_free(j.order, TRUE);
	g_free(j.where);
	g_ptr_array_free(j.scenarios, TRUE);
	g_ptr_array_free(j.paths, TRUE);
	kw_claims_free(claims);
	return err ? kw_cli_fail(cli, err) : code;
}
