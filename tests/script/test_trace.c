// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the tracer and the linker make of paths: each test compiles a small
 * kernel and looks at the nodes, or runs them.
 */
#include "kit.h"

#define VCPU "struct('vcpu', { a = flag(), b = flag(), c = flag(), " \
	"n = count(5), m = enum{ 'X', 'Y', 'Z' }, r = word{ 'R0', 'R1' }, " \
	"other = ref('vcpu'), l = list('vcpu', 'link'), link = link('vcpu'), " \
	"lock = lock(), h = handler(), t = time(), task = embed('task'), " \
	"lr = array(2, 'lr') })\n" \
	"struct('lr', { p = flag(), v = ref('vcpu') })\n"

#define ONE_VCPU "local v = object('vcpu', 'v')\n"
/* what other actors might do, so that nothing is constant */
#define NOISE "actor{ type = 'hw', name = 'noise', run = function()\n" \
	"loop(function()\n" \
	"if choice(2) == 0 then store(v.a, true) else store(v.a, false) end\n" \
	"if choice(2) == 0 then store(v.b, true) else store(v.b, false) end\n" \
	"if choice(2) == 0 then store(v.c, true) else store(v.c, false) end\n" \
	"store(v.n, choice(6)); store(v.m, choice(3))\n" \
	"set_bit(R0, v.r); set_bit(R1, v.r); clear_bit(R1, v.r)\n" \
	"end) end }\n"
#define THREAD "actor{ type = 'thread', name = 't', run = function() K.f(v) " \
	"end }\n"

static void test_fork_and_merge(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"if load(v.a) then store(v.m, Y) end\n"
		"if load(v.b) then store(v.m, Z) end\n"
		"if load(v.c) then store(v.m, X) end\n"
		"end\n", ONE_VCPU NOISE THREAD);
	struct kw_program *p = s->program;

	/* three ifs in a row: each once, not 1 + 2 + 4 */
	g_assert_cmpuint(kit_count(p, KW_OP_LOAD_FLAG), ==, 3);
	kw_scenario_free(s);
}

static void test_registers_meet(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"if load(v.a) then store(v.m, Y) end\n"
		"local o = load(v.other)\n"
		"if o ~= NULL then store(o.b, true) end\n"
		"end\n", ONE_VCPU
		"local w = object('vcpu', 'w', { other = v })\n" NOISE
		"actor{ type = 'hw', name = 'set', run = function() "
		"store(v.other, w) end }\n" THREAD);

	g_assert_cmpuint(kit_count(s->program, KW_OP_LOAD_REF), ==, 1);
	g_assert_cmpuint(kit_count(s->program, KW_OP_REF_EQ), ==, 1);
	kw_scenario_free(s);
}

static void test_constant_folding(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"if load(v.a) then K.pmu(v) end\n"		/* never */
		"if test_bit(R1, v.r) then store(v.m, Z) end\n"	/* never */
		"if load(v.m) == X then store(v.b, true) end\n"	/* always */
		"if load(v.other) ~= NULL then store(v.c, true) end\n"
		"set_bit(R0, v.r)\n"
		"end\n"
		"function K.pmu(v) store(v.a, false) set_bit(R1, v.r) end\n",
		ONE_VCPU THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);
	char *text = kit_show(p, "f");

	g_assert_cmpuint(kit_count(p, KW_OP_LOAD_FLAG), ==, 0);
	g_assert_cmpuint(kit_count(p, KW_OP_LOAD_MASK), ==, 0);
	g_assert_cmpuint(kit_count(p, KW_OP_LOAD_REF), ==, 0);
	g_assert_null(strstr(text, "pmu"));
	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.b")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v.c")], ==, 0);
	g_assert_cmpuint(st[kit_address(p, "v.r")], ==, 1);
	g_free(text);
	g_free(st);
	kw_scenario_free(s);
}

/* Calls: outcomes of each type flow back; one path for two objects. */
static void test_calls(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.flag(v) return load(v.a) end\n"
		"function K.number(v) return load(v.n) end\n"
		"function K.ref(v) if load(v.a) then return v end "
		"return NULL end\n"
		"function K.word(v) if load(v.a) then return 'yes' end end\n"
		"function K.f(v)\n"
		"if K.flag(v) then store(v.b, true) end\n"
		"if K.number(v) == 3 then store(v.m, Z) end\n"
		"local o = K.ref(v)\n"
		"if o == v then store(o.c, true) end\n"
		"if K.word(v) == 'yes' then set_bit(R1, v.r) end\n"
		"end\n",
		"local v = object('vcpu', 'v')\n"
		"local w = object('vcpu', 'w', { a = true, n = 3 })\n"
		"actor{ type = 'thread', name = 't', run = K.f, args = { v } }\n"
		"actor{ type = 'thread', name = 'u', run = K.f, args = { w } }");
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);

	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.b")], ==, 0);
	g_assert_cmpuint(st[kit_address(p, "v.m")], ==, 0);
	g_assert_cmpuint(st[kit_address(p, "v.c")], ==, 0);
	g_assert_cmpuint(st[kit_address(p, "v.r")], ==, 0);
	kit_run(p, st, "u");
	g_assert_cmpuint(st[kit_address(p, "w.b")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "w.m")], ==, 2);
	g_assert_cmpuint(st[kit_address(p, "w.c")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "w.r")], ==, 2);
	g_assert_cmpuint(kit_count(p, KW_OP_CALL), ==, 4);
	g_assert_cmpuint(p->actors[0].entry, ==, p->actors[1].entry);
	g_free(st);
	kw_scenario_free(s);
}

/* A patch overrides for all callers; the original can be inlined. */
static void test_override(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.g(v) store(v.a, true) end\n"
		"function K.f(v) K.g(v) end\n"
		"local orig = K.g\n"
		"function K.g(v) orig(v) store(v.b, true) end\n",
		ONE_VCPU THREAD);
	uint8_t *st = kit_state(s->program);

	kit_run(s->program, st, "t");
	g_assert_cmpuint(st[kit_address(s->program, "v.a")], ==, 1);
	g_assert_cmpuint(st[kit_address(s->program, "v.b")], ==, 1);
	g_free(st);
	kw_scenario_free(s);
}

static void test_loop(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"if load(v.c) then store(v.c, false) end\n"
		"local left = loop(function()\n"
		"	local n = load(v.n)\n"
		"	if n == 5 then return 'five' end\n"
		"	if load(v.a) then return 'a' end\n"
		"	store(v.n, n + 1)\n"
		"end)\n"
		"if left == 'five' then store(v.b, true) end\n"
		"end\n", ONE_VCPU
		"actor{ type = 'hw', name = 'n', run = function() "
		"store(v.a, true) store(v.c, true) end }\n" THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);

	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.n")], ==, 5);
	g_assert_cmpuint(st[kit_address(p, "v.b")], ==, 1);
	/* the loop is there once, although it is reached on two ways */
	g_assert_cmpuint(kit_count(p, KW_OP_LOAD), ==, 1);
	g_free(st);
	kw_scenario_free(s);
}

static void test_nested_loops(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"local o = loop(function()\n"
		"	local i = loop(function()\n"
		"		local n = load(v.n)\n"
		"		if n == 3 then return true end\n"
		"		store(v.n, n + 1)\n"
		"	end)\n"
		"	store(v.n, 0)\n"
		"	if load(v.m) == Z then return v end\n"
		"	store(v.m, load(v.m) + 1)\n"
		"end)\n"
		"store(o.b, true)\n"
		"end\n", ONE_VCPU THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);

	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.n")], ==, 0);
	g_assert_cmpuint(st[kit_address(p, "v.m")], ==, 2);
	g_assert_cmpuint(st[kit_address(p, "v.b")], ==, 1);
	g_free(st);
	kw_scenario_free(s);
}

static void test_lists(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"if not list_empty(v.l) then fail('not empty') end\n"
		"list_add_tail(v.l, VM[1]) list_add_tail(v.l, VM[2])\n"
		"list_add(v.l, VM[3])\n"
		"list_for_each(v.l, function(e)\n"
		"	if e == VM[1] then list_del(v.l, e) end\n"
		"	store(e.a, true)\n"
		"end)\n"
		"local first = list_first(v.l)\n"
		"store(first.b, true)\n"
		"store(list_next(v.l, first).c, true)\n"
		"local found = list_for_each(v.l, function(e)\n"
		"	if e == VM[2] then return e end\n"
		"end)\n"
		"if found then store(found.m, Z) end\n"
		"end\n", ONE_VCPU
		"VM = {}\n"
		"for i = 1, 3 do VM[i] = object('vcpu', 'v' .. i) end\n"
		THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);

	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v1.a")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v2.a")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v3.a")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v3.b")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v2.c")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v2.m")], ==, 2);
	g_free(st);
	kw_scenario_free(s);
}

/* Embedded structs and array elements are references. */
static void test_embedded(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.g(lr, v) store(lr.p, true) store(lr.v, v) end\n"
		"function K.f(v)\n"
		"K.g(v.lr[2], v)\n"
		"local o = load(v.lr[2].v)\n"
		"if o == v then store(o.b, true) end\n"
		"end\n", ONE_VCPU THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);

	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.lr[1].p")], ==, 0);
	g_assert_cmpuint(st[kit_address(p, "v.lr[2].p")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v.b")], ==, 1);
	g_free(st);
	kw_scenario_free(s);
}

static void test_operations(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"if test_and_set_bit(R1, v.r) then fail('set') end\n"
		"if not test_and_clear_bit(R1, v.r) then fail('clear') end\n"
		"if any(v.r) then fail('any') end\n"
		"if xchg(v.m, Z) ~= X then fail('xchg') end\n"
		"if cmpxchg(v.m, X, Y) ~= Z then fail('cmpxchg') end\n"
		"if cmpxchg(v.m, Z, Y) ~= Z then fail('cmpxchg') end\n"
		"spin_lock(v.lock) spin_unlock(v.lock)\n"
		"mutex_lock(v.lock) mutex_unlock(v.lock)\n"
		"smp_mb() smp_wmb() smp_rmb()\n"
		"smp_store_release(v.a, true)\n"
		"if not smp_load_acquire(v.a) then fail('a') end\n"
		"WRITE_ONCE(v.b, READ_ONCE(v.a))\n"
		"end\n", ONE_VCPU NOISE THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);

	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.r")], ==, 0);
	g_assert_cmpuint(st[kit_address(p, "v.m")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v.b")], ==, 1);
	g_free(st);
	kw_scenario_free(s);
}

/* A scenario's halt_poll = 0 removes polling: a time that nobody writes. */
static void test_times(void)
{
	static const char kernel[] = VCPU
		"function K.f(v)\n"
		"local stop = ktime_get() + load(v.t)\n"
		"if ns(0) < load(v.t) then\n"
		"	if ktime_get() < stop then store(v.a, true) end\n"
		"	arm(v.h, stop)\n"
		"end\n"
		"end\n";
	struct kw_scenario *s = kit_compile(kernel, ONE_VCPU THREAD);

	g_assert_cmpuint(kit_count(s->program, KW_OP_TIME_LESS), ==, 0);
	g_assert_cmpuint(s->program->actors[0].nr_times, ==, 0);
	kw_scenario_free(s);
	s = kit_compile(kernel,
			"local v = object('vcpu', 'v', { t = us(5) })\n"
			THREAD);
	g_assert_cmpuint(kit_count(s->program, KW_OP_TIME_LESS), ==, 1);
	g_assert_cmpuint(kit_count(s->program, KW_OP_ARM), ==, 1);
	g_assert_cmpuint(s->program->actors[0].nr_times, >, 0);
	kw_scenario_free(s);
}

static void test_traps(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"exits{ 'EXIT_WFI' }\n"
		"function K.wfx(v) store(v.b, true) end\n"
		"function K.f(v)\n"
		"local why = guest_enter()\n"
		"if why == EXIT_WFI then call_trap(v) store(v.c, true) end\n"
		"end\n",
		ONE_VCPU
		"local t = actor{ type = 'thread', name = 't', run = K.f, "
		"args = { v }, object = v, task = 'task' }\n"
		"actor{ type = 'guest', name = 'g', home = t, object = v, "
		"run = function()\n"
		"if load(v.a) then store(v.m, Y) end\n"
		"guest_exit(EXIT_WFI, function(vcpu, n) K.wfx(vcpu) "
		"store(vcpu.n, n) end, 4)\n"
		"end }\n");
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);
	struct kw_done done;
	unsigned t = kit_actor(p, "t"), g = kit_actor(p, "g"), i;

	for (i = 0; kw_actor(p, st, t)->run != KW_IN_GUEST; i++)
		kw_step(p, st, t, 0, NULL, &done);
	for (done.effect = KW_EFF_NONE; done.effect != KW_EFF_EXIT;)
		kw_step(p, st, g, 0, NULL, &done);
	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.b")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v.n")], ==, 4);
	g_assert_cmpuint(st[kit_address(p, "v.c")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v.task.on_rq")], ==, 1);
	g_free(st);
	kw_scenario_free(s);
}

static void test_oracle(void)
{
	struct kw_scenario *s = kit_compile(
		"struct('vcpu', { hw_wfi = arch(flag()) })\n"
		"struct('irq', { hw_target = arch(ref('vcpu')), "
		"hw_pend = arch(flag()) })\n"
		"function K.f(v) store(v.hw_wfi, true) end\n"
		"oracle{ deliverable = function(irq) return load(irq.hw_pend) "
		"end, waits = function(v) if load(v.hw_wfi) then return 1 end "
		"return 0 end }\n", ONE_VCPU
		"object('vcpu', 'w')\n"
		"object('irq', 'i', { hw_target = v, hw_pend = true })\n"
		THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);
	unsigned v = kit_object(p, "v"), w = kit_object(p, "w");

	g_assert_cmpuint(p->oracle.pending, ==, 0);
	g_assert_cmpuint(kw_eval(p, st, p->oracle.waits, (uint16_t)v), ==, 0);
	kit_run(p, st, "t");
	g_assert_cmpuint(kw_eval(p, st, p->oracle.waits, (uint16_t)v), ==, 1);
	g_assert_cmpuint(kw_eval(p, st, p->oracle.waits, (uint16_t)w), ==, 0);
	g_assert_cmpuint(kw_eval(p, st, p->oracle.deliverable,
				 (uint16_t)kit_object(p, "i")), ==, 1);
	g_assert_cmpuint(p->oracle.target_off, <, 8);
	g_free(st);
	kw_scenario_free(s);
}

/* What cannot be in this scenario is not there at all. */
static void test_unreachable_handlers(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v) if load(v.a) then raise(v.h) end end\n"
		"function K.handler(v) store(v.b, true) end\n", ONE_VCPU
		"local t = actor{ type = 'thread', name = 't', run = K.f, "
		"args = { v } }\n"
		"actor{ type = 'hardirq', name = 'h', home = t, object = v, "
		"handler = 'h', run = K.handler, args = { v } }\n");
	struct kw_program *p = s->program;

	g_assert_cmpuint(p->actors[kit_actor(p, "h")].entry, ==, 0);
	g_assert_cmpuint(p->nr_nodes, ==, 2);
	kw_scenario_free(s);
}

/* A value out of its domain, where only a load could bring it. */
static void test_out_of_domain(void)
{
	struct kw_scenario *s = kit_compile(VCPU
		"function K.f(v)\n"
		"local n = load(v.n)\n"
		"if n < 4 then store(v.lr[n + 1].p, true) end\n"
		"store(v.n, n + 1)\n"
		"end\n", ONE_VCPU THREAD);
	struct kw_program *p = s->program;
	uint8_t *st = kit_state(p);

	kit_run(p, st, "t");
	g_assert_cmpuint(st[kit_address(p, "v.n")], ==, 1);
	g_assert_cmpuint(st[kit_address(p, "v.lr[1].p")], ==, 1);
	g_assert_cmpuint(kit_count(p, KW_OP_FAIL), >, 0);
	g_free(st);
	kw_scenario_free(s);
}

static void test_same_bytes(void)
{
	static const char kernel[] = VCPU
		"function K.g(v) return load(v.n) end\n"
		"function K.f(v) if K.g(v) == 2 and load(v.m) == Y then "
		"store(v.a, true) end end\n";
	struct kw_scenario *a = kit_compile(kernel, ONE_VCPU NOISE THREAD);
	struct kw_scenario *b = kit_compile(kernel, ONE_VCPU NOISE THREAD);
	struct kw_scenario *c = kit_compile(kernel, ONE_VCPU THREAD);

	g_assert_cmpuint(a->program->digest, ==, b->program->digest);
	g_assert_cmpuint(a->digest, ==, b->digest);
	g_assert_cmpuint(a->kernel_digest, ==, b->kernel_digest);
	g_assert_cmpmem(a->program->nodes,
			a->program->nr_nodes * sizeof(struct kw_node),
			b->program->nodes,
			b->program->nr_nodes * sizeof(struct kw_node));
	g_assert_cmpuint(a->program->digest, !=, c->program->digest);
	g_assert_cmpuint(a->digest, !=, c->digest);
	g_assert_cmpuint(a->kernel_digest, ==, c->kernel_digest);
	kw_scenario_free(a);
	kw_scenario_free(b);
	kw_scenario_free(c);
}

static void test_show(void)
{
	struct kw_scenario *s = kit_compile(
		"source('virt/x.c', 'v1')\n" VCPU
		"function K.f(v)\n"
		"if load(v.a) then set_bit(R1, v.r) end\n"
		"end\n", ONE_VCPU NOISE THREAD);
	GString *dot = g_string_new(NULL);
	char *text = kit_show(s->program, "f");

	g_assert_true(g_str_has_prefix(text, "f(vcpu), virt/x.c v1, entry "));
	g_assert_nonnull(strstr(text, "LOAD_FLAG v.a 0:"));
	g_assert_nonnull(strstr(text, "SET_MASK v.r R1"));
	g_assert_nonnull(strstr(text, "v1.lua:5\n"));
	g_assert_cmpuint(kw_show_dot(s->program, "f", dot), ==, 1);
	g_assert_nonnull(strstr(dot->str, "[label=\"1\"];"));
	g_assert_cmpuint(kw_show_dot(s->program, "none", dot), ==, 0);
	g_string_truncate(dot, 0);
	kw_show_names(s->program, dot);
	g_assert_nonnull(strstr(dot->str, "    3  f(vcpu)  virt/x.c v1\n"));
	g_free(text);
	g_string_free(dot, TRUE);
	kw_scenario_free(s);
}

static void test_head(void)
{
	struct kit k = kit_new("error('must not run')",
			       "error('nor this')");
	GError *err = NULL;
	struct kw_scenario *s = kit_load(&k, NULL, &err);

	g_assert_no_error(err);
	g_assert_null(s->program);
	g_assert_cmpstr(s->name, ==, "t");
	g_assert_cmpuint(s->nr_expects, ==, 1);
	g_assert_cmpstr(s->expects[0].kernel, ==, "v1");
	kw_scenario_free(s);
	kit_free(&k);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*fn)(void); } tests[] = {
		{ "fork-and-merge", test_fork_and_merge },
		{ "registers-meet", test_registers_meet },
		{ "constant-folding", test_constant_folding },
		{ "calls", test_calls },
		{ "override", test_override },
		{ "loop", test_loop },
		{ "nested-loops", test_nested_loops },
		{ "lists", test_lists },
		{ "embedded", test_embedded },
		{ "operations", test_operations },
		{ "times", test_times },
		{ "traps", test_traps },
		{ "oracle", test_oracle },
		{ "unreachable-handlers", test_unreachable_handlers },
		{ "out-of-domain", test_out_of_domain },
		{ "same-bytes", test_same_bytes },
		{ "show", test_show },
		{ "head", test_head } };
	unsigned i;

	g_test_init(&argc, &argv, NULL);
	for (i = 0; i < G_N_ELEMENTS(tests); i++) {
		char *path = g_strconcat("/trace/", tests[i].name, NULL);

		g_test_add_func(path, tests[i].fn);
		g_free(path);
	}
	return g_test_run();
}
