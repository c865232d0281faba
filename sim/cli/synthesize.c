/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `synthesize`: decides what a predicate must say, given what it may look at.
 *
 *	strongest	the table with the fewest true cells in which nothing
 *			is missed, fails or is spurious in these scenarios
 *	weakest		the one with the most
 *	must be true	in every such table
 *	must be false	in none
 *
 * A cell that no table looks up in these scenarios is in neither; formulas
 * take it as they like.  What no table avoids in a scenario is not asked of
 * them there.
 */
#include <string.h>
#include "tables.h"

#define MAX_STATES 1000000

enum must { EITHER, TRUE_, FALSE_ };

struct synthesis {
	struct kw_tables t;
	struct kw_scenario *kernel;	/* in the VM that has everything */
	uint8_t strongest[KW_ASK_CELLS], weakest[KW_ASK_CELLS];
	uint8_t own[KW_ASK_CELLS];
	uint8_t must[KW_ASK_CELLS];	/* enum must */
	bool (*found)[KW_TABLES_PROPERTIES];	/* [scenario]: with own */
	bool conflict;			/* own's atoms cannot tell */
};

static const char *property_name(const struct synthesis *y, unsigned p)
{
	return kw_property_name(y->kernel->program, p);
}

static bool has_own(const struct synthesis *y)
{
	return !y->kernel->own->beyond;
}

/* --- the search --------------------------------------------------------- */

static bool find_must(struct synthesis *y, GError **err)
{
	unsigned c;
	bool yes = true;

	for (c = 0; c < KW_ASK_CELLS; c++) {
		if (!y->t.seen[c] || y->t.bounded || y->t.cli->stop)
			continue;
		if (y->strongest[c] && !kw_tables_possible(&y->t, c,
						KW_ASK_FALSE, &yes, err))
			return false;
		if (y->strongest[c] && !yes)
			y->must[c] = TRUE_;
		if (!y->weakest[c] && !kw_tables_possible(&y->t, c,
						KW_ASK_TRUE, &yes, err))
			return false;
		if (!y->weakest[c] && !yes)
			y->must[c] = FALSE_;
	}
	return true;
}

static bool try_own(struct synthesis *y, GError **err)
{
	unsigned i;

	y->found = g_malloc0(y->t.tried->len * sizeof(*y->found));
	for (i = 0; i < y->t.tried->len; i++)
		if (has_own(y) && !g_array_index(y->t.tried, struct kw_tried,
						 i).bounded &&
		    !kw_tables_try(&y->t, i, y->own, y->found[i], err))
			return false;
	return true;
}

static bool search(struct synthesis *y, GPtrArray *files, GError **err)
{
	struct kw_tables *t = &y->t;
	unsigned i, c, asked = 0;

	for (i = 0; i < files->len; i++) {
		if (!kw_tables_add(t, files->pdata[i], err))
			return false;
		asked += !g_array_index(t->tried, struct kw_tried, i).bounded;
	}
	if (!asked || t->cli->stop)
		return true;
	if (!kw_tables_start(t, false, y->strongest, err) || t->bounded ||
	    !kw_tables_start(t, true, y->weakest, err) || t->bounded ||
	    !find_must(y, err) || !try_own(y, err))
		return !*err;
	/* The second search may have given something up. */
	if (!kw_tables_start(t, false, y->strongest, err))
		return false;
	for (c = 0; c < KW_ASK_CELLS; c++)
		if (!t->seen[c])
			y->strongest[c] = y->weakest[c] = KW_ASK_FREE;
	return true;
}

/* --- formulas ----------------------------------------------------------- */

static char *formula(const struct synthesis *y, const uint8_t *table)
{
	unsigned liked = has_own(y) ? kw_ask_support(y->t.nr_atoms, y->own) :
				      0;
	struct kw_formula f;

	kw_ask_minimise(y->t.nr_atoms, table, ~liked, &f);
	return kw_ask_text(&f, y->t.atoms);
}

/* Two cells that must differ, and look the same to these atoms? */
static bool conflicts(const struct synthesis *y, unsigned atoms)
{
	unsigned a, b;

	for (a = 0; a < KW_ASK_CELLS; a++)
		for (b = 0; b < KW_ASK_CELLS; b++)
			if (y->must[a] == TRUE_ && y->must[b] == FALSE_ &&
			    !((a ^ b) & atoms))
				return true;
	return false;
}

static void put_atoms(const struct synthesis *y, unsigned atoms,
		      const char *between, GString *out)
{
	const char *before = "";
	unsigned i;

	for (i = 0; i < y->t.nr_atoms; i++)
		if (atoms >> i & 1) {
			g_string_append_printf(out, "%s%s", before,
					       y->t.atoms[i]);
			before = between;
		}
}

static unsigned count(unsigned bits)
{
	return (unsigned)__builtin_popcount(bits);
}

/*
 * What the kernel's predicate would have to look at, too: every smallest set
 * of atoms, "a, or b and c".  Returns one of them.
 */
static unsigned missing(const struct synthesis *y, unsigned own, GString *out)
{
	unsigned nr, more, first = 0;

	for (nr = 1; !first && nr <= y->t.nr_atoms; nr++)
		for (more = 1; more < 1u << y->t.nr_atoms; more++) {
			if (more & own || count(more) != nr ||
			    conflicts(y, own | more))
				continue;
			if (first)
				g_string_append(out, ", or ");
			else
				first = more;
			put_atoms(y, more, " and ", out);
		}
	return first;
}

/* Atoms that it looks at, each without need when it has all others. */
static unsigned redundant(const struct synthesis *y, unsigned own,
			  unsigned all)
{
	unsigned i, bits = 0;

	for (i = 0; i < y->t.nr_atoms; i++)
		if (own >> i & 1 && !conflicts(y, all & ~(1u << i)))
			bits |= 1u << i;
	return bits;
}

/* --- the report --------------------------------------------------------- */

static const char *must_name(const struct synthesis *y, unsigned cell)
{
	static const char *const names[] = { "either", "true", "false" };

	return names[y->must[cell]];
}

/* "else missed in x" */
static void put_else(const struct synthesis *y, unsigned cell, GString *out)
{
	enum kw_property p;
	int i;

	if (y->must[cell] == EITHER)
		return;
	i = kw_tables_witness(&y->t, cell, y->must[cell] == TRUE_, &p);
	if (i >= 0)
		g_string_append_printf(out, "else %s in %s",
				       property_name(y, p), g_array_index(
				       y->t.tried, struct kw_tried, i).name);
}

static const char *own_name(const struct synthesis *y, unsigned cell)
{
	return !has_own(y) ? "?" : y->own[cell] ? "true" : "false";
}

static void put_cells(const struct synthesis *y, GString *out)
{
	struct kw_table *table = kw_table_new("llll");
	GString *cell = g_string_new(NULL), *why = g_string_new(NULL);
	unsigned c;

	kw_table_row(table, "sees", "must be", "is", "");
	for (c = 0; c < KW_ASK_CELLS; c++) {
		if (!y->t.seen[c])
			continue;
		g_string_truncate(cell, 0);
		put_atoms(y, c, " ", cell);
		g_string_truncate(why, 0);
		put_else(y, c, why);
		kw_table_row(table, c ? cell->str : "-", must_name(y, c),
			     own_name(y, c), why->str);
	}
	kw_table_print(table, out);
	kw_table_free(table);
	g_string_free(cell, TRUE);
	g_string_free(why, TRUE);
}

static void put_line(const char *key, const char *text, GString *out)
{
	char first[16];

	g_snprintf(first, sizeof(first), "%-11s", key);
	kw_text_wrap(out, text, 78, first, "           ");
}

static void put_own(const struct synthesis *y, GString *out)
{
	unsigned i, p, own = kw_ask_support(y->t.nr_atoms, y->own), more = 0;
	GString *text = g_string_new(NULL);
	char *f;

	if (!has_own(y)) {
		g_string_printf(text, "looks at %s, which is no atom: add it "
				"by observe()", y->kernel->own->beyond);
		put_line("own:", text->str, out);
		g_string_free(text, TRUE);
		return;
	}
	f = formula(y, y->own);
	put_line("own:", f, out);
	for (i = 0; i < y->t.tried->len; i++)
		for (p = 0; p < KW_TABLES_PROPERTIES; p++)
			if (y->found[i][p])
				g_string_append_printf(text, "%s%s in %s",
					text->len ? ", " : "",
					property_name(y, p), g_array_index(
					y->t.tried, struct kw_tried, i).name);
	put_line("", text->len ? text->str : "nothing is missed, spurious or "
		 "failed", out);
	g_string_truncate(text, 0);
	if (conflicts(y, own))
		more = missing(y, own, text);
	if (text->len)
		put_line("missing:", text->str, out);
	g_string_truncate(text, 0);
	put_atoms(y, redundant(y, own, own | more), ", ", text);
	if (text->len)
		put_line("redundant:", text->str, out);
	g_string_free(text, TRUE);
	g_free(f);
}

static void put_text(const struct synthesis *y, GString *out)
{
	char *strongest = formula(y, y->strongest);
	char *weakest = formula(y, y->weakest);
	GString *text = g_string_new(NULL);
	unsigned c, nr = 0;

	for (c = 0; c < KW_ASK_CELLS; c++)
		nr += y->t.seen[c];
	put_atoms(y, (1u << y->t.nr_atoms) - 1, ", ", text);
	put_line("may see:", text->str, out);
	g_string_printf(text, "%u of %u combinations; %" G_GUINT64_FORMAT
			" explorations, %" G_GUINT64_FORMAT " states", nr,
			1u << y->t.nr_atoms, y->t.explorations, y->t.states);
	put_line("sees:", text->str, out);
	g_string_append_c(out, '\n');
	put_cells(y, out);
	g_string_append_c(out, '\n');
	put_line("strongest:", strongest, out);
	put_line("weakest:", weakest, out);
	put_own(y, out);
	g_free(strongest);
	g_free(weakest);
	g_string_free(text, TRUE);
}

static void put_json_cells(const struct synthesis *y, GString *out)
{
	GString *why = g_string_new(NULL);
	struct kw_json j;
	unsigned c, i;

	for (c = 0; c < KW_ASK_CELLS; c++) {
		if (!y->t.seen[c])
			continue;
		kw_json_begin(&j, out, "cell");
		kw_json_open(&j, "sees", '[');
		for (i = 0; i < y->t.nr_atoms; i++)
			if (c >> i & 1)
				kw_json_text(&j, NULL, y->t.atoms[i]);
		kw_json_close(&j, ']');
		kw_json_text(&j, "must", must_name(y, c));
		kw_json_text(&j, "own", own_name(y, c));
		g_string_truncate(why, 0);
		put_else(y, c, why);
		if (why->len)
			kw_json_text(&j, "why", why->str);
		kw_json_end(&j);
	}
	g_string_free(why, TRUE);
}

static void put_json_atoms(const struct synthesis *y, struct kw_json *j,
			   const char *key, unsigned atoms)
{
	unsigned i;

	kw_json_open(j, key, '[');
	for (i = 0; i < y->t.nr_atoms; i++)
		if (atoms >> i & 1)
			kw_json_text(j, NULL, y->t.atoms[i]);
	kw_json_close(j, ']');
}

/* What the answer does not speak of. */
static void put_json_left_out(const struct synthesis *y, struct kw_json *j)
{
	GString *text = g_string_new(NULL);
	unsigned i, p;

	kw_json_open(j, "not_asked", '[');
	for (i = 0; i < y->t.tried->len; i++)
		if (g_array_index(y->t.tried, struct kw_tried, i).bounded)
			kw_json_text(j, NULL, g_array_index(
				y->t.tried, struct kw_tried, i).name);
	kw_json_close(j, ']');
	kw_json_open(j, "given_up", '[');
	for (i = 0; i < y->t.tried->len; i++)
		for (p = 0; p < KW_TABLES_PROPERTIES; p++) {
			if (!y->t.given_up[KW_TABLES_FROM(i, p)])
				continue;
			g_string_printf(text, "%s in %s", property_name(y, p),
					g_array_index(y->t.tried,
						struct kw_tried, i).name);
			kw_json_text(j, NULL, text->str);
		}
	kw_json_close(j, ']');
	g_string_free(text, TRUE);
}

static void put_json(const struct synthesis *y, GString *out)
{
	unsigned own = kw_ask_support(y->t.nr_atoms, y->own), more = 0;
	char *f[3] = { formula(y, y->strongest), formula(y, y->weakest),
		       formula(y, y->own) };
	GString *text = g_string_new(NULL);
	struct kw_json j;
	unsigned i;

	put_json_cells(y, out);
	kw_json_begin(&j, out, "synthesis");
	kw_json_text(&j, "kernel", y->t.kernel);
	kw_json_text(&j, "memory", y->t.cli->exploring);
	kw_json_text(&j, "predicate", y->t.predicate);
	put_json_atoms(y, &j, "atoms", (1u << y->t.nr_atoms) - 1);
	kw_json_text(&j, "strongest", f[0]);
	kw_json_text(&j, "weakest", f[1]);
	if (has_own(y)) {
		kw_json_text(&j, "own", f[2]);
		if (conflicts(y, own))
			more = missing(y, own, text);
		kw_json_text(&j, "missing", text->str);
		put_json_atoms(y, &j, "redundant",
			       redundant(y, own, own | more));
	}
	put_json_left_out(y, &j);
	kw_json_u64(&j, "explorations", y->t.explorations);
	kw_json_u64(&j, "states", y->t.states);
	kw_json_end(&j);
	for (i = 0; i < 3; i++)
		g_free(f[i]);
	g_string_free(text, TRUE);
}

static void put_given_up(const struct synthesis *y, unsigned i)
{
	const bool *up = y->t.given_up + KW_TABLES_FROM(i, 0);
	const char *name = g_array_index(y->t.tried, struct kw_tried, i).name;
	unsigned p;

	for (p = 0; p < KW_TABLES_PROPERTIES; p++)
		if (up[p] && !(p == KW_FINDS_SPURIOUS && up[KW_FINDS_MISSED]))
			kw_cli_note(y->t.cli, "%s: %s: given up, no predicate "
				    "avoids it and all else%s", name,
				    property_name(y, p),
				    p != KW_FINDS_MISSED ? "" : "; nor is "
				    "spurious asked there: who never wakes "
				    "never is");
}

static unsigned nr_asked(const struct synthesis *y)
{
	unsigned i, asked = 0;

	for (i = 0; i < y->t.tried->len; i++)
		asked += !g_array_index(y->t.tried, struct kw_tried,
					i).bounded;
	return asked;
}

/* Exit code: what was left out of the question is said. */
static int put_notes(const struct synthesis *y)
{
	unsigned i;

	for (i = 0; i < y->t.tried->len; i++) {
		const struct kw_tried *x = &g_array_index(
			y->t.tried, struct kw_tried, i);

		if (x->bounded)
			kw_cli_note(y->t.cli, "%s: bounded: not asked%s",
				    x->name,
				    kw_explored_fewer(y->t.cli->model));
		else if (x->several)
			kw_cli_note(y->t.cli, "%s: several vCPUs: \"must be\" "
				    "and strongest may ask for too much",
				    x->name);
		if (y->t.given_up)
			put_given_up(y, i);
	}
	if (y->t.bounded)
		kw_cli_note(y->t.cli, "bounded: a table could not be judged");
	return nr_asked(y) && !y->t.bounded ? KW_EXIT_FINE : KW_EXIT_NOTHING;
}

static int report(const struct synthesis *y)
{
	struct kw_cli *cli = y->t.cli;
	int code;

	if (cli->tty_err && !cli->o.quiet)
		kw_cli_progress("%s", "");
	if (cli->stop)
		return KW_EXIT_INTERRUPTED;
	code = put_notes(y);
	if (code != KW_EXIT_FINE)
		return code;
	if (cli->o.json) {
		put_json(y, cli->out);
		return code;
	}
	g_string_append_printf(cli->out, "# kvmwake %s, %s, memory %s, ",
			       KW_VERSION, y->t.kernel, cli->exploring);
	if (nr_asked(y) < y->t.tried->len)
		g_string_append_printf(cli->out, "%u of ", nr_asked(y));
	g_string_append_printf(cli->out, "%u scenario%s: what must %s() "
			       "say?\n", y->t.tried->len,
			       y->t.tried->len > 1 ? "s" : "",
			       y->t.predicate);
	put_text(y, cli->out);
	return code;
}

/* --- the verb ----------------------------------------------------------- */

/* The kernel's atoms, and its predicate as a table over them. */
static bool load_kernel(struct synthesis *y, GError **err)
{
	struct kw_cli *cli = y->t.cli;
	char *path = g_strdup_printf("%s/kvmwake/standard.lua",
				     kw_cli_lua(cli));
	const struct kw_script s = {
		.lua_dir = kw_cli_lua(cli), .kernel = y->t.kernel,
		.path = path, .list_atoms = true,
	};
	unsigned c;

	y->kernel = kw_script_load(&s, err);
	g_free(path);
	if (y->kernel && !y->kernel->own)
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "%s does not "
			    "say what its predicate may look at: observe()",
			    y->t.kernel);
	if (*err)
		return false;
	y->t.predicate = y->kernel->predicate;
	y->t.atoms = y->kernel->atoms;
	while (y->t.atoms[y->t.nr_atoms])
		y->t.nr_atoms++;
	for (c = 0; c < KW_ASK_CELLS; c++)
		y->own[c] = y->kernel->own->cells[c] > 0;
	return true;
}

static void synthesis_free(struct synthesis *y)
{
	unsigned i;

	for (i = 0; i < y->t.tried->len; i++)
		g_free(g_array_index(y->t.tried, struct kw_tried, i).name);
	g_array_free(y->t.tried, TRUE);
	g_array_free(y->t.clauses, TRUE);
	g_free(y->t.given_up);
	g_free(y->found);
	kw_scenario_free(y->kernel);
}

int kw_verb_synthesize(struct kw_cli *cli)
{
	struct synthesis y = { .t = { .cli = cli, .kernel = "v4.14" } };
	GPtrArray *files;
	GError *err = NULL;
	int code = 0;

	if (cli->o.kernels->len > 1)
		return kw_cli_usage(cli, "synthesize: one --kernel, please");
	if (!kw_exploring_memory(cli))
		return KW_EXIT_USAGE;
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	if (cli->o.kernels->len)
		y.t.kernel = cli->o.kernels->pdata[0];
	if (!kw_option_given(cli, "max-states"))
		cli->o.max_states = MAX_STATES;
	y.t.tried = g_array_new(FALSE, FALSE, sizeof(struct kw_tried));
	y.t.clauses = g_array_new(FALSE, FALSE, sizeof(struct kw_clause));
	files = kw_cli_scenarios(cli, &err);
	kw_cli_watch_signals(cli);
	if (files && load_kernel(&y, &err) && search(&y, files, &err))
		code = report(&y);
	synthesis_free(&y);
	if (files)
		g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : code;
}
