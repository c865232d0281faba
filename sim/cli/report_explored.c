/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a mail says of explorations: what was proved and what was
 * found with either kernel, and one interleaving that tells them apart, of
 * the new kernel where there is one.
 */
#include <string.h>
#include "exploring.h"

struct side {
	const struct kw_exploration *x;	/* NULL: not explored */
	GPtrArray *examples;
};

struct pair {
	struct side of[2];		/* old, new */
};

static struct side *side_of(GArray *pairs, const struct kw_exploration *x,
			    unsigned k)
{
	struct pair new = { .of[0].x = NULL };
	unsigned i;

	for (i = 0; i < pairs->len; i++) {
		struct pair *p = &g_array_index(pairs, struct pair, i);
		const struct kw_exploration *o = p->of[!k].x;

		if (o && !p->of[k].x && !strcmp(o->scenario, x->scenario) &&
		    !strcmp(o->memory, x->memory))
			return &p->of[k];
	}
	g_array_append_val(pairs, new);
	return &g_array_index(pairs, struct pair, pairs->len - 1).of[k];
}

/* Of the kernel as it is: nothing left out. */
static bool add(GArray *pairs, GPtrArray *found, unsigned k,
		struct kw_store *store, GError **err)
{
	unsigned i;

	for (i = 0; i < found->len; i++) {
		const struct kw_exploration *x = found->pdata[i];
		struct side *s;

		if (*x->without || *x->only)
			continue;
		s = side_of(pairs, x, k);
		s->x = x;
		s->examples = kw_store_examples(store, x->id, err);
		if (!s->examples)
			return false;
	}
	return true;
}

static bool has(const struct side *s, const char *property)
{
	unsigned i;

	for (i = 0; s->examples && i < s->examples->len; i++)
		if (!strcmp(((struct kw_example *)s->examples->pdata[i])
				    ->property, property))
			return true;
	return false;
}

/* "violated: missed, I2", "proved", "-" */
static char *verdict(const struct side *s)
{
	GString *t = g_string_new(s->x ? s->x->verdict : "-");
	unsigned i;

	for (i = 0; s->examples && i < s->examples->len; i++)
		g_string_append_printf(t, "%s%s", i ? ", " : ": ",
			((struct kw_example *)s->examples->pdata[i])
				->property);
	return g_string_free(t, FALSE);
}

static void put_table(const struct kw_explored_report *r, const GArray *pairs)
{
	struct kw_table *t = kw_table_new("lllrl");
	unsigned i;

	g_string_append(r->out, "\nEvery interleaving:\n");
	kw_table_row(t, "explored", "memory", "old", "states", "new");
	for (i = 0; i < pairs->len; i++) {
		const struct pair *p = &g_array_index(pairs, struct pair, i);
		const struct kw_exploration *x = p->of[1].x ? p->of[1].x :
							      p->of[0].x;
		char *old = verdict(&p->of[0]), *new = verdict(&p->of[1]);
		char n[24];

		g_snprintf(n, sizeof(n), "%" G_GUINT64_FORMAT, x->states);
		kw_table_row(t, x->scenario, x->memory, old, n, new);
		g_free(old);
		g_free(new);
	}
	kw_table_narrow(t, 0, KW_WIDTH);
	kw_table_print(t, r->out);
	kw_table_free(t);
}

/* The first that side k has and the other, which was explored, has not. */
static char *telling(const GArray *pairs, unsigned k)
{
	unsigned i, e;

	for (i = 0; i < pairs->len; i++) {
		const struct pair *p = &g_array_index(pairs, struct pair, i);
		const struct side *s = &p->of[k];

		for (e = 0; p->of[!k].x && s->examples &&
			    e < s->examples->len; e++) {
			const struct kw_example *x = s->examples->pdata[e];

			if (!has(&p->of[!k], x->property))
				return g_strdup_printf("explore/%s/%s/%s/%s",
					s->x->scenario, s->x->kernel,
					s->x->memory, x->property);
		}
	}
	return NULL;
}

static bool put_telling(const struct kw_explored_report *r,
			const GArray *pairs, GError **err)
{
	char *id = telling(pairs, 1), *where, **part;
	bool worse = id, ok;
	unsigned n;

	if (!id)
		id = telling(pairs, 0);
	if (!id)
		return true;
	part = g_strsplit(id, "/", -1);
	n = g_strv_length(part);
	g_string_append_printf(r->out, "\n%s: %s under %s, with the %s kernel "
			       "only\n\n", part[1], part[n - 1], part[n - 2],
			       worse ? "new" : "old");
	g_strfreev(part);
	ok = kw_cli_found_excerpt(r->cli, id, r->max_steps, r->out, err);
	where = kw_cli_where(r->cli);
	g_string_append_printf(r->out, "replay: kvmwake replay %s%s%s\n", id,
			       *where ? " \\\n   " : "", where);
	g_free(where);
	g_free(id);
	return ok;
}

bool kw_cli_report_explored(const struct kw_explored_report *r,
			    struct kw_store *store, bool *any, GError **err)
{
	GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct pair));
	const char *kernels[] = { r->old_, r->new_ };
	GPtrArray *found[2] = { NULL, NULL };
	bool ok = kw_cli_find_data(r->cli, err);
	unsigned k, i;

	for (k = 0; ok && k < 2; k++) {
		found[k] = kw_store_explorations(store,
			&(struct kw_wanted_explorations){
				.kernel = kernels[k],
			}, err);
		ok = found[k] && add(pairs, found[k], k, store, err);
	}
	*any = ok && pairs->len;
	if (*any) {
		put_table(r, pairs);
		ok = put_telling(r, pairs, err);
	}
	for (i = 0; i < pairs->len; i++)
		for (k = 0; k < 2; k++) {
			struct side *s = &g_array_index(pairs, struct pair,
							i).of[k];

			if (s->examples)
				g_ptr_array_free(s->examples, TRUE);
		}
	for (k = 0; k < 2; k++)
		if (found[k])
			g_ptr_array_free(found[k], TRUE);
	g_array_free(pairs, TRUE);
	return ok;
}
