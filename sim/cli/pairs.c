/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what of a database `report` and `plot` speak of: the scenarios that
 * both kernels ran with the same seed, and the one run that tells most.
 */
#include <string.h>
#include "cli.h"

static void pair_free(gpointer p)
{
	struct kw_stored_pair *pair = p;

	kw_stored_free(pair->old_);
	kw_stored_free(pair->new_);
	g_free(pair);
}

static bool wanted(const struct kw_cli *cli, const char *scenario)
{
	unsigned i;

	for (i = 0; i < cli->args->len; i++)
		if (!strcmp(cli->args->pdata[i], scenario))
			return true;
	return !cli->args->len;
}

/* Takes the campaigns out of both lists. */
static bool add_pair(struct kw_store *store, GPtrArray *pairs,
		     gpointer *old_, gpointer *new_, GError **err)
{
	struct kw_stored_pair *p = g_new0(struct kw_stored_pair, 1);

	p->old_ = *old_;
	p->new_ = *new_;
	*old_ = *new_ = NULL;
	g_ptr_array_add(pairs, p);
	if (!kw_store_pairs(store, p->old_->id, p->new_->id, &p->pairs, err))
		return false;
	kw_compare(&p->pairs, &p->old_->sums.latency, &p->new_->sums.latency,
		   &p->result);
	return true;
}

static bool match(struct kw_cli *cli, struct kw_store *store, GPtrArray *o,
		  GPtrArray *n, GPtrArray *pairs, GError **err)
{
	unsigned i, k;

	for (i = 0; i < o->len; i++) {
		struct kw_stored *c = o->pdata[i];

		for (k = 0; c && k < n->len; k++) {
			struct kw_stored *d = n->pdata[k];

			if (!d || strcmp(c->scenario, d->scenario) ||
			    !wanted(cli, c->scenario))
				continue;
			if (!add_pair(store, pairs, &o->pdata[i],
				      &n->pdata[k], err))
				return false;
			break;
		}
	}
	return true;
}

static void none(struct kw_cli *cli, const char *old_, const char *new_,
		 GError **err)
{
	char *memory = kw_cli_in_memory(cli);

	g_set_error(err, KW_CLI_ERROR, KW_EXIT_NOTHING,
		    "%s: no scenario%s that both %s and %s ran with seed %"
		    G_GUINT64_FORMAT "%s (kvmwake compare runs them)",
		    cli->o.db, cli->args->len ? " of that name" : "", old_,
		    new_, cli->o.seed, memory);
	g_free(memory);
}

GPtrArray *kw_cli_pairs(struct kw_cli *cli, struct kw_store *store,
			const char *old_, const char *new_, GError **err)
{
	struct kw_wanted what = {
		.kernel = old_, .seed = &cli->o.seed,
		.memory = kw_weak_names[cli->model],
	};
	GPtrArray *o, *n = NULL, *pairs;
	bool ok = false;

	pairs = g_ptr_array_new_with_free_func(pair_free);
	o = kw_store_find(store, &what, err);
	what.kernel = new_;
	if (o)
		n = kw_store_find(store, &what, err);
	if (n)
		ok = match(cli, store, o, n, pairs, err);
	if (ok && !pairs->len)
		none(cli, old_, new_, err);
	ok = ok && pairs->len;
	if (o)
		g_ptr_array_free(o, TRUE);
	if (n)
		g_ptr_array_free(n, TRUE);
	if (ok)
		return pairs;
	g_ptr_array_free(pairs, TRUE);
	return NULL;
}

const struct kw_stored_pair *kw_cli_telling_pair(GPtrArray *pairs,
						 enum kw_judgement what,
						 const struct kw_stored **c,
						 uint64_t *run)
{
	static const uint8_t order[] = {
		KW_MISSED, KW_FAILED, KW_LATE, KW_SPURIOUS,
	};
	unsigned k, i;

	for (k = 0; k < G_N_ELEMENTS(order); k++) {
		enum kw_quantity q = order[k];

		for (i = 0; i < pairs->len; i++) {
			const struct kw_stored_pair *p = pairs->pdata[i];

			if (p->result.of[q].what != what)
				continue;
			*c = what == KW_WORSE ? p->new_ : p->old_;
			*run = (uint64_t)(what == KW_WORSE ?
					  p->pairs.of[q].first_more :
					  p->pairs.of[q].first_fewer);
			return p;
		}
	}
	return NULL;
}

static bool fresh(const struct kw_stored *c, const struct kw_scenario *s)
{
	return c->scenario_digest == s->digest &&
	       c->kernel_digest == s->kernel_digest &&
	       c->program_digest == kw_run_digest(s->program, c->memory);
}

bool kw_cli_record_stored(struct kw_cli *cli, const struct kw_stored *c,
			  uint64_t run, struct kw_recorded *rec, GError **err)
{
	struct kw_scenario *s;

	if (!kw_cli_find_data(cli, err))
		return false;
	s = kw_cli_load(cli, c->path, c->kernel, err);
	if (!s)
		return false;
	if (!fresh(c, s)) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s or %s has changed since it was stored: run "
			    "it again", c->path, c->kernel);
		kw_scenario_free(s);
		return false;
	}
	kw_cli_record(s, &(struct kw_record_opts){ c->seed, run, c->memory },
		      rec);
	return true;
}

bool kw_cli_excerpt(struct kw_cli *cli, const struct kw_stored *c,
		    uint64_t run, unsigned max_steps, GString *out,
		    GError **err)
{
	const struct kw_episode *e;
	struct kw_recorded rec;
	struct kw_columns cols = { .vcpu = -1, .to_ns = KW_NEVER_NS };
	GString *why;

	if (!kw_cli_record_stored(cli, c, run, &rec, err))
		return false;
	e = kw_worst_episode(&rec.result);
	cols.program = rec.scenario->program;
	cols.seen = (const struct kw_step_seen *)(void *)rec.seen->data;
	cols.nr_seen = rec.seen->len;
	cols.max_steps = max_steps;
	if (e) {
		cols.from_ns = e->begin;
		cols.to_ns = e->end;
	}
	kw_columns_print(&cols, out);
	why = g_string_new("why: ");
	kw_why(cols.program, &rec.result, cols.seen, cols.nr_seen, why);
	g_string_append_c(out, '\n');
	kw_text_fill(out, why->str, KW_WIDTH, "");
	g_string_free(why, TRUE);
	kw_recorded_free(&rec);
	return true;
}

static void put_side(struct kw_json *j, const char *key,
		     const struct kw_stored *c)
{
	kw_json_open(j, key, '{');
	kw_json_text(j, "kernel", c->kernel);
	kw_json_sums(j, &c->sums);
	kw_json_close(j, '}');
}

static void put_changes(struct kw_json *j, const struct kw_stored_pair *p)
{
	unsigned q;

	kw_json_open(j, "paired", '{');
	for (q = 0; q < KW_NR_QUANTITIES; q++) {
		const struct kw_change *c = &p->result.of[q];

		kw_json_open(j, kw_quantity_names[q], '{');
		kw_json_u64(j, "runs", p->pairs.runs);
		kw_json_u64(j, "both", p->pairs.of[q].both);
		kw_json_u64(j, "only_old", p->pairs.of[q].only_old);
		kw_json_u64(j, "only_new", p->pairs.of[q].only_new);
		kw_json_u64(j, "fewer", p->pairs.of[q].fewer);
		kw_json_u64(j, "more", p->pairs.of[q].more);
		kw_json_real(j, "p", c->p);
		kw_json_real(j, "low", c->low);
		kw_json_real(j, "high", c->high);
		kw_json_text(j, "judgement", kw_judgement_names[c->what]);
		kw_json_close(j, '}');
	}
	kw_json_close(j, '}');
}

void kw_cli_pair_json(struct kw_cli *cli, const struct kw_stored_pair *p,
		      const char *replay, GString *out)
{
	struct kw_json j;

	kw_json_begin(&j, out, "comparison");
	kw_json_text(&j, "scenario", p->old_->scenario);
	kw_json_u64(&j, "seed", cli->o.seed);
	kw_json_model(&j, cli->model);
	put_side(&j, "old", p->old_);
	put_side(&j, "new", p->new_);
	put_changes(&j, p);
	kw_json_text(&j, "judgement", kw_judgement_names[p->result.what]);
	if (replay)
		kw_json_text(&j, "replay", replay);
	kw_json_end(&j);
}
