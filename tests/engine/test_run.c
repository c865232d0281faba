/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timed engine's parts, and small programs with times known by hand. */
#include "../lib/asm.h"
#include "../../sim/run/campaign.h"
#include "../../sim/run/queue.h"
#include "../../sim/run/rng.h"

#define SLOTS 8
struct queue {
	struct kw_queue q;
	struct kw_entry far[SLOTS + 1];
	uint32_t next[SLOTS];
	uint8_t pending[SLOTS];
};

static struct kw_queue *empty_queue(struct queue *room)
{
	struct kw_queue *q = &room->q;

	q->far = room->far;
	q->next = room->next;
	q->pending = room->pending;
	kw_queue_reset(q, SLOTS);
	return q;
}

static void expect_next(struct kw_queue *q, unsigned slot, uint64_t time)
{
	unsigned first;

	g_assert_cmpuint(kw_queue_first(q, &first), ==, time);
	g_assert_cmpuint(first, ==, slot);
	kw_queue_take(q, slot, time);
}

static void test_queue_order(void)
{
	struct queue room = { 0 };
	struct kw_queue *q = empty_queue(&room);

	kw_queue_set(q, 0, 50);
	kw_queue_set(q, 1, 10);
	kw_queue_set(q, 2, 10);	/* after 1: it was scheduled later */
	kw_queue_set(q, 3, 70);
	kw_queue_set(q, 0, 10);	/* moved: now behind 2 */
	g_assert_cmpuint(kw_queue_remove(q, 3), ==, 70);
	kw_queue_set(q, 3, UINT64_MAX - 1);	/* no time is too late */
	g_assert_cmpuint(kw_queue_remove(q, 3), ==, UINT64_MAX - 1);
	g_assert_cmpuint(kw_queue_remove(q, 3), ==, 0);
	expect_next(q, 1, 10);
	expect_next(q, 2, 10);
	expect_next(q, 0, 10);
	g_assert_true(kw_queue_empty(q));
}

/* At one time: what was scheduled when it was far, then what was near. */
static void test_queue_far_and_near(void)
{
	const uint64_t t = 1000 * KW_NEAR_NS + 5;
	struct queue room = { 0 };
	struct kw_queue *q = empty_queue(&room);

	kw_queue_set(q, 5, t);
	kw_queue_set(q, 4, t);
	kw_queue_set(q, 0, t - KW_NEAR_NS + 1);
	kw_queue_set(q, 1, t - KW_NEAR_NS);
	expect_next(q, 1, t - KW_NEAR_NS);
	kw_queue_set(q, 6, t);			/* just not near yet */
	expect_next(q, 0, t - KW_NEAR_NS + 1);
	kw_queue_set(q, 3, t);			/* just near */
	kw_queue_set(q, 2, t);
	kw_queue_set(q, 7, t - 1);		/* the whole round */
	expect_next(q, 7, t - 1);
	kw_queue_set(q, 7, t - 1);
	g_assert_cmpuint(kw_queue_remove(q, 3), ==, t);
	g_assert_cmpuint(kw_queue_remove(q, 4), ==, t);
	kw_queue_set(q, 4, t);
	kw_queue_set(q, 3, t);
	g_assert_cmpuint(kw_queue_remove(q, 4), ==, t);
	expect_next(q, 7, t - 1);
	expect_next(q, 5, t);
	expect_next(q, 6, t);
	expect_next(q, 2, t);
	expect_next(q, 3, t);
	g_assert_true(kw_queue_empty(q));
}

/* Against the plainest queue: look for the first of the earliest. */
static void test_queue_plain(void)
{
	struct { uint64_t time, nr; } plain[SLOTS] = { 0 };
	struct kw_rng_key key = { 1, 1 };
	struct kw_rng rng = { .next = 0 };
	struct queue room = { 0 };
	struct kw_queue *q = empty_queue(&room);
	unsigned i, k, first;
	uint32_t draw;

	for (i = 1; i < 100000; i++) {
		draw = kw_rng_u32(&rng, &key, 1);
		k = draw % SLOTS;
		draw >>= 8;
		if (draw % 3 || !plain[k].nr) {
			plain[k].time = q->now + (draw / 3) % 97;
			plain[k].nr = i;
			kw_queue_set(q, k, plain[k].time);
		} else if (draw % 2) {
			g_assert_cmpuint(kw_queue_remove(q, k), ==,
					 plain[k].time);
			plain[k].nr = 0;
		}
		for (first = k = 0; k < SLOTS; k++)
			if (plain[k].nr && (!plain[first].nr ||
			    plain[k].time < plain[first].time ||
			    (plain[k].time == plain[first].time &&
			     plain[k].nr < plain[first].nr)))
				first = k;
		if (!plain[first].nr)
			g_assert_true(kw_queue_empty(q));
		else if (draw & 64)
			expect_next(q, first, plain[first].time);
		if (draw & 64)
			plain[first].nr = 0;
	}
}

static void test_rng_is_counter_based(void)
{
	struct kw_rng_key key = { 7, 3 };
	struct kw_rng a = { .next = 0 }, b = { .next = 0 };
	uint32_t first[40], i;

	for (i = 0; i < 40; i++)
		first[i] = kw_rng_u32(&a, &key, 5);
	b.next = KW_RNG_WORDS;	/* the third draw of a later block */
	kw_rng_u32(&b, &key, 5);
	kw_rng_u32(&b, &key, 5);
	g_assert_cmpuint(kw_rng_u32(&b, &key, 5), ==, first[KW_RNG_WORDS + 2]);
	b = (struct kw_rng){ .next = 0 };
	g_assert_cmpuint(kw_rng_u32(&b, &key, 6), !=, first[0]);
}

/* Blocks of several streams, of every part of a group, are their draws. */
static void check_group(unsigned from, unsigned end, uint64_t run)
{
	uint32_t words[KW_GROUP][KW_BLOCK_WORDS] = { { 0 } };
	uint16_t halves[KW_GROUP][KW_BLOCK_HALVES] = { { 0 } };
	struct kw_rng_key key = { 7, run };
	struct kw_rng_group g;
	unsigned i, k, n, made;

	kw_rng_group_init(&g);
	for (i = from; i < end; i++) {
		g.halves[i] = i % 2;
		g.to[i] = i % 2 ? (void *)halves[i] : (void *)words[i];
		kw_rng_group_set(&g, i, key.seed, 10 + i, i * 5 / 3);
	}
	made = kw_rng_blocks(&g, from, end, &key);
	g_assert_cmpuint(made, >=, end);
	g_assert_cmpuint(made, <=, KW_GROUP);
	for (i = from; i < end; i++) {
		struct kw_rng rng = { .next = 0 };

		n = i % 2 ? KW_BLOCK_HALVES : KW_BLOCK_WORDS;
		for (k = 0; k < i * 5 / 3 * n; k++)
			i % 2 ? kw_rng_u16(&rng, &key, 10 + i) :
				kw_rng_u32(&rng, &key, 10 + i);
		for (k = 0; k < n; k++)
			if (i % 2)
				g_assert_cmpuint(halves[i][k], ==,
					kw_rng_u16(&rng, &key, 10 + i));
			else
				g_assert_cmpuint(words[i][k], ==,
					kw_rng_u32(&rng, &key, 10 + i));
	}
}

static void test_rng_groups(void)
{
	unsigned from, end;

	for (from = 0; from < KW_GROUP; from++)
		for (end = from + 1; end <= KW_GROUP; end++) {
			check_group(from, end, 3);
			check_group(from, end, UINT64_MAX - from);
		}
}

static void test_scale(void)
{
	g_assert_cmpuint(kw_scale(0, 5, 9), ==, 5);
	g_assert_cmpuint(kw_scale(UINT32_MAX, 5, 9), ==, 9);
	g_assert_cmpuint(kw_scale(UINT32_MAX, 5, 5), ==, 5);
}

/* ln 2, the ends, no step where the table begins; the mean of many draws. */
static void test_exponential(void)
{
	struct kw_rng_key key = { 1, 0 };
	struct kw_rng rng = { .next = 0 };
	uint64_t sum = 0, i, n = 200000, below, above;
	static struct kw_nats t;

	kw_nats_init(&t);
	g_assert_cmpuint(kw_exponential(&t, UINT32_MAX, 1000000), ==, 0);
	g_assert_cmpint(ABS((int64_t)kw_exponential(&t, 0x7fffffff, 1000000) -
			    693147), <=, 2);
	g_assert_cmpuint(kw_exponential(&t, 0, 1000000), <, 22200000);
	above = kw_exponential(&t, (16u << 22) - 1, 1000000);
	below = kw_exponential(&t, 16u << 22, 1000000);
	g_assert_cmpint(ABS((int64_t)(above - below)), <=, 2);
	for (i = 0; i < n; i++)
		sum += kw_exponential(&t, kw_rng_u32(&rng, &key, 0), 1000000);
	g_assert_cmpint(ABS((int64_t)(sum / n) - 1000000), <, 10000);
}

static void test_hist(void)
{
	static struct kw_hist h;
	unsigned i;

	for (i = 0; i < 100000; i++)
		g_assert_cmpuint(kw_hist_bucket(i) <= kw_hist_bucket(i + 1),
				 ==, 1);
	for (i = 0; i < KW_HIST_BUCKETS; i++)
		g_assert_cmpuint(kw_hist_bucket(kw_hist_lowest(i)), ==, i);
	for (i = 1; i <= 1000; i++)
		kw_hist_add(&h, i * 1000);
	g_assert_cmpuint(kw_hist_permille(&h, 1000), ==, 1000000);
	g_assert_cmpuint(kw_hist_permille(&h, 500), <=, 500000);
	g_assert_cmpuint(kw_hist_permille(&h, 500), >=, 468000);
}

/* Two threads of 2 x 100 ns on so many CPUs; when does it end? */
static uint64_t two_threads(unsigned nr_cpus, uint64_t slice_ns)
{
	static struct assembler m;
	struct kw_run_opts o = { .seed = 1, .duration_ns = 10000 };
	struct kw_runner *r;
	struct kw_result res;
	uint16_t entry, d;

	asm_begin(&m);
	asm_object(&m, 8);
	d = asm_dist(&m, KW_CONSTANT, 100, 0);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, d);
	asm_op(&m, KW_OP_BURN, 0, d);
	asm_op(&m, KW_OP_END, 0, 0);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	m.p.host.nr_cpus = nr_cpus;
	m.p.host.slice_ns = slice_ns;
	r = kw_runner_new(&m.p, &o);
	kw_runner_run(r, 0, &res);
	kw_runner_free(r);
	return res.counts.end_ns + 1000 * res.counts.preemptions;
}

static void test_cpus(void)
{
	g_assert_cmpuint(two_threads(2, 1000), ==, 200);
	g_assert_cmpuint(two_threads(1, 1000), ==, 400);
	/* slices of 150 ns: 0-150 a, 150-300 b, 300-350 a, 350-400 b */
	g_assert_cmpuint(two_threads(1, 150), ==, 2400);
}

/* A handler that is raised while its home is masked begins at the unmask. */
static void test_masked(void)
{
	static struct assembler m;
	struct kw_run_opts o = { .seed = 1, .duration_ns = 10000 };
	struct kw_runner *r;
	struct kw_result res;
	uint16_t v, thread, irq, hw, d100, d30, home, h;

	asm_begin(&m);
	v = asm_object(&m, 8);
	d100 = asm_dist(&m, KW_CONSTANT, 100, 0);
	d30 = asm_dist(&m, KW_CONSTANT, 30, 0);
	thread = asm_here(&m);
	asm_op(&m, KW_OP_IRQ_OFF, 0, 0);
	asm_op(&m, KW_OP_BURN, 0, d100);
	asm_op(&m, KW_OP_IRQ_ON, 0, 0);
	asm_op(&m, KW_OP_BURN, 0, d100);
	asm_op(&m, KW_OP_END, 0, 0);
	irq = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, d30);
	asm_op(&m, KW_OP_END, 0, 0);
	hw = asm_here(&m);
	asm_op(&m, KW_OP_DELAY, 0, d30);
	asm_op(&m, KW_OP_RAISE, v, 0);
	asm_op(&m, KW_OP_END, 0, 0);
	home = asm_actor(&m, KW_THREAD, true, thread, 0xffff);
	h = asm_actor(&m, KW_HARDIRQ, false, irq, home);
	asm_actor(&m, KW_HW, true, hw, 0xffff);
	asm_end(&m);
	kw_put16(m.init, v, h + 1u);
	r = kw_runner_new(&m.p, &o);
	kw_runner_run(r, 0, &res);
	g_assert_cmpuint(res.counts.interrupts, ==, 1);
	g_assert_cmpuint(res.counts.end_ns, ==, 230);
	kw_runner_free(r);
}

static void test_deadlock(void)
{
	static struct assembler m;
	struct kw_run_opts o = { .seed = 1, .duration_ns = 10000 };
	struct kw_runner *r;
	struct kw_result res;
	uint16_t v, entry;

	asm_begin(&m);
	v = asm_object(&m, 8);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_AWAIT, v, 1);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	r = kw_runner_new(&m.p, &o);
	kw_runner_run(r, 0, &res);
	g_assert_cmpuint(res.counts.failed, ==, 1);
	g_assert_nonnull(strstr(res.failure, "for ever"));
	kw_runner_free(r);
}

/* Random threads: what a campaign delivers depends on no number of jobs. */
struct summed {
	uint64_t digest, runs;
};

static bool add_block(void *arg, const struct kw_block *b)
{
	struct summed *sum = arg;
	unsigned i;

	g_assert_cmpuint(b->first, ==, sum->runs);
	for (i = 0; i < b->nr_runs; i++)
		sum->digest = sum->digest * 31 + b->runs[i].digest;
	sum->runs += b->nr_runs;
	return true;
}

static struct summed campaign(unsigned jobs)
{
	static struct assembler m;
	struct kw_campaign c = { .program = &m.p, .nr_runs = 1000,
				 .jobs = jobs };
	struct summed sum = { 0, 0 };
	uint16_t entry, d;

	asm_begin(&m);
	asm_object(&m, 8);
	d = asm_dist(&m, KW_UNIFORM, 10, 1000);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, d);
	asm_op(&m, KW_OP_DELAY, 0, d)->next[0] = entry;
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	m.p.host.nr_cpus = 2;
	c.run = (struct kw_run_opts){ .seed = 5, .duration_ns = 20000 };
	g_assert_cmpuint(kw_campaign_run(&c, add_block, &sum), ==, 1000);
	return sum;
}

static void test_jobs(void)
{
	struct summed one = campaign(1), two = campaign(2), five = campaign(5);

	g_assert_cmpuint(one.runs, ==, 1000);
	g_assert_cmphex(one.digest, ==, two.digest);
	g_assert_cmphex(one.digest, ==, five.digest);
}

/* A guest on the second CPU spins until hardware sets a byte, at 500 ns. */
static void test_guest_awaits(void)
{
	static struct assembler m;
	struct kw_run_opts o = { .seed = 1, .duration_ns = 10000 };
	struct kw_runner *r;
	struct kw_result res;
	uint16_t v, busy, thread, guest, hw, d500, d600, home;

	asm_begin(&m);
	v = asm_object(&m, 8);
	d500 = asm_dist(&m, KW_CONSTANT, 500, 0);
	d600 = asm_dist(&m, KW_CONSTANT, 600, 0);
	busy = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, d600);
	asm_op(&m, KW_OP_END, 0, 0);
	thread = asm_here(&m);
	asm_op(&m, KW_OP_GUEST_ENTER, 0, 0);
	asm_op(&m, KW_OP_END, 0, 0);
	guest = asm_here(&m);
	asm_op(&m, KW_OP_AWAIT, v, 1);
	asm_op(&m, KW_OP_BURN, 0, d600);
	asm_op(&m, KW_OP_GUEST_EXIT, 0, 1)->next[1] = 0;
	hw = asm_here(&m);
	asm_op(&m, KW_OP_DELAY, 0, d500);
	asm_op(&m, KW_OP_STORE, v, 1);
	asm_op(&m, KW_OP_END, 0, 0);
	asm_actor(&m, KW_THREAD, true, busy, 0xffff);
	home = asm_actor(&m, KW_THREAD, true, thread, 0xffff);
	asm_actor(&m, KW_GUEST, true, guest, home);
	asm_actor(&m, KW_HW, true, hw, 0xffff);
	asm_end(&m);
	r = kw_runner_new(&m.p, &o);
	kw_runner_run(r, 0, &res);
	g_assert_cmpuint(res.counts.failed, ==, 0);
	g_assert_cmpuint(res.counts.end_ns, ==, 1100);
	kw_runner_free(r);
}

static void ignore(void *arg, const struct kw_event *e, const uint8_t *state)
{
	(void)e;
	(void)state;
	++*(unsigned *)arg;
}

/* Threads that fight for a lock, seen by nobody, or step by step. */
static void fight(kw_observer observe, struct kw_result *res)
{
	static struct assembler m;
	unsigned seen = 0;
	struct kw_run_opts o = { .seed = 9, .duration_ns = 100000,
				 .observe = observe, .observe_arg = &seen };
	struct kw_runner *r;
	uint16_t v, entry, d;

	asm_begin(&m);
	v = asm_object(&m, 8);
	d = asm_dist(&m, KW_UNIFORM, 10, 300);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, d);
	asm_op(&m, KW_OP_LOCK, v, 0);
	asm_op(&m, KW_OP_BURN, 0, d);
	asm_op(&m, KW_OP_SET_MASK, v + 2, 1);
	asm_op(&m, KW_OP_UNLOCK, v, 0)->next[0] = entry;
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	m.p.host.nr_cpus = 3;
	m.p.host.op_ns[KW_COST_LOCK].min = 20;
	m.p.host.op_ns[KW_COST_LOCK].max = 50;
	r = kw_runner_new(&m.p, &o);
	kw_runner_run(r, 0, res);
	kw_runner_free(r);
	g_assert_true(!observe == !seen);
}

static void test_observed(void)
{
	struct kw_result unseen, seen;

	fight(NULL, &unseen);
	fight(ignore, &seen);
	g_assert_cmpuint(unseen.counts.steps, >, 1000);
	g_assert_cmpuint(unseen.counts.steps, ==, seen.counts.steps);
	g_assert_cmphex(unseen.digest, ==, seen.digest);
}

struct order {
	const struct kw_program *p;
	GString *text;
};

static void note(void *arg, const struct kw_event *e, const uint8_t *state)
{
	static const char *const names[KW_NR_OPS] = {
		[KW_OP_SET_MASK] = "set", [KW_OP_LEA] = "lea",
	};
	struct order *order = arg;
	const char *name = names[order->p->nodes[e->node].op];

	(void)state;
	if (name)
		g_string_append_printf(order->text, "%u:%s ", e->actor, name);
}

/* Two at the same time: in turn, but for what is free. */
static void test_free(void)
{
	static struct assembler m;
	struct order order = { &m.p, g_string_new(NULL) };
	struct kw_run_opts o = { .seed = 1, .duration_ns = 1000,
				 .observe = note, .observe_arg = &order };
	struct kw_runner *r;
	struct kw_result res, unseen;
	uint16_t v, entry, d;

	asm_begin(&m);
	v = asm_object(&m, 8);
	d = asm_dist(&m, KW_CONSTANT, 100, 0);
	entry = asm_here(&m);
	asm_op(&m, KW_OP_BURN, 0, d);
	asm_op(&m, KW_OP_SET_MASK, v, 1);
	asm_op(&m, KW_OP_LEA, v, 0)->dst = 1;
	asm_op(&m, KW_OP_SET_MASK, v, 2);
	asm_op(&m, KW_OP_END, 0, 0);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_actor(&m, KW_THREAD, true, entry, 0xffff);
	asm_end(&m);
	m.p.host.nr_cpus = 2;
	r = kw_runner_new(&m.p, &o);
	kw_runner_run(r, 0, &res);
	kw_runner_free(r);
	g_assert_cmpstr(order.text->str, ==, "0:set 0:lea 1:set 1:lea "
			"0:set 1:set ");
	o.observe = NULL;
	r = kw_runner_new(&m.p, &o);
	kw_runner_run(r, 0, &unseen);
	kw_runner_free(r);
	g_assert_cmphex(unseen.digest, ==, res.digest);
	g_string_free(order.text, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/run/observed", test_observed);
	g_test_add_func("/run/free", test_free);
	g_test_add_func("/run/guest-awaits", test_guest_awaits);
	g_test_add_func("/run/queue/order", test_queue_order);
	g_test_add_func("/run/queue/far", test_queue_far_and_near);
	g_test_add_func("/run/queue/plain", test_queue_plain);
	g_test_add_func("/run/rng", test_rng_is_counter_based);
	g_test_add_func("/run/rng/groups", test_rng_groups);
	g_test_add_func("/run/scale", test_scale);
	g_test_add_func("/run/exponential", test_exponential);
	g_test_add_func("/run/hist", test_hist);
	g_test_add_func("/run/cpus", test_cpus);
	g_test_add_func("/run/masked", test_masked);
	g_test_add_func("/run/deadlock", test_deadlock);
	g_test_add_func("/run/jobs", test_jobs);
	return g_test_run();
}
