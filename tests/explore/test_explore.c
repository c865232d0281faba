/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exhaustive engine on programs by hand: numbers of states that can be
 * counted on paper, what is found, and that every order of search agrees.
 */
#include "../lib/asm.h"
#include "../../sim/explore/pack.h"
#include "../../sim/explore/search.h"
#include "../../sim/explore/visited.h"

static void search_with(struct assembler *m, bool fold, bool dfs, bool exact,
			struct kw_search_result *res)
{
	const struct kw_world_opts o = { .fold = fold };
	const struct kw_search_opts s = { .depth_first = dfs, .exact = exact };
	struct kw_world *w = kw_world_new(&m->p, &o);

	kw_search(w, &s, res);
	kw_world_free(w);
}

/* All orders and stores agree; the last result is *res. */
static void search_all(struct assembler *m, bool fold,
		       struct kw_search_result *res)
{
	struct kw_search_result other;
	unsigned i, p;

	search_with(m, fold, false, false, res);
	g_assert_true(res->complete);
	for (i = 1; i < 4; i++) {
		search_with(m, fold, i & 1, i & 2, &other);
		g_assert_true(other.complete);
		g_assert_cmpuint(other.states, ==, res->states);
		g_assert_cmpuint(other.transitions, ==, res->transitions);
		g_assert_cmpuint(other.ends, ==, res->ends);
		for (p = 0; p < KW_NR_PROPERTIES; p++)
			g_assert_cmpint(other.of[p].found, ==,
					res->of[p].found);
		kw_search_result_free(&other);
	}
}

static uint16_t end(struct assembler *m)
{
	struct kw_node *n = asm_op(m, KW_OP_JUMP, 0, 0);

	n->op = KW_OP_END;
	return asm_here(m);
}

/* n stores to a variable of its own, then the end. */
static void writer(struct assembler *m, unsigned n)
{
	uint16_t x = asm_object(m, 8), entry = asm_here(m);
	unsigned i;

	for (i = 0; i < n; i++)
		asm_op(m, KW_OP_STORE, x, i + 1);
	end(m);
	asm_actor(m, KW_HW, true, entry, 0xffff);
}

static void test_product(void)
{
	struct kw_search_result res;
	struct assembler m;

	asm_begin(&m);
	writer(&m, 2);
	writer(&m, 2);
	writer(&m, 1);
	asm_end(&m);
	search_all(&m, false, &res);
	g_assert_cmpuint(res.states, ==, 4 * 4 * 3);
	g_assert_cmpuint(res.transitions, ==, 2 * 3 * 4 * 3 + 2 * 4 * 4);
	g_assert_cmpuint(res.ends, ==, 1);
	g_assert_cmpuint(res.depth, ==, 3 + 3 + 2);
	kw_search_result_free(&res);
}

static void locker(struct assembler *m, uint16_t first, uint16_t second)
{
	uint16_t entry = asm_here(m);

	asm_op(m, KW_OP_LOCK, first, 0);
	if (second)
		asm_op(m, KW_OP_LOCK, second, 0);
	if (second)
		asm_op(m, KW_OP_UNLOCK, second, 0);
	asm_op(m, KW_OP_UNLOCK, first, 0);
	end(m);
	asm_actor(m, KW_HW, true, entry, 0xffff);
}

static void test_lock(void)
{
	struct kw_search_result res;
	struct assembler m;
	uint16_t lock;

	asm_begin(&m);
	lock = asm_object(&m, 8);
	locker(&m, lock, 0);
	locker(&m, lock, 0);
	asm_end(&m);
	search_all(&m, false, &res);
	/* Four places each; not both between the lock and the unlock. */
	g_assert_cmpuint(res.states, ==, 4 * 4 - 1);
	g_assert_false(res.of[KW_FINDS_FAILED].found);
	kw_search_result_free(&res);
}

static void test_deadlock(void)
{
	struct kw_search_result res;
	struct assembler m;
	uint16_t a, b;

	asm_begin(&m);
	a = asm_object(&m, 8);
	b = asm_object(&m, 8);
	locker(&m, a, b);
	locker(&m, b, a);
	asm_end(&m);
	search_all(&m, false, &res);
	g_assert_false(res.of[KW_FINDS_FAILED].found);
	g_assert_true(res.of[KW_FINDS_DEADLOCK].found);
	g_assert_cmpuint(res.of[KW_FINDS_DEADLOCK].nr_moves, ==, 2);
	kw_search_result_free(&res);
}

static void test_fail(void)
{
	struct kw_search_result res;
	struct assembler m;
	struct kw_node *n;
	uint16_t x, entry;

	asm_begin(&m);
	x = asm_object(&m, 8);
	entry = asm_here(&m);
	n = asm_op(&m, KW_OP_LOAD_FLAG, x, 0);
	n->next[0] = 0;
	n = asm_op(&m, KW_OP_FAIL, 0, 7);
	asm_actor(&m, KW_HW, true, entry, 0xffff);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_STORE, x, 1);
	end(&m);
	asm_actor(&m, KW_HW, true, entry, 0xffff);
	asm_end(&m);
	search_all(&m, false, &res);
	g_assert_true(res.of[KW_FINDS_FAILED].found);
	g_assert_cmpuint(res.of[KW_FINDS_FAILED].message, ==, 7);
	/* store, load, fail */
	g_assert_cmpuint(res.of[KW_FINDS_FAILED].nr_moves, ==, 3);
	kw_search_result_free(&res);
}

/* A register that is not read again does not tell states apart. */
static void test_dead_registers(void)
{
	struct kw_search_result res;
	struct assembler m;
	struct kw_node *n;
	uint16_t x, y, entry;

	asm_begin(&m);
	x = asm_object(&m, 8);
	y = asm_object(&m, 8);
	entry = asm_here(&m);
	n = asm_op(&m, KW_OP_CHOICE, 0, 0);
	n->flags = KW_NODE_MANY;
	n->next[0] = 0;
	n->next[1] = 2;
	m.succ[0] = asm_here(&m);
	n = asm_op(&m, KW_OP_LEA, x, 0);
	n->dst = 1;
	n->next[0] = (uint16_t)(asm_here(&m) + 1);
	m.succ[1] = asm_here(&m);
	n = asm_op(&m, KW_OP_LEA, y, 0);
	n->dst = 1;
	n = asm_op(&m, KW_OP_STORE, 0, 1);
	n->reg = 1;
	end(&m);
	m.p.nr_succ = 2;
	asm_actor(&m, KW_HW, true, entry, 0xffff);
	asm_end(&m);
	search_all(&m, false, &res);
	/* choice; two LEA; two before the store, two after it, two ends */
	g_assert_cmpuint(res.states, ==, 9);
	kw_search_result_free(&res);
	m.nodes[entry + 3].reg = 0;	/* the store reads no register now */
	m.nodes[entry + 3].off = x;
	search_all(&m, false, &res);
	g_assert_cmpuint(res.states, ==, 6);
	kw_search_result_free(&res);
}

static void test_fold(void)
{
	struct kw_search_result all, folded;
	struct assembler m;
	unsigned a, i;
	uint16_t x;

	asm_begin(&m);
	x = asm_object(&m, 8);
	for (a = 0; a < 3; a++) {
		uint16_t entry = asm_here(&m);

		for (i = 0; i < 3; i++) {
			asm_op(&m, KW_OP_MB, 0, 0);
			asm_op(&m, KW_OP_STORE, x, a);
		}
		end(&m);
		asm_actor(&m, KW_HW, true, entry, 0xffff);
	}
	asm_end(&m);
	search_all(&m, false, &all);
	search_all(&m, true, &folded);
	g_assert_cmpuint(folded.states * 3, <, all.states);
	g_assert_cmpuint(folded.ends, ==, all.ends);
	kw_search_result_free(&all);
	kw_search_result_free(&folded);
}

/*
 * A thread that looks at a flag and sleeps, and a device that sets it: the
 * flag is deliverable, W_i while wfi.  marks: the state is set before the
 * flag is tested.
 */
enum { WFI = 8, PEND = 9, TASK = 16 };

static void sleeper(struct assembler *m, bool marks)
{
	uint16_t entry = asm_here(m);
	struct kw_node *n;

	n = asm_op(m, KW_OP_STORE, WFI, 1);
	n->flags = KW_NODE_ARCH;
	if (marks)
		asm_op(m, KW_OP_STORE, TASK + KW_TASK_STATE, 1);
	n = asm_op(m, KW_OP_LOAD_FLAG, PEND, 0);
	n->next[1] = 0;
	if (!marks)
		asm_op(m, KW_OP_STORE, TASK + KW_TASK_STATE, 1);
	n = asm_op(m, KW_OP_DEACTIVATE, TASK, 0);
	n->next[0] = 0;
	asm_op(m, KW_OP_SWITCH, TASK, 0);
	end(m);
	asm_actor(m, KW_THREAD, true, entry, 0xffff);
	m->actors[0].object = 8;
}

static void waker(struct assembler *m, bool wakes)
{
	uint16_t entry = asm_here(m);
	struct kw_node *n = asm_op(m, KW_OP_STORE, PEND, 1);

	n->flags = KW_NODE_ARCH;
	if (wakes) {
		n = asm_op(m, KW_OP_WAKE, TASK, 0);
		n->next[0] = n->next[1] = asm_here(m);
	}
	end(m);
	asm_actor(m, KW_HW, true, entry, 0xffff);
}

static uint16_t returns_flag(struct assembler *m, unsigned addr)
{
	uint16_t entry = asm_here(m);
	struct kw_node *n = asm_op(m, KW_OP_LOAD_FLAG, addr, 0);

	n->next[1] = (uint16_t)(n->next[0] + 1);
	asm_op(m, KW_OP_RETURN, 0, 0);
	asm_op(m, KW_OP_RETURN, 0, 1);
	return entry;
}

static void sleep_and_wake(struct assembler *m, bool marks, bool wakes)
{
	asm_begin(m);
	m->p.oracle.vcpu_kind = 0;
	g_assert_cmpuint(asm_object(m, 16), ==, WFI);
	sleeper(m, marks);
	waker(m, wakes);
	m->p.oracle.waits = returns_flag(m, WFI);
	m->p.oracle.pending = returns_flag(m, PEND);
	m->p.oracle.arg_reg = 1;
	asm_end(m);
	m->init[TASK + KW_TASK_ON_RQ] = 1;
	m->init[TASK + KW_TASK_THREAD] = 1;
}

static void test_missed(void)
{
	struct kw_search_result res;
	struct assembler m;
	unsigned fold;

	for (fold = 0; fold < 2; fold++) {
		sleep_and_wake(&m, true, true);
		search_all(&m, fold, &res);
		g_assert_true(res.exposed);
		g_assert_false(res.of[KW_FINDS_MISSED].found);
		kw_search_result_free(&res);
		sleep_and_wake(&m, true, false);
		search_all(&m, fold, &res);
		g_assert_true(res.of[KW_FINDS_MISSED].found);
		g_assert_cmpint(res.of[KW_FINDS_MISSED].vcpu, ==, 0);
		kw_search_result_free(&res);
		/* Marked after the test: the wake-up falls in between. */
		sleep_and_wake(&m, false, true);
		search_all(&m, fold, &res);
		g_assert_true(res.of[KW_FINDS_MISSED].found);
		kw_search_result_free(&res);
	}
}

/* A device that comes back for ever cannot be waited for. */
static void test_slow(void)
{
	struct kw_search_result res;
	struct assembler m;
	struct kw_node *n;
	uint16_t delay;

	asm_begin(&m);
	m.p.oracle.vcpu_kind = 0;
	asm_object(&m, 16);
	sleeper(&m, true);
	delay = (uint16_t)(asm_here(&m) + 1);
	n = asm_op(&m, KW_OP_STORE, PEND, 1);
	n->flags = KW_NODE_ARCH;
	asm_actor(&m, KW_HW, true, (uint16_t)(delay - 1), 0xffff);
	asm_op(&m, KW_OP_DELAY, 0, 0);
	n = asm_op(&m, KW_OP_WAKE, TASK, 0);
	n->next[0] = n->next[1] = delay;
	m.p.oracle.waits = returns_flag(&m, WFI);
	m.p.oracle.pending = returns_flag(&m, PEND);
	m.p.oracle.arg_reg = 1;
	asm_end(&m);
	m.init[TASK + KW_TASK_ON_RQ] = 1;
	m.init[TASK + KW_TASK_THREAD] = 1;
	search_all(&m, true, &res);
	g_assert_true(res.of[KW_FINDS_MISSED].found);
	kw_search_result_free(&res);
	n->next[0] = n->next[1] = 0;	/* once, and it will */
	search_all(&m, true, &res);
	g_assert_false(res.of[KW_FINDS_MISSED].found);
	kw_search_result_free(&res);
}

static void test_bounded(void)
{
	const struct kw_world_opts o = { 0 };
	struct kw_search_opts s = { .max_states = 70 };
	struct kw_search_result res;
	struct assembler m;
	struct kw_world *w;

	asm_begin(&m);
	writer(&m, 20);
	writer(&m, 20);
	asm_end(&m);
	w = kw_world_new(&m.p, &o);
	kw_search(w, &s, &res);
	g_assert_false(res.complete);
	g_assert_cmpint(res.bound, ==, KW_BOUND_STATES);
	g_assert_cmpuint(res.states, <, 22 * 22);
	kw_search_result_free(&res);
	kw_world_free(w);
}

/* A pending handler waits for interrupts to be on, and nests. */
static void test_handler(void)
{
	struct kw_search_result res;
	struct assembler m;
	struct kw_node *n;
	uint16_t x, h, entry;

	asm_begin(&m);
	x = asm_object(&m, 8);
	h = asm_object(&m, 8);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_IRQ_OFF, 0, 0);
	asm_op(&m, KW_OP_RAISE, h, 0);
	n = asm_op(&m, KW_OP_LOAD_FLAG, x, 0);
	n->next[1] = (uint16_t)(n->next[0] + 1);
	n->next[0]++;
	n = asm_op(&m, KW_OP_FAIL, 0, 0);
	m.nodes[entry + 2].next[1] = (uint16_t)(asm_here(&m) - 1);
	asm_op(&m, KW_OP_IRQ_ON, 0, 0);
	end(&m);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_STORE, x, 1);
	end(&m);
	asm_actor(&m, KW_HARDIRQ, false, entry, 0);
	asm_end(&m);
	m.init[h] = 2;		/* actor 1 */
	search_all(&m, false, &res);
	g_assert_false(res.of[KW_FINDS_FAILED].found);
	/*
	 * off, raise, load, on, then it begins before or after the END:
	 * 5 states, then (begun, stored, ended) twice and END's two.
	 */
	g_assert_cmpuint(res.states, ==, 12);
	kw_search_result_free(&res);
}

/* Objects whose first field is a lock; data from DATA on. */
enum { LOCK = 8, DATA = 12 };

static void with_lock(struct assembler *m)
{
	static struct kw_field lock = { .name = "lock", .type = KW_LOCK };

	asm_begin(m);
	m->kind.fields = &lock;
	m->kind.nr_fields = 1;
	g_assert_cmpuint(asm_object(m, 8), ==, LOCK);
}

static void section(struct assembler *m)
{
	uint16_t entry = asm_here(m);

	asm_op(m, KW_OP_LOCK, LOCK, 0);
	asm_op(m, KW_OP_STORE, DATA, 1);
	asm_op(m, KW_OP_STORE, DATA, 0);
	asm_op(m, KW_OP_UNLOCK, LOCK, 0);
	end(m);
	asm_actor(m, KW_HW, true, entry, 0xffff);
}

/* What a lock guards is one move; what it does not guard is noticed. */
static void test_guard(void)
{
	struct kw_search_result res;
	struct assembler m;
	struct kw_node *n;
	uint16_t entry;

	with_lock(&m);
	section(&m);
	section(&m);
	asm_end(&m);
	search_all(&m, true, &res);
	g_assert_cmpuint(res.states, ==, 3 * 3);
	kw_search_result_free(&res);

	with_lock(&m);
	section(&m);
	section(&m);
	entry = asm_here(&m);
	n = asm_op(&m, KW_OP_LOAD_FLAG, DATA, 0);
	n->next[0] = 0;
	asm_op(&m, KW_OP_FAIL, 0, 3);
	asm_actor(&m, KW_HW, true, entry, 0xffff);
	asm_end(&m);
	search_all(&m, true, &res);
	g_assert_cmpuint(res.again, >, 0);
	g_assert_true(res.of[KW_FINDS_FAILED].found);
	g_assert_cmpuint(res.of[KW_FINDS_FAILED].message, ==, 3);
	kw_search_result_free(&res);
}

/* A handler that wants the lock which the thread under it holds. */
static void test_guard_handler(void)
{
	struct kw_search_result res;
	struct assembler m;
	uint16_t h, entry;
	unsigned off;

	for (off = 0; off < 2; off++) {
		with_lock(&m);
		h = (uint16_t)(asm_object(&m, 8) + 4);
		entry = asm_here(&m);
		asm_op(&m, KW_OP_RAISE, h, 0);
		if (off)
			asm_op(&m, KW_OP_IRQ_OFF, 0, 0);
		asm_op(&m, KW_OP_LOCK, LOCK, 0);
		asm_op(&m, KW_OP_STORE, DATA, 1);
		asm_op(&m, KW_OP_UNLOCK, LOCK, 0);
		if (off)
			asm_op(&m, KW_OP_IRQ_ON, 0, 0);
		end(&m);
		asm_actor(&m, KW_THREAD, true, entry, 0xffff);
		entry = asm_here(&m);
		asm_op(&m, KW_OP_LOCK, LOCK, 0);
		asm_op(&m, KW_OP_UNLOCK, LOCK, 0);
		end(&m);
		asm_actor(&m, KW_HARDIRQ, false, entry, 0);
		asm_end(&m);
		m.init[h] = 2;
		search_all(&m, true, &res);
		g_assert_cmpint(res.of[KW_FINDS_DEADLOCK].found, ==, !off);
		kw_search_result_free(&res);
	}
}

static uint64_t next_random(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *x ^ *x >> 29;
}

/*
 * A guest says that it is there, and that it is done; who hears the first
 * raises an interrupt.  The thread may be out of it before the second.
 */
static void forced(struct assembler *m)
{
	uint16_t x, at = 1;
	struct kw_node *n;

	asm_begin(m);
	x = asm_object(m, 16);
	asm_op(m, KW_OP_GUEST_ENTER, 0, 0);
	n = asm_op(m, KW_OP_LOAD_FLAG, x + 1u, 0);
	asm_op(m, KW_OP_FAIL, 0, 0);
	n->next[1] = asm_here(m);
	at = end(m);
	asm_actor(m, KW_THREAD, true, 1, 0xffff);
	asm_op(m, KW_OP_STORE, x, 1);
	asm_op(m, KW_OP_STORE, x + 1u, 1);
	asm_op(m, KW_OP_GUEST_EXIT, 0, 1)->next[1] = 0;
	end(m);
	asm_actor(m, KW_GUEST, true, at, 0);
	at = asm_here(m);
	asm_op(m, KW_OP_AWAIT, x, 1);
	asm_op(m, KW_OP_RAISE, x + 2u, 0);
	end(m);
	asm_actor(m, KW_THREAD, true, at, 0xffff);
	at = asm_here(m);
	asm_op(m, KW_OP_STORE, x + 4u, 1);
	end(m);
	asm_actor(m, KW_HARDIRQ, false, at, 0);
	m->init[x + 2] = 4;
	asm_end(m);
}

/* With reductions and without: fails where the memory model is at least so
   weak, and nowhere else. */
static void fails_from(const struct assembler *m, unsigned memory)
{
	struct kw_search_opts how = { 0 };
	struct kw_search_result res;
	unsigned i;

	for (i = 0; i < 12; i++) {
		const struct kw_world_opts o = {
			.fold = i & 1, .settle = i & 1, .persist = i & 2,
			.memory = i / 4,
		};
		struct kw_world *w = kw_world_new(&m->p, &o);

		kw_search(w, &how, &res);
		g_assert_cmpint(res.of[KW_FINDS_FAILED].found, ==,
				o.memory >= memory);
		kw_search_result_free(&res);
		kw_world_free(w);
	}
}

static void test_forced(void)
{
	struct assembler m;

	forced(&m);
	fails_from(&m, 0);
}

/*
 * x, then z; y; and who sees z and then, by an acquire, y may still read x
 * late: then y was visible before x was.
 */
static void in_order(struct assembler *m)
{
	struct kw_node *n, *z, *y;
	uint16_t x, at = 1;

	asm_begin(m);
	x = asm_object(m, 8);
	asm_op(m, KW_OP_STORE, x, 1);
	asm_op(m, KW_OP_WMB, 0, 0);
	asm_op(m, KW_OP_STORE, x + 2u, 1);
	at = end(m);
	asm_actor(m, KW_THREAD, true, 1, 0xffff);
	asm_op(m, KW_OP_STORE, x + 1u, 1);
	asm_actor(m, KW_THREAD, true, at, 0xffff);
	at = end(m);
	z = asm_op(m, KW_OP_LOAD_FLAG, x + 2u, 0);
	y = asm_op(m, KW_OP_LOAD_FLAG, x + 1u, 0);
	y->flags = KW_NODE_ACQUIRE;
	n = asm_op(m, KW_OP_LOAD_FLAG, x, 0);
	asm_op(m, KW_OP_FAIL, 0, 0);
	z->next[0] = y->next[0] = n->next[1] = asm_here(m);
	end(m);
	asm_actor(m, KW_THREAD, true, at, 0xffff);
	asm_end(m);
}

static void test_order(void)
{
	struct assembler m;

	in_order(&m);
	fails_from(&m, KW_WEAK_ARM64);
}

/* As it is looked at without and, where there are any, with wide registers. */
static void line_shows(const uint64_t *line, uint64_t fp, bool is,
		       unsigned used)
{
	struct kw_line_shows shows = kw_line_look(line, fp);

	g_assert_cmpint(shows.is, ==, is);
	g_assert_cmpuint(shows.used, ==, used);
	if (!kw_machine_is_wide())
		return;
	shows = kw_line_look_wide(line, fp);
	g_assert_cmpint(shows.is, ==, is);
	g_assert_cmpuint(shows.used, ==, used);
}

static void test_line(void)
{
	uint64_t line[KW_LINE + 1] = { 0 }, x = 3;
	unsigned used, i;

	/* Not where a line is in the table: anywhere. */
	for (used = 0; used <= KW_LINE; used++) {
		for (i = 0; i < used; i++)
			line_shows(line + 1, line[1 + i], true, used);
		line_shows(line + 1, next_random(&x) | 1, false, used);
		/* Half of it is another's. */
		if (used)
			line_shows(line + 1, line[1] ^ UINT64_C(1) << 40, false,
				   used);
		if (used < KW_LINE)
			line[1 + used] = next_random(&x) | 1;
	}
}

/* Several at once, some of them twice, until homes are full. */
static void test_try(void)
{
	enum { NR = 1 << 14, AT_ONCE = 64 };
	uint64_t fps[AT_ONCE], x = 7;
	uint8_t is[AT_ONCE];
	struct kw_visited v;
	unsigned n, i, beyond = 0;

	kw_visited_init(&v, false, NULL, 0);
	v.alone = true;
	while (v.nr_slots < 2 * NR)
		kw_visited_grow(&v);
	for (n = 0; n < NR; n += AT_ONCE) {
		for (i = 0; i < AT_ONCE; i++)
			fps[i] = i % 4 || !i ? next_random(&x) | 1 : fps[i / 2];
		kw_visited_try(&v, fps, AT_ONCE, is);
		for (i = 0; i < AT_ONCE; i++) {
			beyond += is[i] == KW_BEYOND;
			if (is[i] == KW_BEYOND)
				kw_visited_add_fp(&v, fps[i]);
			g_assert_true(kw_visited_has(&v, fps[i]));
		}
		kw_visited_try(&v, fps, AT_ONCE, is);
		for (i = 0; i < AT_ONCE; i++)
			g_assert_cmpint(is[i], !=, KW_ADDED);
	}
	g_assert_cmpuint(beyond, >, 0);
	kw_visited_free(&v);
}

static void test_visited(void)
{
	struct kw_visited v;
	uint64_t x = 1, i, n = 3000000;

	kw_visited_init(&v, false, NULL, 0);
	for (i = 0; i < n; i++)
		g_assert_true(kw_visited_add_one(&v, next_random(&x) | 1));
	x = 1;
	for (i = 0; i < n; i++)
		g_assert_false(kw_visited_add_one(&v, next_random(&x) | 1));
	g_assert_cmpuint(v.count, ==, n);
	g_assert_cmpuint(kw_visited_bytes(&v), <, 20 * n);
	kw_visited_free(&v);
}

static void test_pack(void)
{
	uint8_t base[136], s[136], to[136], packed[400];
	uint64_t x = 7;
	unsigned i, k;

	g_assert_cmpuint(kw_pack_max(136), <=, sizeof(packed));
	for (i = 0; i < 1000; i++) {
		for (k = 0; k < sizeof(s); k++) {
			base[k] = (uint8_t)next_random(&x);
			s[k] = next_random(&x) % 1000 < i ?
				(uint8_t)next_random(&x) : base[k];
		}
		k = (unsigned)kw_pack(base, s, sizeof(s), packed);
		g_assert_cmpuint(k, ==, kw_unpack(base, packed, sizeof(s),
						  to));
		g_assert_cmpmem(s, sizeof(s), to, sizeof(to));
	}
}

static void test_expect(void)
{
	struct kw_search_progress p = { .states = 8170, .known = 8160 };
	unsigned i;

	for (i = 0; i < KW_LEVELS; i++)
		p.levels[i] = 4096 >> i;
	/* 32 was the last: 16 + 8 + 4 + ... are to come. */
	g_assert_cmpuint(kw_search_expect(&p), ==, 8160 + 32);
	p.states = 8200;
	g_assert_cmpuint(kw_search_expect(&p), ==, 8200);
	p.levels[0] = 0;
	g_assert_cmpuint(kw_search_expect(&p), ==, 0);
	for (i = 0; i < KW_LEVELS; i++)
		p.levels[i] = 100 - i;
	g_assert_true(kw_search_expect(&p) == KW_GROWING);
	for (i = 0; i < KW_LEVELS; i++)
		p.levels[i] = 1 + i;
	g_assert_true(kw_search_expect(&p) == KW_GROWING);
}

static void note(void *arg, const struct kw_search_progress *p)
{
	struct kw_search_progress *last = arg;
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < KW_LEVELS; i++)
		sum += p->levels[i];
	g_assert_cmpuint(sum, <=, p->known);
	g_assert_cmpuint(p->known, <=, p->states);
	g_assert_cmpuint(p->left, <=, p->states);
	g_assert_cmpuint(last->states, <=, p->states);
	*last = *p;
}

/* Two writers of two stores each: levels of 1, 2, 3 ... states, and back. */
static void test_progress(void)
{
	const struct kw_world_opts o = { 0 };
	struct kw_search_progress last = { 0 };
	const struct kw_search_opts s = {
		.progress = note, .progress_arg = &last,
	};
	struct kw_search_result res;
	struct assembler m;
	struct kw_world *w;
	unsigned i;

	asm_begin(&m);
	writer(&m, 2);
	writer(&m, 2);
	asm_end(&m);
	w = kw_world_new(&m.p, &o);
	kw_search(w, &s, &res);
	g_assert_cmpuint(last.states, ==, res.states);
	g_assert_cmpuint(last.left, ==, 0);
	for (i = 0; i <= res.depth; i++)
		g_assert_cmpuint(last.levels[KW_LEVELS - 2 - i], ==,
				 1 + MIN(i, res.depth - i));
	kw_search_result_free(&res);
	kw_world_free(w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/explore/product", test_product);
	g_test_add_func("/explore/lock", test_lock);
	g_test_add_func("/explore/deadlock", test_deadlock);
	g_test_add_func("/explore/fail", test_fail);
	g_test_add_func("/explore/dead-registers", test_dead_registers);
	g_test_add_func("/explore/fold", test_fold);
	g_test_add_func("/explore/missed", test_missed);
	g_test_add_func("/explore/slow", test_slow);
	g_test_add_func("/explore/bounded", test_bounded);
	g_test_add_func("/explore/handler", test_handler);
	g_test_add_func("/explore/guard", test_guard);
	g_test_add_func("/explore/guard-handler", test_guard_handler);
	g_test_add_func("/explore/forced", test_forced);
	g_test_add_func("/explore/order", test_order);
	g_test_add_func("/explore/visited", test_visited);
	g_test_add_func("/explore/line", test_line);
	g_test_add_func("/explore/try", test_try);
	g_test_add_func("/explore/pack", test_pack);
	g_test_add_func("/explore/expect", test_expect);
	g_test_add_func("/explore/progress", test_progress);
	return g_test_run();
}
