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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/weak/stale", test_stale);
	g_test_add_func("/weak/canon", test_canon);
	g_test_add_func("/weak/canon-order", test_canon_order);
	g_test_add_func("/weak/drains", test_drains);
	return g_test_run();
}
