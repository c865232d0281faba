/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of weak/ by itself: what is kept, what is the same. */
#include <glib.h>
#include <string.h>
#include "weak/weak.h"

#define MAX_WORDS 512

struct memory {
	struct kw_weak w;
	uint16_t s[MAX_WORDS];
	struct kw_weak_live live[2];
};

static void begin(struct memory *m, enum kw_weak_model model)
{
	static const uint16_t zero[2];
	unsigned t;

	memset(m, 0, sizeof(*m));
	m->w.model = model;
	m->w.nr_threads = 2;
	m->w.nr_vars = 2;
	m->w.nr_slots = 1;
	m->w.max_msgs = 12;
	m->w.max_buf = 4;
	kw_weak_init(&m->w);
	g_assert_cmpuint(m->w.nr_words, <=, MAX_WORDS);
	kw_weak_begin(&m->w, m->s, zero);
	for (t = 0; t < 2; t++)
		m->live[t] = (struct kw_weak_live){
			.reads = { 3 }, .slots = { 1 }, .loads_order = true,
			.stores_order = true,
		};
}

static void store(struct memory *m, unsigned t, unsigned var, unsigned value)
{
	const struct kw_weak_store st = {
		.var = (uint16_t)var, .value = (uint16_t)value,
	};

	kw_weak_store(&m->w, m->s, t, &st);
	if (m->w.model != KW_WEAK_SC)
		kw_weak_drain(&m->w, m->s, t, 0);
}

static unsigned readable(struct memory *m, unsigned t, unsigned var,
			 struct kw_weak_seen *seen)
{
	return kw_weak_readable(&m->w, m->s, t, var, 0, 0, seen);
}

static void test_stale(void)
{
	struct kw_weak_seen seen[12];
	struct memory m;

	begin(&m, KW_WEAK_ARM64);
	store(&m, 0, 0, 1);
	store(&m, 0, 0, 2);
	g_assert_cmpuint(readable(&m, 1, 0, seen), ==, 3);
	g_assert_cmpuint(readable(&m, 0, 0, seen), ==, 1);
	g_assert_false(kw_weak_forget(&m.w, m.s, 3));
	g_assert_cmpuint(readable(&m, 1, 0, seen), ==, 3);
	g_assert_true(kw_weak_forget(&m.w, m.s, 2));
	g_assert_cmpuint(readable(&m, 1, 0, seen), ==, 2);
	g_assert_cmpuint(seen[0].value, ==, 2);
	g_assert_cmpuint(seen[1].value, ==, 1);
	kw_weak_see_all(&m.w, m.s, 1);
	g_assert_cmpuint(readable(&m, 1, 0, seen), ==, 1);
}

/* Two ways to the same: what nobody can read any more leaves no trace. */
static void test_canon(void)
{
	struct memory a, b;

	begin(&a, KW_WEAK_ARM64);
	begin(&b, KW_WEAK_ARM64);
	store(&a, 0, 0, 1);
	kw_weak_see_all(&a.w, a.s, 1);
	store(&a, 0, 0, 2);
	kw_weak_see_all(&a.w, a.s, 1);
	store(&b, 0, 0, 2);
	kw_weak_see_all(&b.w, b.s, 1);
	kw_weak_canon(&a.w, a.s, a.live);
	kw_weak_canon(&b.w, b.s, b.live);
	g_assert_cmpmem(a.s, sizeof(a.s), b.s, sizeof(b.s));
	kw_weak_canon(&b.w, b.s, b.live);
	g_assert_cmpmem(a.s, sizeof(a.s), b.s, sizeof(b.s));
}

/* The order of two variables' messages matters, but to nobody under tso. */
static void test_canon_order(void)
{
	enum kw_weak_model model;
	struct memory a, b;

	for (model = KW_WEAK_SC; model < KW_WEAK_NR; model++) {
		begin(&a, model);
		begin(&b, model);
		store(&a, 0, 0, 1);
		store(&a, 0, 1, 1);
		store(&b, 0, 1, 1);
		store(&b, 0, 0, 1);
		kw_weak_canon(&a.w, a.s, a.live);
		kw_weak_canon(&b.w, b.s, b.live);
		g_assert_cmpint(!memcmp(a.s, b.s, sizeof(a.s)), ==,
				model != KW_WEAK_ARM64);
	}
}

static void buffer(struct memory *m, unsigned var, unsigned flags)
{
	const struct kw_weak_store st = {
		.var = (uint16_t)var, .value = 1, .flags = (uint16_t)flags,
	};

	kw_weak_store(&m->w, m->s, 0, &st);
}

static void test_drains(void)
{
	struct memory m;

	begin(&m, KW_WEAK_ARM64);
	buffer(&m, 0, 0);
	buffer(&m, 1, 0);
	buffer(&m, 0, 0);
	g_assert_true(kw_weak_can_drain(&m.w, m.s, 0, 1));
	g_assert_false(kw_weak_can_drain(&m.w, m.s, 0, 2));
	g_assert_false(kw_weak_can_mb(&m.w, m.s, 0));
	/* a release waits for all, a wmb holds what comes after it */
	begin(&m, KW_WEAK_ARM64);
	buffer(&m, 0, 0);
	buffer(&m, 1, KW_WEAK_RELEASE);
	g_assert_false(kw_weak_can_drain(&m.w, m.s, 0, 1));
	begin(&m, KW_WEAK_ARM64);
	buffer(&m, 0, 0);
	kw_weak_wmb(&m.w, m.s, 0);
	g_assert_false(kw_weak_can_rmw(&m.w, m.s, 0, 1, KW_WEAK_RMW_RELAXED));
	buffer(&m, 1, 0);
	g_assert_false(kw_weak_can_drain(&m.w, m.s, 0, 1));
	kw_weak_drain(&m.w, m.s, 0, 0);
	g_assert_true(kw_weak_can_drain(&m.w, m.s, 0, 0));
	/* tso: first in, first out */
	begin(&m, KW_WEAK_TSO);
	buffer(&m, 0, 0);
	buffer(&m, 1, 0);
	g_assert_false(kw_weak_can_drain(&m.w, m.s, 0, 1));
	g_assert_true(kw_weak_can_drain(&m.w, m.s, 0, 0));
}

/* --- what is old ------------------------------------------------------- */

enum { LONG_OPS = 400, LONG_MSGS = 2 * LONG_OPS, LONG_VARS = 3 };

/* One memory forgets, the other is told what has been seen. */
struct pair {
	struct kw_weak short_w, long_w;
	uint16_t short_s[3 * LONG_MSGS], long_s[3 * LONG_MSGS];
	unsigned gone;		/* messages that the first forgot */
};

static void begin_pair(struct pair *p)
{
	static const uint16_t zero[LONG_VARS];

	memset(p, 0, sizeof(*p));
	p->long_w = (struct kw_weak){
		.model = KW_WEAK_ARM64, .nr_threads = 2, .nr_vars = LONG_VARS,
		.nr_slots = 1, .nr_views = 1, .max_msgs = LONG_MSGS,
		.max_buf = 4,
	};
	p->short_w = p->long_w;
	p->short_w.settled = LONG_VARS;
	kw_weak_init(&p->long_w);
	kw_weak_init(&p->short_w);
	g_assert_cmpuint(p->long_w.nr_words, <=, G_N_ELEMENTS(p->short_s));
	kw_weak_begin(&p->long_w, p->long_s, zero);
	kw_weak_begin(&p->short_w, p->short_s, zero);
}

static void forget(struct pair *p, GRand *rand)
{
	unsigned now = kw_weak_now(p->short_s), t, v;
	unsigned cut = (unsigned)g_rand_int_range(rand, LONG_VARS,
						  (int)now + 1);

	for (t = 0; t < 2; t++)
		for (v = 0; v < LONG_VARS; v++)
			kw_weak_see(&p->long_w, p->long_s, t, v,
				    (uint16_t)(cut + p->gone));
	kw_weak_settle(&p->short_w, p->short_s, cut);
	p->gone += cut - LONG_VARS;
	g_assert_cmpuint(kw_weak_now(p->short_s) + p->gone, ==,
			 kw_weak_now(p->long_s));
}

/* The same to either; how: what it does. */
static void both(struct pair *p, unsigned how, unsigned t, unsigned var,
		 unsigned n)
{
	const struct kw_weak *w = &p->short_w;
	struct kw_weak_seen seen[LONG_MSGS];
	struct kw_weak_store st = {
		.var = (uint16_t)var, .value = (uint16_t)n,
	};
	uint16_t *s = p->short_s, view;
	unsigned nr;

	for (;; w = &p->long_w, s = p->long_s) {
		view = how & 1 ? kw_weak_slot(w, s, t, 0) : 0;
		st.view = view;
		switch (how / 2) {
		case 0:
		case 1:
			nr = kw_weak_readable(w, s, t, var, 0, view, seen);
			kw_weak_load(w, s, t, var, 0, &seen[n % nr]);
			kw_weak_set_slot(w, s, t, 0, seen[n % nr].view);
			break;
		case 2:
		case 3:
			if (kw_weak_nr_buffered(w, s, t) < w->max_buf)
				kw_weak_store(w, s, t, &st);
			break;
		case 4:
		case 5:
			if (kw_weak_can_drain(w, s, t, n % 4))
				kw_weak_drain(w, s, t, n % 4);
			break;
		case 6:
			kw_weak_rmb(w, s, t);
			break;
		case 7:
			if (kw_weak_can_mb(w, s, t))
				kw_weak_mb(w, s, t);
			break;
		case 8:
			kw_weak_unlocks(w, s, t);
			kw_weak_unlocked(w, s, 0);
			break;
		default:
			kw_weak_lock(w, s, t, 0);
		}
		if (w == &p->long_w)
			return;
	}
}

/* Whoever may read something may read the same there. */
static void compare(const struct pair *p)
{
	struct kw_weak_seen a[LONG_MSGS], b[LONG_MSGS];
	unsigned t, v, i, nr;

	for (t = 0; t < 2; t++)
		for (v = 0; v < LONG_VARS; v++) {
			nr = kw_weak_readable(&p->short_w, p->short_s, t, v,
					      0, 0, a);
			g_assert_cmpuint(kw_weak_readable(&p->long_w,
				p->long_s, t, v, 0, 0, b), ==, nr);
			for (i = 0; i < nr; i++)
				g_assert_cmpuint(a[i].value, ==, b[i].value);
		}
}

static void test_settle(void)
{
	GRand *rand = g_rand_new_with_seed(1);
	struct pair *p = g_new(struct pair, 1);
	unsigned round, i;

	for (round = 0; round < 50; round++) {
		begin_pair(p);
		for (i = 0; i < LONG_OPS; i++) {
			both(p, g_rand_int_range(rand, 0, 20),
			     g_rand_int_range(rand, 0, 2),
			     g_rand_int_range(rand, 0, LONG_VARS),
			     g_rand_int_range(rand, 0, 1000));
			if (!g_rand_int_range(rand, 0, 10))
				forget(p, rand);
			compare(p);
		}
		g_assert_cmpuint(p->gone, >, 10);
	}
	g_rand_free(rand);
	g_free(p);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/weak/stale", test_stale);
	g_test_add_func("/weak/canon", test_canon);
	g_test_add_func("/weak/canon-order", test_canon_order);
	g_test_add_func("/weak/drains", test_drains);
	g_test_add_func("/weak/settle", test_settle);
	return g_test_run();
}
