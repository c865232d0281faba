/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crew: each member that is asked works once a round, all who meet see what
 * the others did before, and one of them is told that it is the one.
 */
#include "../../sim/explore/crew.h"

#define MEMBERS	5
#define ROUNDS	400
#define MEETINGS 3

struct job {
	struct kw_crew crew;
	unsigned nr;			/* at work */
	unsigned worked[MEMBERS];
	unsigned came[MEETINGS];	/* before that meeting */
	unsigned ones;			/* who were told */
};

/* The last member leaves after one meeting less. */
static void work(void *arg, unsigned i)
{
	struct job *j = arg;
	unsigned m;

	g_assert_cmpuint(i, <, j->nr);
	j->worked[i]++;
	for (m = 0; m < MEETINGS; m++) {
		if (m == MEETINGS - 1 && i && i == j->nr - 1)
			return;
		__atomic_fetch_add(&j->came[m], 1, __ATOMIC_RELAXED);
		if (kw_crew_meet(&j->crew))
			__atomic_fetch_add(&j->ones, 1, __ATOMIC_RELAXED);
		/* Nobody comes to the next one before all came to this. */
		g_assert_cmpuint(__atomic_load_n(&j->came[m],
						 __ATOMIC_RELAXED), ==,
				 m == MEETINGS - 1 && j->nr > 1 ? j->nr - 1 :
								  j->nr);
	}
}

static void test_rounds(void)
{
	struct job j = { .nr = 0 };
	unsigned expected[MEMBERS] = { 0 }, ones = 0, round, i;

	kw_crew_init(&j.crew, MEMBERS, work, &j);
	for (round = 0; round < ROUNDS; round++) {
		j.nr = 1 + round * 7 % MEMBERS;
		memset(j.came, 0, sizeof(j.came));
		kw_crew_work(&j.crew, j.nr);
		for (i = 0; i < j.nr; i++)
			expected[i]++;
		/* Of a meeting that the last one left, nobody may be told. */
		ones += MEETINGS - 1;
		g_assert_cmpuint(j.ones, >=, ones);
		ones = j.ones;
	}
	for (i = 0; i < MEMBERS; i++)
		g_assert_cmpuint(j.worked[i], ==, expected[i]);
	kw_crew_free(&j.crew);
}

/* Nobody was ever needed. */
static void test_idle(void)
{
	struct job j = { .nr = 1 };

	kw_crew_init(&j.crew, MEMBERS, work, &j);
	kw_crew_work(&j.crew, 1);
	g_assert_cmpuint(j.worked[0], ==, 1);
	kw_crew_free(&j.crew);
	kw_crew_init(&j.crew, 1, work, &j);
	kw_crew_free(&j.crew);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/crew/rounds", test_rounds);
	g_test_add_func("/crew/idle", test_idle);
	return g_test_run();
}
