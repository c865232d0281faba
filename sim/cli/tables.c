/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which tables can stand in a predicate's place: searches one that
 * all clauses allow, explores it, and learns a clause from what goes wrong.
 *
 * An interleaving that ends badly is the same under every table that agrees
 * on the cells that were looked up in it: one of them must be otherwise.  A
 * table is only ever believed when every scenario was explored with it.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "tables.h"

static void progress(const struct kw_tables *t, const char *name)
{
	if (t->cli->tty_err && !t->cli->o.quiet)
		kw_cli_progress("table %" G_GUINT64_FORMAT ", %s",
				t->explorations, name);
}

static struct kw_tried *tried(const struct kw_tables *t, unsigned i)
{
	return &g_array_index(t->tried, struct kw_tried, i);
}

static struct kw_scenario *load(struct kw_tables *t, const char *path,
				const uint8_t *cells, GError **err)
{
	const struct kw_script s = {
		.lua_dir = kw_cli_lua(t->cli), .kernel = t->kernel,
		.path = path, .exploring = t->cli->exploring, .cells = cells,
	};

	return kw_script_load(&s, err);
}

/* The cell that a mark "cell 12" stands for, or -1. */
static int cell_of(const char *mark)
{
	return strncmp(mark, "cell ", 5) ? -1 : atoi(mark + 5);
}

static bool explore(struct kw_tables *t, const struct kw_exploring *what,
		    const uint8_t *cells, struct kw_explored *x, GError **err)
{
	struct kw_scenario *s = load(t, what->path, cells, err);

	if (!s)
		return false;
	progress(t, s->name);
	if (!kw_cli_explore_loaded(t->cli, what, s, x, err))
		return false;
	t->explorations++;
	t->states += x->res.states;
	return true;
}

static unsigned vcpus_of(const struct kw_program *p)
{
	unsigned i, nr = 0;

	for (i = 0; i < p->nr_objects; i++)
		nr += !strcmp(p->kinds[p->objects[i].kind].name, "vcpu");
	return nr;
}

bool kw_tables_add(struct kw_tables *t, const char *path, GError **err)
{
	static const struct kw_looked_for nothing;
	struct kw_tried y = { .what = { .path = path, .kernel = t->kernel } };
	uint8_t cells[KW_ASK_CELLS];
	bool marks[UINT16_MAX + 1] = { false };
	struct kw_exploring what;
	struct kw_explored x;
	unsigned i;
	int cell;

	kw_exploring_defaults(t->cli, &y.what);
	y.what.show_progress = false;
	y.what.check = "";
	memset(cells, KW_CELL_EITHER, sizeof(cells));
	what = y.what;
	what.expected = &nothing;
	what.marks = marks;
	if (!explore(t, &what, cells, &x, err))
		return false;
	y.name = g_strdup(x.scenario->name);
	y.bounded = !x.res.complete;
	y.several = vcpus_of(x.scenario->program) > 1;
	for (i = 0; !y.bounded && i < x.scenario->program->nr_marks; i++) {
		cell = cell_of(x.scenario->program->marks[i]);
		if (marks[i] && cell >= 0)
			t->seen[cell] = true;
	}
	kw_explored_free(&x);
	g_array_append_val(t->tried, y);
	return true;
}

/* --- clauses ------------------------------------------------------------ */

struct watch {
	const struct kw_program *p;
	const uint8_t *table;
	struct kw_clause clause;
};

static void watch(void *arg, const uint8_t *before, const uint8_t *after,
		  unsigned actor, const struct kw_done *done)
{
	struct watch *w = arg;
	int cell;

	(void)before;
	(void)after;
	(void)actor;
	if (done->effect != KW_EFF_MARK)
		return;
	cell = cell_of(w->p->marks[done->val]);
	if (cell >= 0)
		w->clause.want[cell] = !w->table[cell];
}

/* What the way to property p looked up. */
static void learn(struct kw_tables *t, unsigned i, const uint8_t *table,
		  const struct kw_explored *x, enum kw_property p)
{
	const struct kw_witness *found = &x->res.of[p];
	uint8_t *s = g_malloc0(kw_world_size(x->world));
	struct watch w = { .p = x->scenario->program, .table = table };
	struct kw_seen_by_move seen;
	unsigned m;

	memset(w.clause.want, KW_ASK_FREE, sizeof(w.clause.want));
	w.clause.from = KW_TABLES_FROM(i, p);
	kw_world_watch_start(x->world, s, watch, &w);
	for (m = 0; m < found->nr_moves; m++)
		kw_world_watch(x->world, s, &found->moves[m], &seen, watch,
			       &w);
	g_free(s);
	g_array_append_val(t->clauses, w.clause);
}

static unsigned nr_wanted(const struct kw_clause *k)
{
	unsigned c, nr = 0;

	for (c = 0; c < KW_ASK_CELLS; c++)
		nr += k->want[c] != KW_ASK_FREE;
	return nr;
}

int kw_tables_witness(const struct kw_tables *t, unsigned cell, uint8_t so,
		      enum kw_property *p)
{
	unsigned i, least = UINT_MAX;
	int in = -1;

	for (i = 0; i < t->clauses->len; i++) {
		const struct kw_clause *k = &g_array_index(
			t->clauses, struct kw_clause, i);

		if (k->want[cell] != so || t->given_up[k->from] ||
		    nr_wanted(k) >= least)
			continue;
		least = nr_wanted(k);
		*p = k->from % KW_TABLES_PROPERTIES;
		in = (int)(k->from / KW_TABLES_PROPERTIES);
	}
	return in;
}

/* Explores the table in scenario i; *fine: nothing was found. */
static bool judge(struct kw_tables *t, unsigned i, const uint8_t *table,
		  bool *fine, GError **err)
{
	struct kw_looked_for f = { .any = true };
	struct kw_exploring what = tried(t, i)->what;
	struct kw_explored x;
	unsigned p;

	*fine = true;
	for (p = 0; p < KW_TABLES_PROPERTIES; p++)
		f.never[p] = !t->given_up[KW_TABLES_FROM(i, p)];
	what.expected = &f;
	if (!explore(t, &what, table, &x, err))
		return false;
	for (p = 0; p < KW_TABLES_PROPERTIES; p++)
		if (f.never[p] && x.res.of[p].found) {
			learn(t, i, table, &x, p);
			*fine = false;
		}
	t->bounded |= *fine && !x.res.complete;
	kw_explored_free(&x);
	return true;
}

bool kw_tables_try(struct kw_tables *t, unsigned i, const uint8_t *table,
		   bool found[KW_TABLES_PROPERTIES], GError **err)
{
	static const struct kw_looked_for nothing;
	struct kw_exploring what = tried(t, i)->what;
	struct kw_explored x;
	unsigned p;

	what.expected = &nothing;
	if (!explore(t, &what, table, &x, err))
		return false;
	for (p = 0; p < KW_TABLES_PROPERTIES; p++)
		found[p] = x.res.of[p].found;
	kw_explored_free(&x);
	return true;
}

/* --- the search --------------------------------------------------------- */

/* What is spurious is given up before what fails or is missed. */
static unsigned *prices(const struct kw_tables *t)
{
	static const unsigned of[KW_TABLES_PROPERTIES] = {
		[KW_FINDS_SPURIOUS] = 4 * KW_ASK_CELLS,
		[KW_FINDS_FAILED] = 4 * KW_ASK_CELLS + 1,
		[KW_FINDS_DEADLOCK] = 4 * KW_ASK_CELLS + 1,
		[KW_FINDS_RACE] = 4 * KW_ASK_CELLS + 1,
		[KW_FINDS_MISSED] = 4 * KW_ASK_CELLS + 2,
	};
	unsigned n = t->tried->len * KW_TABLES_PROPERTIES, i;
	unsigned *price = g_new0(unsigned, n + 1);

	for (i = 0; i < n; i++)
		price[i] = of[i % KW_TABLES_PROPERTIES];
	return price;
}

/* Explores all scenarios with the table, beginning with *last. */
static bool judge_all(struct kw_tables *t, const uint8_t *table,
		      unsigned *last, bool *fine, GError **err)
{
	unsigned n, i;

	*fine = true;
	for (n = 0; *fine && n < t->tried->len; n++) {
		i = (*last + n) % t->tried->len;
		if (tried(t, i)->bounded)
			continue;
		if (!judge(t, i, table, fine, err))
			return false;
		if (t->cli->stop || t->bounded)
			return true;
		if (!*fine)
			*last = i;	/* where the next may fail, too */
	}
	return true;
}

/* Until a table is fine, or there is none. */
static bool find(struct kw_tables *t, struct kw_solve *s, bool *none,
		 GError **err)
{
	bool fine = false, *before;
	unsigned last = 0;

	before = g_memdup2(t->given_up, s->nr_from);
	s->given_up = t->given_up;
	*none = false;
	while (!fine && !*none && !t->cli->stop && !t->bounded) {
		memcpy(t->given_up, before, s->nr_from);
		*none = !kw_ask_solve(s);
		if (!*none && !judge_all(t, s->table, &last, &fine, err))
			break;
	}
	g_free(before);
	return !*err;
}

/*
 * Where something is missed whatever a table says, one that never wakes is as
 * good as any, and never spurious: that would be all that is asked of it.
 */
static bool give_up_spurious(struct kw_tables *t)
{
	bool any = false, *spurious;
	unsigned i;

	for (i = 0; i < t->tried->len; i++) {
		spurious = &t->given_up[KW_TABLES_FROM(i, KW_FINDS_SPURIOUS)];
		if (!t->given_up[KW_TABLES_FROM(i, KW_FINDS_MISSED)] ||
		    *spurious)
			continue;
		*spurious = any = true;
	}
	return any;
}

bool kw_tables_start(struct kw_tables *t, bool most, uint8_t *table,
		     GError **err)
{
	uint8_t fixed[KW_ASK_CELLS];
	struct kw_solve s = {
		.clauses = t->clauses, .fixed = fixed, .most = most,
		.nr_from = t->tried->len * KW_TABLES_PROPERTIES,
	};
	unsigned *price = prices(t);
	bool none, ok;

	memset(fixed, KW_ASK_FREE, sizeof(fixed));
	s.price = price;
	if (!t->given_up)
		t->given_up = g_new0(bool, s.nr_from + 1);
	do {
		ok = find(t, &s, &none, err);
	} while (ok && !t->cli->stop && !t->bounded && give_up_spurious(t));
	memcpy(table, s.table, sizeof(s.table));
	g_free(price);
	return ok;
}

bool kw_tables_possible(struct kw_tables *t, unsigned cell, uint8_t so,
			bool *yes, GError **err)
{
	uint8_t fixed[KW_ASK_CELLS];
	struct kw_solve s = {
		.clauses = t->clauses, .fixed = fixed, .most = !so,
		.nr_from = t->tried->len * KW_TABLES_PROPERTIES,
	};
	unsigned *price = g_new0(unsigned, s.nr_from + 1);
	bool none, ok;

	memset(fixed, KW_ASK_FREE, sizeof(fixed));
	fixed[cell] = so;
	s.price = price;
	ok = find(t, &s, &none, err);
	*yes = !none;
	g_free(price);
	return ok;
}
