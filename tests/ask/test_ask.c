/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formulas against their tables, tables against their clauses. */
#include <glib.h>
#include <string.h>
#include "ask/ask.h"

static const char *const names[KW_ASK_ATOMS + 1] = {
	"a", "b", "c", "d", "e", "f", "g", "h", NULL
};

static void check_text(unsigned nr, const uint8_t *table, unsigned rather_not,
		       const char *want)
{
	struct kw_formula f;
	char *text;

	kw_ask_minimise(nr, table, rather_not, &f);
	text = kw_ask_text(&f, names);
	g_assert_cmpstr(text, ==, want);
	g_free(text);
}

static bool holds(const struct kw_formula *f, unsigned cell)
{
	unsigned i;

	for (i = 0; i < f->nr; i++)
		if ((cell & f->cubes[i].mask) == f->cubes[i].value)
			return true;
	return false;
}

static void test_text(void)
{
	uint8_t t[KW_ASK_CELLS] = { 0 };
	unsigned c;

	check_text(3, t, 0, "false");
	memset(t, KW_ASK_TRUE, sizeof(t));
	check_text(3, t, 0, "true");
	/* (a || b) && !c && !d */
	for (c = 0; c < 16; c++)
		t[c] = (c & 3) && !(c & 12);
	check_text(4, t, 0, "!c && !d && (a || b)");
	for (c = 0; c < 16; c++)
		t[c] = (c & 3) == 3 || (c & 12) == 12;
	check_text(4, t, 0, "a && b || c && d");
	/* exclusive or has no shorter form */
	for (c = 0; c < 4; c++)
		t[c] = c == 1 || c == 2;
	check_text(2, t, 0, "a && !b || !a && b");
}

static void test_free(void)
{
	uint8_t t[KW_ASK_CELLS];

	/* only 0 and 3 are known: a or b alone says it */
	memset(t, KW_ASK_FREE, sizeof(t));
	t[0] = KW_ASK_FALSE;
	t[3] = KW_ASK_TRUE;
	check_text(2, t, 1, "b");
	check_text(2, t, 2, "a");
	g_assert_cmpuint(kw_ask_support(2, t), !=, 0);
}

/* Whatever the table, the formula agrees with it. */
static void test_agree(void)
{
	uint8_t t[KW_ASK_CELLS] = { 0 };
	struct kw_formula f;
	unsigned n, c;

	for (n = 0; n < 6561; n++) {	/* every table of 3 atoms */
		unsigned rest = n;

		for (c = 0; c < 8; c++, rest /= 3)
			t[c] = (uint8_t)(rest % 3);
		kw_ask_minimise(3, t, 0, &f);
		for (c = 0; c < 8; c++)
			if (t[c] != KW_ASK_FREE)
				g_assert_cmpint(holds(&f, c), ==, t[c]);
	}
}

/* "of these cells one must be so": "-01" speaks of cells 1 and 2. */
static void add(GArray *clauses, const char *want, unsigned from)
{
	struct kw_clause k = { .from = from };
	unsigned c;

	memset(k.want, KW_ASK_FREE, sizeof(k.want));
	for (c = 0; want[c]; c++)
		if (want[c] != '-')
			k.want[c] = (uint8_t)(want[c] - '0');
	g_array_append_val(clauses, k);
}

static void check_table(GArray *clauses, bool most, const char *fixed,
			const char *table, unsigned given_up)
{
	static const unsigned price[] = { 0, 1000, 1001 };
	uint8_t cells[KW_ASK_CELLS];
	bool given[3] = { false };
	struct kw_solve s = { .clauses = clauses, .fixed = cells,
			      .most = most, .nr_from = 3, .price = price,
			      .given_up = given };
	unsigned c, bits = 0;

	memset(cells, KW_ASK_FREE, sizeof(cells));
	for (c = 0; fixed[c]; c++)
		if (fixed[c] != '-')
			cells[c] = (uint8_t)(fixed[c] - '0');
	g_assert_cmpint(kw_ask_solve(&s), ==, table != NULL);
	for (c = 0; table && table[c]; c++)
		g_assert_cmpint(s.table[c], ==, table[c] - '0');
	for (c = 0; table && c < 3; c++)
		bits |= (unsigned)given[c] << c;
	g_assert_cmpuint(bits, ==, given_up);
}

static void test_solve(void)
{
	GArray *k = g_array_new(FALSE, FALSE, sizeof(struct kw_clause));

	check_table(k, false, "", "0000", 0);
	check_table(k, true, "", "1111", 0);
	add(k, "11--", 0);		/* 0 or 1 */
	add(k, "-11-", 0);		/* 1 or 2 */
	check_table(k, false, "", "0100", 0);	/* one cell does for both */
	check_table(k, false, "-0", "1010", 0);
	add(k, "--00", 0);		/* not both 2 and 3 */
	check_table(k, true, "---1", "1101", 0);
	check_table(k, true, "--11", NULL, 0);
	/* contradictions: the cheaper one is given up, if it may */
	add(k, "1---", 1);
	add(k, "0---", 2);
	check_table(k, false, "", "0100", 2);
	check_table(k, false, "1", "1100", 4);
	add(k, "-0--", 0);
	check_table(k, false, "", "1010", 4);	/* 0 is needed after all */
	add(k, "----", 0);		/* whatever the table */
	check_table(k, false, "", NULL, 0);
	g_array_free(k, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ask/text", test_text);
	g_test_add_func("/ask/free", test_free);
	g_test_add_func("/ask/agree", test_agree);
	g_test_add_func("/ask/solve", test_solve);
	return g_test_run();
}
