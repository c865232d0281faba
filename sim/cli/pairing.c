/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `explore --compare OLD NEW`: decides whether the new kernel is better in
 * every interleaving, and at which step the two part where they differ.
 *
 *	FIXED	what was found with old is not with new, nothing else is
 *	WORSE	something is found with new that is not with old
 *	same	the same is found
 *	bounded	not all was seen, so that what is not found says nothing
 *
 * Both are explored to the end, whatever is found on the way.
 */
#include <string.h>
#include "exploring.h"
#include "parting.h"

enum judgement { SAME, FIXED, WORSE, BOUNDED, NR_JUDGEMENTS };
static const char *const names[NR_JUDGEMENTS] = {
	"same", "FIXED", "WORSE", "bounded"
};

struct pairing {
	struct kw_cli *cli;
	struct kw_table *table;
	char *less;
	unsigned nr[NR_JUDGEMENTS];
};

static bool explore(struct pairing *y, const char *path, unsigned k,
		    struct kw_explored *x, GError **err)
{
	struct kw_exploring what = {
		.path = path, .kernel = y->cli->o.compare[k],
	};

	kw_exploring_defaults(y->cli, &what);
	what.keep_going = true;
	return kw_cli_explore(y->cli, &what, x, err);
}

/* *p: the property that tells, found in x[*in] only. */
static enum judgement judge(const struct kw_explored x[2], unsigned *p,
			    unsigned *in)
{
	enum judgement j = SAME;
	unsigned i;

	for (i = KW_NR_PROPERTIES; i-- > 0;) {
		bool old = x[0].res.of[i].found, new = x[1].res.of[i].found;

		if (old == new || (j == WORSE && old))
			continue;
		/* What is not found only counts when all was seen. */
		if (!x[old].res.complete)
			return BOUNDED;
		j = old ? FIXED : WORSE;
		*p = i;
		*in = new;
	}
	if (j == SAME && !(x[0].res.complete && x[1].res.complete))
		return BOUNDED;
	return j;
}

static void put_row(struct pairing *y, const struct kw_explored x[2],
		    enum judgement j)
{
	GString *v[2], *judged = g_string_new(NULL);
	char n[2][24];
	unsigned k;

	for (k = 0; k < 2; k++) {
		v[k] = g_string_new(NULL);
		kw_explored_put_verdict(&x[k], v[k]);
		g_snprintf(n[k], sizeof(n[k]), "%" G_GUINT64_FORMAT,
			   x[k].res.states);
	}
	kw_cli_color(y->cli, j == WORSE ? "1;31" : j == FIXED ? "32" :
		     j == BOUNDED ? "33" : "", names[j], judged);
	kw_table_row(y->table, x[0].scenario->name, y->cli->exploring, n[0],
		     v[0]->str, n[1], v[1]->str, judged->str);
	kw_table_print(y->table, y->cli->out);
	for (k = 0; k < 2; k++)
		g_string_free(v[k], TRUE);
	g_string_free(judged, TRUE);
}

/* --- the step at which they part ---------------------------------------- */

/* "vcpu0.mode = X, in kvm_vcpu_block (kernel/...:12)" */
static void put_step(const struct kw_parting *part, unsigned k, GString *out)
{
	const struct kw_program *p = part->p[k];
	const struct kw_step_seen *s;
	const struct kw_src *src;

	if (!k && part->ended) {
		g_string_append(out, "nobody does anything more");
		return;
	}
	if (k && part->stuck) {
		g_string_append_printf(out, "%s cannot go on there",
			part->p[0]->actors[part->actor].name);
		return;
	}
	s = &g_array_index(part->seen[k], struct kw_step_seen, part->at[k]);
	src = &p->srcs[p->nodes[s->e.node].src];
	kw_parting_text(part, k, part->at[k], out);
	g_string_append_printf(out, ", in %s (%s:%d)", src->path, src->file,
			       src->line);
}

/* How many steps are shown: of the one from a little before the parting on. */
static unsigned last_steps(const struct kw_parting *part, unsigned k)
{
	unsigned i, from = part->at[0] > 40 ? part->at[0] - 40 : 0, nr = 0;

	if (k)
		return 16;
	for (i = from; i < part->seen[0]->len; i++)
		nr += kw_step_matters(part->p[0],
				      &g_array_index(part->seen[0],
						     struct kw_step_seen, i));
	return nr;
}

static void put_columns(const struct kw_parting *part, unsigned k,
			GString *out)
{
	const struct kw_columns c = {
		.program = part->p[k], .vcpu = -1, .untimed = true,
		.seen = (const void *)part->seen[k]->data,
		.nr_seen = part->seen[k]->len, .max_steps = last_steps(part, k),
		.to_ns = UINT64_MAX,
	};

	kw_columns_print(&c, out);
}

static void put_parting(const struct kw_explored x[2], unsigned p, unsigned in,
			GString *out)
{
	struct kw_parting part;
	unsigned k;

	kw_part(&x[in], p, &x[!in], &part);
	if (!part.parted)
		g_string_append_printf(out, "\n%s: step by step %s does the "
			"same up to its end, %s.\n",
			kw_explored_name(&x[in], p), x[!in].what.kernel,
			p == KW_FINDS_ORDER ?
			"and takes another lock there, or takes them "
			"elsewhere in this order, too" :
			"and gets out of it there");
	else
		g_string_append_printf(out, "\n%s with %s: they part where %s "
			"does this,\n", kw_explored_name(&x[in], p),
			x[in].what.kernel,
			part.p[0]->actors[part.actor].name);
	for (k = 0; part.parted && k < 2; k++) {
		g_string_append_printf(out, "  %s: ",
				       x[k ? !in : in].what.kernel);
		put_step(&part, k, out);
		g_string_append_c(out, '\n');
	}
	for (k = 0; k < (part.parted ? 2 : 1); k++) {
		g_string_append_printf(out, "\n%s, %s:\n\n",
			x[k ? !in : in].what.kernel, k ?
			"a little further than that" : "to the end");
		put_columns(&part, k, out);
	}
	g_string_append_c(out, '\n');
	kw_parting_free(&part);
}

/* --- JSON --------------------------------------------------------------- */

static void put_json_side(const struct kw_explored *x, const char *key,
			  struct kw_json *j)
{
	unsigned p;

	kw_json_open(j, key, '{');
	kw_json_text(j, "kernel", x->what.kernel);
	kw_json_text(j, "verdict", kw_explored_verdict(x));
	kw_json_u64(j, "states", x->res.states);
	kw_json_bool(j, "complete", x->res.complete);
	kw_json_open(j, "found", '[');
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (x->res.of[p].found)
			kw_json_text(j, NULL, kw_explored_name(x, p));
	kw_json_close(j, ']');
	kw_json_close(j, '}');
}

static void put_json(struct pairing *y, const struct kw_explored x[2],
		     enum judgement j, unsigned p, unsigned in)
{
	GString *text = g_string_new(NULL);
	struct kw_parting part;
	struct kw_json json;
	unsigned k;

	kw_json_begin(&json, y->cli->out, "explored_pair");
	kw_json_text(&json, "scenario", x[0].scenario->name);
	kw_json_text(&json, "memory", y->cli->exploring);
	kw_json_text(&json, "judgement", names[j]);
	put_json_side(&x[0], "old", &json);
	put_json_side(&x[1], "new", &json);
	if (j == FIXED || j == WORSE) {
		kw_part(&x[in], p, &x[!in], &part);
		kw_json_text(&json, "property", kw_explored_name(&x[in], p));
		kw_json_bool(&json, "parted", part.parted);
		for (k = 0; part.parted && k < 2; k++) {
			g_string_truncate(text, 0);
			put_step(&part, k, text);
			kw_json_text(&json, k ^ in ? "new_step" : "old_step",
				     text->str);
		}
		kw_parting_free(&part);
	}
	kw_json_end(&json);
	g_string_free(text, TRUE);
}

/* --- the verb ----------------------------------------------------------- */

static bool pair(struct pairing *y, const char *path, GError **err)
{
	struct kw_explored x[2];
	enum judgement j;
	unsigned p = 0, in = 0;

	if (!explore(y, path, 0, &x[0], err))
		return false;
	if (!explore(y, path, 1, &x[1], err)) {
		kw_explored_free(&x[0]);
		return false;
	}
	if (!y->cli->stop) {
		j = judge(x, &p, &in);
		y->nr[j]++;
		if (y->cli->o.json)
			put_json(y, x, j, p, in);
		else if (!y->cli->o.quiet || j == WORSE)
			put_row(y, x, j);
		if (!y->cli->o.json && (j == WORSE || (j == FIXED &&
						       !y->cli->o.quiet)))
			put_parting(x, p, in, y->cli->out);
		kw_cli_flush(y->cli);
	}
	kw_explored_free(&x[0]);
	kw_explored_free(&x[1]);
	return true;
}

static bool put_heading(struct pairing *y, GPtrArray *files, GError **err)
{
	struct kw_cli *cli = y->cli;
	unsigned i;

	if (cli->o.json || cli->o.quiet)
		return true;
	g_string_append_printf(cli->out, "# kvmwake %s, memory %s%s%s: %s "
			       "(reference) against %s\n", KW_VERSION,
			       cli->exploring, *y->less ? "," : "", y->less,
			       cli->o.compare[0], cli->o.compare[1]);
	for (i = 0; i < files->len; i++) {
		struct kw_scenario *s = kw_cli_load(cli, files->pdata[i], NULL,
						    err);

		if (!s)
			return false;
		kw_table_width(y->table, 0, (unsigned)strlen(s->name));
		kw_scenario_free(s);
	}
	kw_table_width(y->table, 3, 20);
	kw_table_width(y->table, 5, 20);
	kw_table_row(y->table, "scenario", "memory", "states", "old", "states",
		     "new", "judgement");
	kw_table_print(y->table, cli->out);
	return true;
}

int kw_cli_explore_pair(struct kw_cli *cli)
{
	struct pairing y = { .cli = cli };
	GPtrArray *files;
	GError *err = NULL;
	unsigned i;

	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	files = kw_cli_scenarios(cli, &err);
	if (!files)
		return kw_cli_fail(cli, err);
	kw_cli_watch_signals(cli);
	y.less = kw_cli_less(cli->o.without, cli->o.only);
	y.table = kw_table_new("llrlrll");
	put_heading(&y, files, &err);
	for (i = 0; i < files->len && !err && !cli->stop; i++)
		pair(&y, files->pdata[i], &err);
	kw_table_free(y.table);
	g_free(y.less);
	g_ptr_array_free(files, TRUE);
	if (err)
		return kw_cli_fail(cli, err);
	if (cli->stop)
		return KW_EXIT_INTERRUPTED;
	kw_cli_note(cli, "%u FIXED, %u WORSE, %u same, %u bounded", y.nr[FIXED],
		    y.nr[WORSE], y.nr[SAME], y.nr[BOUNDED]);
	return y.nr[WORSE] ? KW_EXIT_DIFFERS :
	       y.nr[BOUNDED] ? KW_EXIT_NOTHING : KW_EXIT_FINE;
}
