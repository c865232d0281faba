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
 * is never found without it and is with it, and leaves what both have.  Each
 * exploration is made once, and goes to its end.
 */
#include <string.h>
#include "claims.h"
#include "exploring.h"

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

	g_free(f->kernel);
	g_free(f->replay);
	g_free(f);
}

/* --- explorations ------------------------------------------------------- */

static char *key_of(const char *scenario, const char *kernel,
		    const char *memory)
{
	return g_strconcat(scenario, " ", kernel, " ", memory, NULL);
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
	default:
		return KW_CLAIM_INVARIANT;
	}
}

static struct kw_claim_finding *explore(struct kw_judged_claims *j,
				  const char *path, const char *kernel,
				  const char *memory, GError **err)
{
	static const struct kw_looked_for nothing;
	struct kw_exploring what = { .path = path, .kernel = kernel };
	struct kw_explored x;
	struct kw_claim_finding *f;
	unsigned p;

	kw_exploring_defaults(j->cli, &what);
	what.memory = memory;
	what.expected = &nothing;
	if (!what.max_states)
		what.max_states = MAX_STATES;
	j->cli->exploring = memory;
	if (!kw_cli_explore(j->cli, &what, &x, err))
		return NULL;
	f = g_new0(struct kw_claim_finding, 1);
	f->kernel = g_strdup(kernel);
	f->replay = kw_explored_replay(&x);
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		f->found[claim_property(p)] |= x.res.of[p].found;
	f->complete = x.res.complete;
	f->exposed = x.res.exposed;
	f->states = x.res.states;
	j->bounded |= !x.res.complete;
	j->interrupted |= x.res.bound == KW_BOUND_STOPPED;
	kw_explored_free(&x);
	return f;
}

const struct kw_claim_finding *kw_claims_explore(
	struct kw_judged_claims *j, const char *scenario, const char *kernel,
	const char *memory, GError **err)
{
	const char *path = path_of(j, scenario);
	struct kw_claim_finding *f;
	char *key;

	if (!path) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "no scenario %s in %s/", scenario,
			    j->claims->scenarios);
		return NULL;
	}
	key = key_of(scenario, kernel, memory);
	f = g_hash_table_lookup(j->findings, key);
	if (f) {
		g_free(key);
		return f;
	}
	if (j->cli->tty_err && !j->cli->o.quiet)
		g_printerr("\r%.75s\033[K\r", key);
	f = explore(j, path, kernel, memory, err);
	if (f)
		g_hash_table_insert(j->findings, key, f);
	else
		g_free(key);
	return f;
}

static const struct kw_claim_finding *known(const struct kw_judged_claims *j,
				      const char *scenario,
				      const char *kernel, unsigned m)
{
	char *key = key_of(scenario, kernel, j->memories[m]);
	const struct kw_claim_finding *f;

	f = g_hash_table_lookup(j->findings, key);
	g_free(key);
	return f;
}

static char *with_patch(const char *kernel, const char *patch)
{
	return *patch ? g_strconcat(kernel, "+", patch, NULL) :
			g_strdup(kernel);
}

/* --- claims ------------------------------------------------------------- */

bool kw_claims_concerns(const struct kw_evidence *e, const char *kernel)
{
	return g_strv_contains((const char *const *)e->kernels, kernel);
}

const struct kw_claim_finding *kw_claims_finding(
	const struct kw_judged_claims *j, const struct kw_evidence *e,
	const char *kernel, unsigned m)
{
	char *k = with_patch(kernel, e->on);
	const struct kw_claim_finding *f = known(j, e->scenario, k, m);

	g_free(k);
	return f;
}

enum kw_agrees kw_claims_agrees(const struct kw_evidence *e,
				const struct kw_claim_finding *f)
{
	if (f->found[e->property])
		return e->sometimes ? KW_AGREES : KW_DISAGREES;
	if (!f->complete || !f->exposed)
		return KW_AGREES_OPEN;
	return e->sometimes ? KW_DISAGREES : KW_AGREES;
}

enum kw_claim_verdict kw_claims_judge(const struct kw_judged_claims *j,
				      const struct kw_claim *c,
				      const char *kernel, unsigned m)
{
	unsigned nr[3] = { 0 }, i;

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

static bool explore_claim(struct kw_judged_claims *j,
			  const struct kw_claim *c, GError **err)
{
	unsigned i, k, m;

	for (i = 0; i < c->nr_evidence; i++) {
		const struct kw_evidence *e = &c->evidence[i];

		for (k = 0; e->kernels[k]; k++)
			for (m = 0; m < j->nr_memories; m++) {
				char *kernel = with_patch(e->kernels[k],
							  e->on);
				bool ok = kw_claims_explore(j, e->scenario,
					kernel, j->memories[m], err);

				g_free(kernel);
				if (!ok || j->interrupted)
					return false;
			}
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

const struct kw_claim_finding *kw_claims_of_proposal(
	const struct kw_judged_claims *j, const struct kw_proposal *p,
	const char *scenario, bool with, unsigned m)
{
	char *k = with_patch(base_of(j->claims, scenario),
			     with ? p->patch : "");
	const struct kw_claim_finding *f = known(j, scenario, k, m);

	g_free(k);
	return f;
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
	if (before->found[what] && after->found[what])
		return KW_LEAVES;
	if (before->found[what])
		return after->complete ? KW_FIXES : KW_UNKNOWN;
	if (after->found[what])
		return before->complete ? KW_BREAKS : KW_UNKNOWN;
	return before->complete && after->complete ? KW_NR_EFFECTS :
						     KW_UNKNOWN;
}

static bool explore_proposal(struct kw_judged_claims *j,
			     const struct kw_proposal *p, GError **err)
{
	unsigned s, m, with;

	for (s = 0; s < j->scenarios->len; s++)
		for (m = 0; m < j->nr_memories; m++)
			for (with = 0; with < 2; with++) {
				const char *name = j->scenarios->pdata[s];
				char *k = with_patch(base_of(j->claims, name),
						     with ? p->patch : "");
				bool ok = kw_claims_explore(j, name, k,
							    j->memories[m],
							    err);

				g_free(k);
				if (!ok || j->interrupted)
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

static bool explore_all(struct kw_judged_claims *j, GError **err)
{
	const struct kw_claims *c = j->claims;
	unsigned i;
	bool ok = check_ids(j->cli, c, err) && find_scenarios(j, err);

	for (i = 0; ok && i < c->nr_claims; i++)
		ok = !kw_claims_asked(j->cli, c->claims[i].id) ||
		     explore_claim(j, &c->claims[i], err);
	for (i = 0; ok && i < c->nr_proposals; i++)
		ok = !kw_claims_asked(j->cli, c->proposals[i].id) ||
		     explore_proposal(j, &c->proposals[i], err);
	if (j->cli->tty_err && !j->cli->o.quiet)
		g_printerr("\r\033[K");
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
					   finding_free);
	kw_cli_watch_signals(cli);
	if (explore_all(&j, &err))
		code = put_all(&j);
	g_hash_table_destroy(j.findings);
	g_ptr_array_free(j.scenarios, TRUE);
	g_ptr_array_free(j.paths, TRUE);
	kw_claims_free(claims);
	return err ? kw_cli_fail(cli, err) : code;
}
