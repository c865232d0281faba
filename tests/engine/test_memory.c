/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timed engine under tso and arm64: when a store is visible, what waits
 * for it, how early a load is; small programs with times known by hand.  That
 * runs end where a search says they may is tests/explore/test_straight.c's.
 */
#include "../lib/asm.h"
#include "../../sim/run/run.h"

#define MAX_SEEN 64

struct seen {
	struct kw_event e[MAX_SEEN];
	unsigned nr;
};

static struct assembler m;
static uint16_t x;		/* x, x + 1, ... are variables */

static void observe(void *arg, const struct kw_event *e, const uint8_t *s)
{
	struct seen *seen = arg;

	(void)s;
	g_assert_cmpuint(seen->nr, <, MAX_SEEN);
	seen->e[seen->nr++] = *e;
}

static void begin(void)
{
	asm_begin(&m);
	x = asm_object(&m, 32);
}

/* Every store waits for so long, every load is so early. */
static void late(unsigned drain, unsigned window)
{
	m.p.host.store_drain_ns.min = m.p.host.store_drain_ns.max = drain;
	m.p.host.load_window_ns.min = m.p.host.load_window_ns.max = window;
}

static void end_thread(uint16_t entry)
{
	asm_op(&m, KW_OP_END, 0, 0);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
}

static void run(enum kw_weak_model memory, uint64_t nr, struct seen *seen,
		struct kw_result *res)
{
	const struct kw_run_opts o = {
		.seed = 1, .memory = memory, .duration_ns = 100000,
		.observe = observe, .observe_arg = seen,
	};
	struct kw_runner *r = kw_runner_new(&m.p, &o);

	seen->nr = 0;
	kw_runner_run(r, nr, res);
	kw_runner_free(r);
}

/* The i-th event of an operation that is late in this way. */
static const struct kw_event *find(const struct seen *seen, unsigned op,
				   enum kw_late how, unsigned i)
{
	unsigned k;

	for (k = 0; k < seen->nr; k++)
		if (m.nodes[seen->e[k].node].op == op &&
		    seen->e[k].late == how && !i--)
			return &seen->e[k];
	g_assert_not_reached();
}

static void test_store(void)
{
	const struct kw_event *e;
	struct kw_result res;
	struct seen seen;
	uint16_t entry;

	begin();
	entry = asm_here(&m);
	asm_op(&m, KW_OP_STORE, x, 1);
	asm_op(&m, KW_OP_MB, 0, 0);
	asm_op(&m, KW_OP_STORE, x + 1, 2);
	end_thread(entry);
	asm_end(&m);
	late(50, 0);
	run(KW_WEAK_ARM64, 0, &seen, &res);
	e = find(&seen, KW_OP_STORE, KW_LATE_STORE, 0);
	g_assert_cmpuint(e->ns, ==, 0);
	g_assert_cmpint(e->after, ==, 1);
	e = find(&seen, KW_OP_STORE, KW_LATE_DRAIN, 0);
	g_assert_cmpuint(e->ns, ==, 50);
	g_assert_cmpint(e->before, ==, 0);
	g_assert_cmpint(e->after, ==, 1);
	g_assert_cmpuint(find(&seen, KW_OP_MB, KW_LATE_NOT, 0)->ns, ==, 50);
	e = find(&seen, KW_OP_STORE, KW_LATE_STORE, 1);
	g_assert_cmpuint(e->ns, ==, 50);
	g_assert_cmpuint(find(&seen, KW_OP_STORE, KW_LATE_DRAIN, 1)->ns, ==,
			 100);
	run(KW_WEAK_SC, 0, &seen, &res);
	g_assert_cmpuint(find(&seen, KW_OP_STORE, KW_LATE_NOT, 1)->ns, ==, 0);
}

/* One store more than the buffer holds. */
static void test_full(void)
{
	struct kw_result res;
	struct seen seen;
	uint16_t entry;
	unsigned i;

	begin();
	entry = asm_here(&m);
	for (i = 0; i < 13; i++)
		asm_op(&m, KW_OP_STORE, x + i, 1);
	end_thread(entry);
	asm_end(&m);
	late(50, 0);
	run(KW_WEAK_TSO, 0, &seen, &res);
	g_assert_cmpuint(find(&seen, KW_OP_STORE, KW_LATE_STORE, 11)->ns, ==,
			 0);
	g_assert_cmpuint(find(&seen, KW_OP_STORE, KW_LATE_STORE, 12)->ns, ==,
			 50);
}

/* In how many of 100 runs do four stores drain in another order? */
static unsigned disordered(enum kw_weak_model memory, bool wmbs)
{
	unsigned i, k, last, nr = 0;
	struct kw_result res;
	struct seen seen;
	uint16_t entry;
	bool ordered;

	begin();
	entry = asm_here(&m);
	for (i = 0; i < 4; i++) {
		asm_op(&m, KW_OP_STORE, x + i, 1);
		if (wmbs)
			asm_op(&m, KW_OP_WMB, 0, 0);
	}
	end_thread(entry);
	asm_end(&m);
	late(0, 0);
	m.p.host.store_drain_ns.max = 100;
	for (i = 0; i < 100; i++) {
		run(memory, i, &seen, &res);
		for (k = last = 0, ordered = true; k < 4; k++) {
			const struct kw_event *e = find(&seen, KW_OP_STORE,
							KW_LATE_DRAIN, k);

			ordered &= e->addr >= last;
			last = e->addr;
		}
		nr += !ordered;
	}
	return nr;
}

static void test_order(void)
{
	g_assert_cmpuint(disordered(KW_WEAK_TSO, false), ==, 0);
	g_assert_cmpuint(disordered(KW_WEAK_ARM64, true), ==, 0);
	g_assert_cmpuint(disordered(KW_WEAK_ARM64, false), >, 50);
}

/*
 * A store drains at 10; what does a load at ns, early by 30, see, after this
 * operation on another variable, or none?
 */
static unsigned seen_at(enum kw_weak_model memory, unsigned ns, int op)
{
	struct kw_result res;
	struct seen seen;
	uint16_t entry;
	unsigned i;

	begin();
	entry = asm_here(&m);
	asm_op(&m, KW_OP_STORE, x, 1);
	end_thread(entry);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, asm_dist(&m, KW_CONSTANT, ns, 0));
	if (op >= 0)
		asm_op(&m, (enum kw_op)op, x + 1, 1);
	asm_op(&m, KW_OP_LOAD_FLAG, x, 0);
	end_thread(entry);
	asm_end(&m);
	late(10, 30);
	run(memory, 0, &seen, &res);
	for (i = 0; m.nodes[seen.e[i].node].op != KW_OP_LOAD_FLAG; i++)
		;
	g_assert_true((seen.e[i].late == KW_LATE_READ) ==
		      (ns >= 10 && !seen.e[i].outcome));
	return seen.e[i].outcome;
}

static void test_load(void)
{
	g_assert_cmpuint(seen_at(KW_WEAK_ARM64, 20, -1), ==, 0);
	g_assert_cmpuint(seen_at(KW_WEAK_ARM64, 39, -1), ==, 0);
	g_assert_cmpuint(seen_at(KW_WEAK_ARM64, 40, -1), ==, 1);
	g_assert_cmpuint(seen_at(KW_WEAK_TSO, 20, -1), ==, 1);
	g_assert_cmpuint(seen_at(KW_WEAK_TSO, 9, -1), ==, 0);
	g_assert_cmpuint(seen_at(KW_WEAK_SC, 9, -1), ==, 1);
	/* What is before a barrier has been seen, what others order not. */
	g_assert_cmpuint(seen_at(KW_WEAK_ARM64, 20, KW_OP_TEST_AND_SET), ==,
			 1);
	g_assert_cmpuint(seen_at(KW_WEAK_ARM64, 20, KW_OP_MB), ==, 1);
	g_assert_cmpuint(seen_at(KW_WEAK_ARM64, 20, KW_OP_SET_MASK), ==, 0);
	g_assert_cmpuint(seen_at(KW_WEAK_ARM64, 20, KW_OP_RMB), ==, 0);
}

/* Whoever gets the CPU, or the lock, has seen what was stored there. */
static const char *handed_over(bool lock, unsigned nr_cpus)
{
	struct kw_result res;
	struct seen seen;
	struct kw_node *n;
	uint16_t entry, d;

	begin();
	d = asm_dist(&m, KW_CONSTANT, 200, 0);
	entry = asm_here(&m);
	if (lock)
		asm_op(&m, KW_OP_LOCK, x + 4, 0);
	asm_op(&m, KW_OP_STORE, x, 1);
	if (lock)
		asm_op(&m, KW_OP_UNLOCK, x + 4, 0);
	asm_op(&m, KW_OP_BURN, 0, d);
	end_thread(entry);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, asm_dist(&m, KW_CONSTANT, 1, 0));
	if (lock)
		asm_op(&m, KW_OP_LOCK, x + 4, 0);
	n = asm_op(&m, KW_OP_LOAD_FLAG, x, 0);
	n->next[1]++;
	asm_op(&m, KW_OP_FAIL, 0, 0);
	if (lock)
		asm_op(&m, KW_OP_UNLOCK, x + 4, 0);
	end_thread(entry);
	asm_end(&m);
	m.p.messages = m.marks;
	m.marks[0] = "it is not there";
	m.p.host.nr_cpus = nr_cpus;
	m.p.host.slice_ns = 100;
	late(1000, 0);
	run(KW_WEAK_ARM64, 0, &seen, &res);
	return res.failure;
}

static void test_handed_over(void)
{
	g_assert_null(handed_over(false, 1));
	g_assert_null(handed_over(true, 2));
	/* With neither it is not. */
	g_assert_nonnull(handed_over(false, 2));
}

/*
 * A handler of a thread that waits elsewhere runs on the CPU of another, when
 * that has stored x and y, and stores z: each sees what the other stored.
 */
static void test_foreign(void)
{
	uint16_t away, entry, h, hw, raised, d50, d200;
	struct kw_result res;
	struct kw_node *n;
	struct seen seen;

	begin();
	raised = x + 8;
	d50 = asm_dist(&m, KW_CONSTANT, 50, 0);
	d200 = asm_dist(&m, KW_CONSTANT, 200, 0);
	away = asm_here(&m);
	asm_op(&m, KW_OP_DELAY, 0, asm_dist(&m, KW_CONSTANT, 5000, 0));
	asm_op(&m, KW_OP_END, 0, 0);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_STORE, x, 1);
	asm_op(&m, KW_OP_STORE, x + 1, 1);
	asm_op(&m, KW_OP_BURN, 0, d200);
	n = asm_op(&m, KW_OP_LOAD_FLAG, x + 2, 0);
	n->next[1]++;
	asm_op(&m, KW_OP_FAIL, 0, 0);
	asm_op(&m, KW_OP_END, 0, 0);
	h = asm_here(&m);
	n = asm_op(&m, KW_OP_LOAD_FLAG, x, 0);
	n->next[1]++;
	asm_op(&m, KW_OP_FAIL, 0, 0);
	asm_op(&m, KW_OP_STORE, x + 2, 1);
	asm_op(&m, KW_OP_END, 0, 0);
	hw = asm_here(&m);
	asm_op(&m, KW_OP_DELAY, 0, d50);
	asm_op(&m, KW_OP_RAISE, raised, 0);
	asm_op(&m, KW_OP_END, 0, 0);
	away = asm_actor(&m, KW_THREAD, true, away, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	h = asm_actor(&m, KW_HARDIRQ, false, h, away);
	asm_actor(&m, KW_HW, true, hw, 0xffff);
	asm_end(&m);
	kw_put16(m.init, raised, h + 1u);
	m.p.messages = m.marks;
	m.marks[0] = "it is not there";
	m.p.host.nr_cpus = 1;
	late(1000, 1000);
	run(KW_WEAK_ARM64, 0, &seen, &res);
	g_assert_null(res.failure);
	g_assert_cmpuint(res.counts.interrupts, ==, 1);
	g_assert_cmpuint(find(&seen, KW_OP_STORE, KW_LATE_DRAIN, 0)->ns, ==,
			 50);
}

static void test_digest(void)
{
	begin();
	asm_actor(&m, KW_THREAD, true, 0, 0xffff);
	asm_end(&m);
	m.p.digest = 1;
	g_assert_cmpuint(kw_run_digest(&m.p, KW_WEAK_SC), ==, 1);
	g_assert_cmpuint(kw_run_digest(&m.p, KW_WEAK_TSO), !=,
			 kw_run_digest(&m.p, KW_WEAK_ARM64));
	late(1, 0);
	g_assert_cmpuint(kw_run_digest(&m.p, KW_WEAK_SC), ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/memory/store", test_store);
	g_test_add_func("/memory/full", test_full);
	g_test_add_func("/memory/order", test_order);
	g_test_add_func("/memory/load", test_load);
	g_test_add_func("/memory/handed-over", test_handed_over);
	g_test_add_func("/memory/foreign", test_foreign);
	g_test_add_func("/memory/digest", test_digest);
	return g_test_run();
}
