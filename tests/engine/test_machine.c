/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine: each operation's effect on a small state, and who may step. */
#include "../lib/asm.h"

static unsigned step(struct assembler *m, unsigned a, struct kw_done *done)
{
	kw_step(&m->p, m->init, a, 0, NULL, done);
	return done->outcome;
}

static void test_bits(void)
{
	static struct assembler m;
	struct kw_done done;
	uint16_t v, entry;

	asm_begin(&m);
	v = asm_object(&m, 8);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_TEST_AND_SET, v, 4);
	asm_op(&m, KW_OP_TEST_AND_SET, v, 4);
	asm_op(&m, KW_OP_SET_MASK, v, 1);
	asm_op(&m, KW_OP_TEST_AND_CLEAR, v, 4);
	asm_op(&m, KW_OP_LOAD_MASK, v, 4);
	asm_op(&m, KW_OP_LOAD_MASK, v, 1);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	kw_begin(&m.p, m.init, 0);
	g_assert_cmpuint(step(&m, 0, &done), ==, 0);
	g_assert_cmpuint(step(&m, 0, &done), ==, 1);
	step(&m, 0, &done);
	g_assert_cmpuint(m.init[v], ==, 5);
	g_assert_cmpuint(step(&m, 0, &done), ==, 1);
	g_assert_cmpuint(step(&m, 0, &done), ==, 0);
	g_assert_cmpuint(step(&m, 0, &done), ==, 1);
}

static void test_cmpxchg(void)
{
	static struct assembler m;
	struct kw_done done;
	uint16_t v, entry, i;

	asm_begin(&m);
	v = asm_object(&m, 8);
	m.init[v] = 1;
	entry = asm_here(&m);
	for (i = 0; i < 2; i++) {
		struct kw_node *n = asm_op(&m, KW_OP_CMPXCHG, v, 1 | 2 << 8);

		n->flags = KW_NODE_MANY;
		n->next[0] = (uint16_t)m.p.nr_succ;
		n->next[1] = 3;
		while (m.p.nr_succ < n->next[0] + 3u)
			m.succ[m.p.nr_succ++] = asm_here(&m);
	}
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	kw_begin(&m.p, m.init, 0);
	g_assert_cmpuint(step(&m, 0, &done), ==, 1);
	g_assert_cmpuint(m.init[v], ==, 2);
	g_assert_cmpuint(step(&m, 0, &done), ==, 2);
	g_assert_cmpuint(m.init[v], ==, 2);
}

static void test_list(void)
{
	uint8_t s[64] = { 0 };
	unsigned list = 8, a = 16, b = 24, c = 32;

	kw_list_add(s, list, a, 2, true);
	kw_list_add(s, list, b, 2, true);
	kw_list_add(s, list, c, 2, false);	/* c a b */
	g_assert_cmpuint(kw_get16(s, list), ==, c);
	g_assert_cmpuint(kw_get16(s, c + 2), ==, a);
	g_assert_cmpuint(kw_get16(s, list + 2), ==, b);
	kw_list_del(s, list, a, 2);		/* c b */
	g_assert_cmpuint(kw_get16(s, c + 2), ==, b);
	g_assert_cmpuint(kw_get16(s, b + 4), ==, c);
	kw_list_del(s, list, c, 2);
	kw_list_del(s, list, b, 2);
	g_assert_cmpuint(kw_get16(s, list), ==, 0);
	g_assert_cmpuint(kw_get16(s, list + 2), ==, 0);
}

static void test_lock(void)
{
	static struct assembler m;
	struct kw_done done;
	uint16_t v, entry;

	asm_begin(&m);
	v = asm_object(&m, 8);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_LOCK, v, 0);
	asm_op(&m, KW_OP_UNLOCK, v, 0);
	asm_op(&m, KW_OP_LOCK, v, 0);
	asm_op(&m, KW_OP_LOCK, v, 0);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	kw_begin(&m.p, m.init, 0);
	kw_begin(&m.p, m.init, 1);
	step(&m, 0, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_NONE);
	step(&m, 1, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_BLOCKED);
	step(&m, 0, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_NONE);
	step(&m, 1, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_NONE);
	step(&m, 1, &done);
	step(&m, 1, &done);
	step(&m, 1, &done);	/* taken twice by the same */
	g_assert_cmpuint(done.effect, ==, KW_EFF_FAIL);
	g_assert_cmpuint(done.val, ==, KW_FAIL_RELOCK);
}

/*
 * A wake-up that comes between deactivation and the switch is not lost; one
 * that finds the task running changes nothing.
 */
static void test_sleep(void)
{
	static struct assembler m;
	struct kw_done done;
	uint16_t v, sleeper, waker;

	asm_begin(&m);
	v = asm_object(&m, 8);
	sleeper = asm_here(&m);
	asm_op(&m, KW_OP_STORE, v + KW_TASK_STATE, KW_TASK_INTERRUPTIBLE);
	asm_op(&m, KW_OP_DEACTIVATE, v, 0);
	asm_op(&m, KW_OP_SWITCH, v, 0);
	asm_op(&m, KW_OP_END, 0, 0);
	waker = asm_here(&m);
	asm_op(&m, KW_OP_WAKE, v, 0);
	asm_op(&m, KW_OP_WAKE, v, 0);
	asm_actor(&m, KW_THREAD, true, sleeper, 0xffff);
	asm_actor(&m, KW_THREAD, true, waker, 0xffff);
	asm_end(&m);
	m.init[v + KW_TASK_ON_RQ] = 1;
	kw_put16(m.init, v + KW_TASK_THREAD, 1);
	kw_begin(&m.p, m.init, 0);
	kw_begin(&m.p, m.init, 1);
	step(&m, 0, &done);
	g_assert_cmpuint(step(&m, 0, &done), ==, 1);
	g_assert_cmpuint(step(&m, 1, &done), ==, 1);
	g_assert_cmpuint(done.effect, ==, KW_EFF_NONE);
	step(&m, 0, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_NONE);
	g_assert_cmpuint(kw_actor(&m.p, m.init, 0)->run, ==, KW_READY);
	g_assert_cmpuint(step(&m, 1, &done), ==, 0);
}

static void test_signal_keeps_awake(void)
{
	uint8_t s[8] = { [KW_TASK_STATE] = KW_TASK_INTERRUPTIBLE,
			 [KW_TASK_ON_RQ] = 1, [KW_TASK_SIGPENDING] = 1 };

	g_assert_cmpuint(kw_deactivate(s, 0), ==, 0);
	g_assert_cmpuint(s[KW_TASK_STATE], ==, KW_TASK_RUNNING);
	g_assert_cmpuint(s[KW_TASK_ON_RQ], ==, 1);
}

static void test_handler_begins(void)
{
	static struct assembler m;
	struct kw_actor_state *thread, *irq;
	struct kw_done done;
	uint16_t entry;

	asm_begin(&m);
	asm_object(&m, 8);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_IRQ_OFF, 0, 0);
	asm_op(&m, KW_OP_IRQ_ON, 0, 0);
	asm_op(&m, KW_OP_GUEST_ENTER, 0, 0);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_HARDIRQ, false, 0, 0);
	asm_end(&m);
	thread = kw_actor(&m.p, m.init, 0);
	irq = kw_actor(&m.p, m.init, 1);
	kw_begin(&m.p, m.init, 0);
	irq->pend = 1;
	g_assert_true(kw_can_begin(&m.p, m.init, 1));
	step(&m, 0, &done);
	g_assert_false(kw_can_begin(&m.p, m.init, 1));
	step(&m, 0, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_UNMASK);
	kw_begin(&m.p, m.init, 1);
	g_assert_cmpuint(thread->nest, ==, 2);
	step(&m, 1, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_END);
	g_assert_cmpuint(thread->nest, ==, 0);
	g_assert_cmpuint(irq->run, ==, KW_IDLE);
	step(&m, 0, &done);
	irq->pend = 1;
	g_assert_false(kw_can_begin(&m.p, m.init, 1));
	kw_force_exit(&m.p, m.init, 0);
	g_assert_true(kw_can_begin(&m.p, m.init, 1));
}

static void test_null(void)
{
	static struct assembler m;
	struct kw_done done;
	uint16_t entry;

	asm_begin(&m);
	asm_object(&m, 8);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_STORE, 2, 1)->reg = 3;
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	kw_begin(&m.p, m.init, 0);
	step(&m, 0, &done);
	g_assert_cmpuint(done.effect, ==, KW_EFF_FAIL);
	g_assert_cmpuint(done.val, ==, KW_FAIL_NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/machine/bits", test_bits);
	g_test_add_func("/machine/cmpxchg", test_cmpxchg);
	g_test_add_func("/machine/list", test_list);
	g_test_add_func("/machine/lock", test_lock);
	g_test_add_func("/machine/sleep", test_sleep);
	g_test_add_func("/machine/signal", test_signal_keeps_awake);
	g_test_add_func("/machine/handler", test_handler_begins);
	g_test_add_func("/machine/null", test_null);
	return g_test_run();
}
