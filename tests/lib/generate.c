/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a generated program is: statements, drawn one after another,
 * over the bytes of one object, which is the vCPU.
 */
#include "../../sim/program/link.h"
#include "generate.h"

enum {				/* addresses */
	VCPU = 8,
	WFI = 8, PEND = 9,		/* architectural */
	VARS = 10, NR_VARS = 3,		/* 0 .. 2 each */
	WORD = 13,
	HARDIRQ = 14, VIRQ = 16,	/* handlers */
	LOCKS = 18, NR_LOCKS = 2,
	LIST = 22, POINTER = 26,
	TASK = 30,			/* in two words of a state */
	ENTRIES = 40, NR_ENTRIES = 2,	/* 8 bytes each: a link, a byte */
};
enum { VERDICT, SIGNAL };

#define FIELD(at, name_, type_, ...) \
	{ .name = name_, .type = type_, .off = (at) - VCPU, ##__VA_ARGS__ }
static const struct kw_field fields[] = {
	FIELD(WFI, "wfi", KW_FLAG, .arch = KW_NODE_ARCH, .max = 1),
	FIELD(PEND, "pend", KW_FLAG, .arch = KW_NODE_ARCH, .max = 1),
	FIELD(VARS, "x", KW_COUNT, .max = 2),
	FIELD(VARS + 1, "y", KW_COUNT, .max = 2),
	FIELD(VARS + 2, "z", KW_COUNT, .max = 2),
	FIELD(WORD, "word", KW_WORD),
	FIELD(HARDIRQ, "hardirq", KW_HANDLER),
	FIELD(VIRQ, "virq", KW_HANDLER),
	FIELD(LOCKS, "lock", KW_LOCK),
	FIELD(LOCKS + 2, "lock2", KW_LOCK),
	FIELD(LIST, "list", KW_LIST),
	FIELD(POINTER, "pointer", KW_REF),
	FIELD(TASK + KW_TASK_STATE, "task.state", KW_ENUM, .max = 1),
	FIELD(TASK + KW_TASK_ON_RQ, "task.on_rq", KW_FLAG, .max = 1),
	FIELD(TASK + KW_TASK_SIGPENDING, "task.sigpending", KW_FLAG,
	      .max = 1),
	FIELD(TASK + KW_TASK_THREAD, "task.thread", KW_HANDLER),
	FIELD(ENTRIES, "first.link", KW_LINK),
	FIELD(ENTRIES + 4, "first.value", KW_COUNT, .max = 2),
	FIELD(ENTRIES + 8, "second.link", KW_LINK),
	FIELD(ENTRIES + 12, "second.value", KW_COUNT, .max = 2),
};

struct generator {
	struct assembler *m;
	uint64_t random;
	bool handler, virq;
	bool locks;			/* hardly anything else is done */
	bool threads;			/* see ALIKE_IN_THREADS */
	unsigned depth;			/* of statements in statements */
	unsigned held;			/* locks, a bit each */
};

/* 0 .. n-1; splitmix64 */
static unsigned draw(struct generator *g, unsigned n)
{
	uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

static void statement(struct generator *g);

static void end(struct generator *g)
{
	asm_op(g->m, KW_OP_JUMP, 0, 0)->op = KW_OP_END;
}

static unsigned var(struct generator *g)
{
	return VARS + draw(g, NR_VARS);
}

static unsigned entry(struct generator *g)
{
	return ENTRIES + 8 * draw(g, NR_ENTRIES);
}

static void arch_store(struct generator *g, unsigned addr, unsigned value)
{
	asm_op(g->m, KW_OP_STORE, addr, value)->flags = KW_NODE_ARCH;
}

/* What follows happens after outcome 1 only. */
static void if_two(struct generator *g, enum kw_op op, unsigned addr,
		   unsigned val)
{
	struct kw_node *n = asm_op(g->m, op, addr, val);

	statement(g);
	n->next[0] = asm_here(g->m);
}

/* The same, of three. */
static void if_one_of_three(struct generator *g, enum kw_op op,
			    unsigned addr, unsigned val)
{
	struct kw_node *n = asm_op(g->m, op, addr, val);
	uint16_t *succ = g->m->succ + g->m->p.nr_succ;

	n->flags = KW_NODE_MANY;
	n->next[0] = (uint16_t)g->m->p.nr_succ;
	n->next[1] = 3;
	g->m->p.nr_succ += 3;
	succ[1] = asm_here(g->m);
	statement(g);
	succ[0] = succ[2] = asm_here(g->m);
}

static void locked(struct generator *g)
{
	unsigned l = draw(g, NR_LOCKS), how = draw(g, 2);
	bool again = g->held >> l & 1;

	/* Twice is a failure, so it is seldom. */
	if (again && draw(g, 8)) {
		statement(g);
		return;
	}
	g->held |= 1u << l;
	asm_op(g->m, KW_OP_LOCK, LOCKS + 2 * l, how);
	statement(g);
	if (!draw(g, 3))
		statement(g);
	asm_op(g->m, KW_OP_UNLOCK, LOCKS + 2 * l, how);
	if (!again)
		g->held &= ~(1u << l);
}

static void masked(struct generator *g)
{
	bool irq = draw(g, 2);

	asm_op(g->m, irq ? KW_OP_IRQ_OFF : KW_OP_PREEMPT_OFF, 0, 0);
	statement(g);
	asm_op(g->m, irq ? KW_OP_IRQ_ON : KW_OP_PREEMPT_ON, 0, 0);
}

/* By pointer: what it points to, or NULL, which is a failure. */
static void pointer(struct generator *g)
{
	struct kw_node *n;

	if (draw(g, 2)) {
		n = asm_op(g->m, KW_OP_LEA, draw(g, 3) ? entry(g) : 0, 0);
		n->dst = 2;
		n = asm_op(g->m, KW_OP_STORE_REF, POINTER, 0);
		n->dst = 2;
		return;
	}
	n = asm_op(g->m, KW_OP_LOAD_REF, POINTER, 0);
	n->dst = 3;
	if (draw(g, 4)) {
		n = asm_op(g->m, KW_OP_REF_EQ, 0, 0);
		n->dst = 3;
		n->next[0] = asm_here(g->m);
		n->next[1] = (uint16_t)(asm_here(g->m) + 1);
	}
	n = asm_op(g->m, KW_OP_STORE, 4, draw(g, 3));
	n->reg = 3;
}

static void list(struct generator *g)
{
	static const uint8_t ops[] = {
		KW_OP_LIST_ADD, KW_OP_LIST_ADD_TAIL, KW_OP_LIST_DEL,
	};
	struct kw_node *n = asm_op(g->m, KW_OP_LEA, entry(g), 0);

	n->dst = 4;
	n = asm_op(g->m, ops[draw(g, 3)], LIST, 0);
	n->dst = 4;
}

static void interrupt(struct generator *g)
{
	static const uint8_t ops[] = {
		KW_OP_RAISE, KW_OP_RAISE, KW_OP_RAISE, KW_OP_ARM, KW_OP_CANCEL,
		KW_OP_UNRAISE, KW_OP_AWAIT_IDLE,
	};
	enum kw_op op = ops[draw(g, G_N_ELEMENTS(ops))];
	unsigned addr = g->virq && draw(g, 2) ? VIRQ : HARDIRQ;

	if (op == KW_OP_CANCEL)
		if_two(g, op, addr, 0);
	else
		asm_op(g->m, op, addr, 0);
}

static void wake(struct generator *g)
{
	struct kw_node *n;

	if (draw(g, 4))
		arch_store(g, PEND, 1);
	n = asm_op(g->m, KW_OP_WAKE, TASK, 0);
	n->next[1] = n->next[0];
	if (!draw(g, 4))
		arch_store(g, PEND, 1);
	if (!draw(g, 8))
		asm_op(g->m, KW_OP_STORE, TASK + KW_TASK_SIGPENDING, 1);
}

static void nothing(struct generator *g)
{
	static const uint8_t ops[] = {
		KW_OP_MB, KW_OP_WMB, KW_OP_RMB, KW_OP_DELAY, KW_OP_BURN,
		KW_OP_JUMP, KW_OP_YIELD,
	};

	asm_op(g->m, ops[draw(g, G_N_ELEMENTS(ops))], 0, 0);
}

static void data(struct generator *g)
{
	static const uint8_t two[] = {
		KW_OP_TEST_AND_SET, KW_OP_TEST_AND_CLEAR, KW_OP_LOAD_MASK,
	};
	unsigned bit = 1u << draw(g, 2);

	switch (draw(g, 7)) {
	case 0:
	case 1:
		asm_op(g->m, KW_OP_STORE, var(g), draw(g, 3));
		break;
	case 2:
		if_two(g, KW_OP_LOAD_FLAG, var(g), 0);
		break;
	case 3:
		if_one_of_three(g, KW_OP_LOAD, var(g), 0);
		break;
	case 4:
		asm_op(g->m, draw(g, 2) ? KW_OP_SET_MASK : KW_OP_CLEAR_MASK,
		       WORD, bit);
		break;
	case 5:
		if_two(g, two[draw(g, 3)], WORD, bit);
		break;
	default:
		if (draw(g, 2))
			if_one_of_three(g, KW_OP_XCHG, var(g), draw(g, 3));
		else
			if_one_of_three(g, KW_OP_CMPXCHG, var(g),
					draw(g, 3) << 8 | draw(g, 3));
		break;
	}
}

static void seldom(struct generator *g)
{
	struct kw_node *n;

	switch (draw(g, 6)) {
	case 0:
		asm_op(g->m, KW_OP_AWAIT, var(g), 1);
		break;
	case 4:
		if_two(g, draw(g, 2) ? KW_OP_IS_ARMED : KW_OP_IS_PENDING,
		       HARDIRQ, 0);
		break;
	case 5:
		if_two(g, KW_OP_IS_LOCKED, LOCKS + 2 * draw(g, NR_LOCKS), 0);
		break;
	case 1:
		n = asm_op(g->m, KW_OP_LOAD_FLAG, var(g), 0);
		asm_op(g->m, KW_OP_FAIL, 0, 0);
		n->next[0] = asm_here(g->m);
		break;
	case 2:
		if_two(g, KW_OP_TIME_LESS, 0, 0);
		break;
	default:
		asm_op(g->m, KW_OP_MARK, VCPU, draw(g, 2));
		break;
	}
}

static void statement(struct generator *g)
{
	void (*const all[])(struct generator *) = {
		data, data, data, wake, pointer, list, nothing, seldom,
		locked, masked, interrupt,
	};
	void (*const some[])(struct generator *) = {
		locked, locked, locked, masked, data, interrupt,
	};
	/* Deep inside only what contains nothing, and is short. */
	unsigned n = g->depth > 2 ? 1 : G_N_ELEMENTS(all);
	unsigned nr_some = G_N_ELEMENTS(some);

	g->depth++;
	if (n > 1 && g->locks)
		some[draw(g, g->handler ? nr_some : nr_some - 1)](g);
	else if (n == 1)
		asm_op(g->m, KW_OP_STORE, var(g), draw(g, 3));
	else
		all[draw(g, g->handler ? n : n - 1)](g);
	g->depth--;
}

static void statements(struct generator *g, unsigned nr)
{
	while (nr--)
		statement(g);
}

/* Sleeps, unless something pends; the order may be the wrong one. */
static void block(struct generator *g)
{
	bool late = !draw(g, 3);
	struct kw_node *test, *off;

	if (!late)
		asm_op(g->m, KW_OP_STORE, TASK + KW_TASK_STATE,
		       KW_TASK_INTERRUPTIBLE);
	test = asm_op(g->m, KW_OP_LOAD_FLAG, PEND, 0);
	test->next[0] = asm_here(g->m);
	if (late)
		asm_op(g->m, KW_OP_STORE, TASK + KW_TASK_STATE,
		       KW_TASK_INTERRUPTIBLE);
	off = asm_op(g->m, KW_OP_DEACTIVATE, TASK, 0);
	asm_op(g->m, KW_OP_SWITCH, TASK, 0);
	test->next[1] = off->next[0] = asm_here(g->m);
	asm_op(g->m, KW_OP_STORE, TASK + KW_TASK_STATE, KW_TASK_RUNNING);
	if (draw(g, 3))
		asm_op(g->m, KW_OP_MARK, VCPU, VERDICT);
}

static void vcpu(struct generator *g)
{
	uint16_t at = asm_here(g->m);

	arch_store(g, WFI, 1);
	statements(g, draw(g, 2));
	block(g);
	statements(g, draw(g, 2));
	if (draw(g, 2)) {
		asm_op(g->m, KW_OP_GUEST_ENTER, 0, 0);
		statements(g, draw(g, 3));
	}
	if (draw(g, 3))
		arch_store(g, WFI, 0);
	end(g);
	at = asm_actor(g->m, KW_THREAD, true, at, 0xffff);
	g->m->actors[at].object = VCPU;
}

static void other(struct generator *g)
{
	uint16_t at = asm_here(g->m);

	if (draw(g, 4))
		wake(g);
	statements(g, 1 + draw(g, 2));
	end(g);
	asm_actor(g->m, draw(g, 2) || g->threads ? KW_THREAD : KW_HW, true, at,
		  0xffff);
}

static uint16_t handler(struct generator *g, enum kw_actor_type type,
			uint16_t home)
{
	uint16_t at = asm_here(g->m);

	/* It does not begin again by itself. */
	g->handler &= !g->locks;
	statements(g, draw(g, 2));
	end(g);
	return asm_actor(g->m, type, false, at, home);
}

static uint16_t guest(struct generator *g)
{
	uint16_t at = asm_here(g->m);
	struct kw_node *n;

	statements(g, 1 + draw(g, 2));
	arch_store(g, WFI, 0);
	n = asm_op(g->m, KW_OP_GUEST_EXIT, 0, 1);
	n->next[1] = 0;
	end(g);
	return asm_actor(g->m, KW_GUEST, true, at, 0);
}

static uint16_t returns_flag(struct generator *g, unsigned addr)
{
	uint16_t at = asm_here(g->m);
	struct kw_node *n = asm_op(g->m, KW_OP_LOAD_FLAG, addr - VCPU, 0);

	n->reg = 1;
	n->next[1] = (uint16_t)(n->next[0] + 1);
	asm_op(g->m, KW_OP_RETURN, 0, 0);
	asm_op(g->m, KW_OP_RETURN, 0, 1);
	return at;
}

static void begin(struct generator *g, unsigned nr_objects)
{
	const unsigned size = ENTRIES + 8 * NR_ENTRIES - VCPU;
	struct assembler *m = g->m;

	asm_begin(m);
	while (nr_objects--)
		asm_object(m, size);
	m->kind.size = (uint16_t)size;
	m->kind.nr_fields = G_N_ELEMENTS(fields);
	m->kind.fields = m->fields;
	memcpy(m->fields, fields, sizeof(fields));
}

static void finish(struct generator *g)
{
	struct assembler *m = g->m;

	m->marks[VERDICT] = "verdict";
	m->marks[SIGNAL] = "signal";
	m->p.nr_marks = 2;
	m->p.oracle.vcpu_kind = 0;
	m->p.oracle.waits = returns_flag(g, WFI);
	m->p.oracle.pending = returns_flag(g, PEND);
	m->p.oracle.arg_reg = 1;
	g_assert_cmpuint(m->p.nr_nodes, <=, ASM_MAX);
	asm_end(m);
}

/* The thread of the vCPU at addr, and its handlers: numbers + 1, or 0. */
static void set_task(struct assembler *m, unsigned addr, unsigned thread,
		     unsigned hardirq, unsigned virq)
{
	m->init[addr + HARDIRQ - VCPU] = (uint8_t)hardirq;
	m->init[addr + VIRQ - VCPU] = (uint8_t)virq;
	m->init[addr + TASK - VCPU + KW_TASK_ON_RQ] = 1;
	m->init[addr + TASK - VCPU + KW_TASK_THREAD] = (uint8_t)thread;
}

static void generate_with(struct assembler *m, uint64_t seed, bool locks)
{
	struct generator g = { .m = m, .random = seed, .locks = locks };
	uint16_t hardirq = 0, virq = 0, home;

	begin(&g, 1);
	g.handler = draw(&g, 3);
	g.virq = !draw(&g, 3);
	vcpu(&g);
	other(&g);
	other(&g);
	if (g.handler)
		hardirq = handler(&g, KW_HARDIRQ, 0) + 1;
	if (g.virq) {
		home = guest(&g);
		virq = handler(&g, KW_VIRQ, home) + 1;
	}
	finish(&g);
	set_task(m, VCPU, 1, hardirq, virq);
}

void generate(struct assembler *m, uint64_t seed)
{
	generate_with(m, seed, false);
}

void generate_locks(struct assembler *m, uint64_t seed)
{
	generate_with(m, seed, true);
}

static unsigned offset_of(const struct kw_program *p, const struct kw_node *n)
{
	const struct kw_object *o = kw_object_at(p, n->off);

	return n->reg ? n->off : o ? n->off - o->addr : 0;
}

void generate_names(struct assembler *m)
{
	unsigned i, f;

	for (i = 0; i < m->p.nr_nodes; i++) {
		const struct kw_node *n = &m->nodes[i];

		/* r1 is an object; other registers have entries of lists. */
		m->labels[i] = n->reg > 1 ? "value" : "";
		for (f = 0; n->off && n->reg < 2 && f < m->kind.nr_fields; f++)
			if (m->fields[f].off == offset_of(&m->p, n))
				m->labels[i] = m->fields[f].name;
	}
	m->p.labels = m->labels;
}

/* --- several of a kind ---------------------------------------------------- */

#define SECOND	(ENTRIES + 8 * NR_ENTRIES)	/* behind VCPU's */
#define SHARED	(SECOND + SECOND - VCPU)

static bool has_address(const struct kw_node *n)
{
	return kw_op_uses[n->op] & KW_USES_A && !n->reg && n->off;
}

/* Bit i of shared: what is at address VARS + i is in the shared object. */
static bool is_shared(unsigned shared, unsigned addr)
{
	return addr >= VARS && addr < TASK && addr != HARDIRQ &&
	       addr != VIRQ && shared >> (addr - VARS) & 1;
}

/* What nodes from `first` on name is in that object, or where r1 says. */
static void move_to(struct assembler *m, unsigned first, unsigned shared,
		    unsigned addr)
{
	unsigned i;

	for (i = first; i < m->p.nr_nodes; i++) {
		struct kw_node *n = &m->nodes[i];

		if (!has_address(n))
			continue;
		if (is_shared(shared, n->off)) {
			n->off = (uint16_t)(n->off + SHARED - VCPU);
			continue;
		}
		n->off = (uint16_t)(n->off - VCPU + addr);
		n->reg = !addr;
	}
}

/* Acquire and release, from node first on. */
static void draw_orders(struct generator *g, unsigned first, unsigned end)
{
	unsigned i;

	for (i = first; i < end; i++) {
		struct kw_node *n = &g->m->nodes[i];

		if (draw(g, 3))
			continue;
		if (n->op <= KW_OP_LOAD_REF)
			n->flags |= KW_NODE_ACQUIRE;
		else if (n->op == KW_OP_STORE || n->op == KW_OP_STORE_REF)
			n->flags |= KW_NODE_RELEASE;
	}
}

void generate_orders(struct assembler *m, uint64_t seed)
{
	struct generator g = { .m = m, .random = seed };

	draw_orders(&g, 1, m->p.oracle.waits);
}

/* The same of what was drawn so far, which tells what they are. */
static void add_orders(struct generator *g, unsigned first)
{
	uint64_t after = g->random;

	if (g->threads)
		draw_orders(g, first, g->m->p.nr_nodes);
	g->random = after;
}

/* The same code and actors for each object: a vCPU, a handler, another. */
static void one_of_two(struct generator *g, enum alike how, unsigned shared,
		       bool second)
{
	unsigned first = g->m->p.nr_nodes, addr = second ? SECOND : VCPU, i;
	unsigned thread = g->m->p.nr_actors;
	struct assembler *m = g->m;

	g->handler = true;
	vcpu(g);
	handler(g, KW_HARDIRQ, (uint16_t)thread);
	other(g);
	add_orders(g, first);
	m->actors[thread].object = (uint16_t)addr;
	if (how == ALIKE_BY_ARGUMENT) {
		move_to(m, first, shared, 0);
		for (i = thread; i < m->p.nr_actors; i++) {
			m->actors[i].nr_args = 1;
			m->actors[i].arg_reg[0] = 1;
			m->actors[i].arg_val[0] = (uint16_t)addr;
		}
		return;
	}
	move_to(m, first, shared, addr);
	for (i = first; second && how == ALIKE_BUT_FOR_ONE &&
			i < m->p.nr_nodes; i++)
		if (m->nodes[i].op == KW_OP_STORE) {
			m->nodes[i].val = !m->nodes[i].val;
			return;
		}
}

/* The second one begins where the first one does. */
static void share_paths(struct assembler *m)
{
	unsigned nr = m->p.nr_actors / 2, a;

	for (a = 0; a < nr; a++)
		m->actors[nr + a].entry = m->actors[a].entry;
}

static void like_vcpus(struct generator *g, enum alike how)
{
	unsigned shared = draw(g, 1u << 20);
	struct assembler *m = g->m;
	uint64_t again;

	g->locks = !draw(g, 3);
	again = g->random;
	one_of_two(g, how, shared, false);
	g->random = again;
	one_of_two(g, how, shared, true);
	if (how == ALIKE_BY_ARGUMENT)
		share_paths(m);
	finish(g);
	set_task(m, VCPU, 1, 2, 0);
	set_task(m, SECOND, 4, 5, 0);
}

static void like_actors(struct generator *g)
{
	unsigned nr, a;

	g->handler = draw(g, 3);
	vcpu(g);
	if (g->handler)
		handler(g, KW_HARDIRQ, 0);
	other(g);
	add_orders(g, 1);
	for (nr = draw(g, 2); nr <= 1; nr++) {
		a = g->m->p.nr_actors - 1;
		asm_actor(g->m, g->m->actors[a].type, true,
			  g->m->actors[a].entry, 0xffff);
	}
	finish(g);
	set_task(g->m, VCPU, 1, g->handler ? 2 : 0, 0);
}

void generate_alike(struct assembler *m, enum alike how, uint64_t seed)
{
	struct generator g = {
		.m = m, .random = seed, .threads = how & ALIKE_IN_THREADS,
	};

	how &= ALIKE_IN_THREADS - 1u;
	begin(&g, how == ALIKE_ACTORS ? 1 : 3);
	if (how == ALIKE_ACTORS)
		like_actors(&g);
	else
		like_vcpus(&g, how);
}
