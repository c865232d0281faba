/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a primitive of the kernel becomes.
 *
 * A call is at most three instructions; what it returns is a temporary.  A
 * primitive that is not in prims.def is an error that names it.
 */
#include <string.h>
#include "read.h"

/* What the last column of prims.def means. */
enum ordering { ORDER_0, RELAXED, ACQUIRE, RELEASE, FULL, LOCK };
#define ORDER_(x) ORDER_##x
#define ORDER_ACQUIRE ACQUIRE
#define ORDER_RELEASE RELEASE
#define ORDER_RELAXED RELAXED
#define ORDER_FULL FULL
#define ORDER_LOCK LOCK

static const struct prim {
	const char *name, *args;
	enum kw_lit_op op;
	enum kw_lit_rmw rmw;
	enum kw_lit_returns returns;
	enum ordering order;
} prims[] = {
#define PRIM(name, args, op, rmw, ret, order) \
	{ name, args, KW_I_##op, KW_RMW_##rmw, KW_RET_##ret, ORDER_(order) },
#include "prims.def"
#undef PRIM
};

struct call {
	uint16_t addr, val, expected;
	bool has_val, has_expected;
};

static const struct prim *exact(const char *name)
{
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(prims); i++)
		if (!strcmp(prims[i].name, name))
			return &prims[i];
	return NULL;
}

/* name, or its fully ordered form when it ends in _acquire and so on */
static const struct prim *find(const char *name, enum ordering *order)
{
	static const struct { const char *end; enum ordering order; } ends[] = {
		{ "_relaxed", RELAXED }, { "_acquire", ACQUIRE },
		{ "_release", RELEASE },
	};
	const struct prim *p = exact(name);
	unsigned i;

	if (p) {
		*order = p->order;
		return p;
	}
	for (i = 0; i < G_N_ELEMENTS(ends); i++) {
		char *base;

		if (!g_str_has_suffix(name, ends[i].end))
			continue;
		base = g_strndup(name, strlen(name) - strlen(ends[i].end));
		p = exact(base);
		g_free(base);
		*order = ends[i].order;
		return p && p->order == FULL && p->op == KW_I_RMW ? p : NULL;
	}
	return NULL;
}

static void read_argument(struct kw_lit_reader *r, const char *name, char what,
			  struct call *c)
{
	struct kw_lit_expr e = kw_lit_read_expr(r);

	if (r->err)
		return;
	switch (what) {
	case 'L':
		if (!e.lvalue)
			kw_lit_fail(r, r->tok.line, "%s() takes what an "
				    "address points to, such as *x", name);
		c->addr = kw_lit_use_address(r, e.node);
		break;
	case 'A':
		c->addr = kw_lit_use_address(r, e.lvalue ?
					     kw_lit_rvalue(r, e) : e.node);
		break;
	case 'E':
		c->expected = kw_lit_rvalue(r, e);
		c->has_expected = true;
		break;
	default:
		c->val = kw_lit_rvalue(r, e);
		c->has_val = true;
	}
}

static void read_arguments(struct kw_lit_reader *r, const char *name,
			   const struct prim *p, struct call *c)
{
	const char *what;

	kw_lit_expect(r, "(");
	for (what = p->args; *what && !r->err; what++) {
		if (what > p->args)
			kw_lit_expect(r, ",");
		read_argument(r, name, *what, c);
	}
	if (!r->err && !kw_lit_is(r, ")"))
		kw_lit_fail(r, r->tok.line, "%s() takes %zu argument%s", name,
			    strlen(p->args), strlen(p->args) == 1 ? "" : "s");
	kw_lit_expect(r, ")");
}

/* What is left out: inc adds 1, inc_not_zero compares with 0, ... */
static void fill_in(struct kw_lit_reader *r, const struct prim *p,
		    struct call *c)
{
	bool unlock = p->op == KW_I_STORE;

	if (!c->has_val)
		c->val = kw_lit_make_const(r, unlock ? 0 : 1);
	if (!c->has_expected)
		c->expected = kw_lit_make_const(r, 0);
}

static unsigned store_flags(enum ordering order)
{
	if (order == RELEASE)
		return KW_WEAK_RELEASE;
	return order == LOCK ? KW_WEAK_RELEASE | KW_WEAK_UNLOCK : 0;
}

static enum kw_weak_order rmw_order(enum ordering order)
{
	switch (order) {
	case ACQUIRE:
		return KW_WEAK_RMW_ACQUIRE;
	case RELEASE:
		return KW_WEAK_RMW_RELEASE;
	case FULL:
		return KW_WEAK_RMW_FULL;
	case LOCK:
		return KW_WEAK_RMW_LOCK;
	default:
		return KW_WEAK_RMW_RELAXED;
	}
}

/* The domain of RCU: of rcu_read_lock() and so on, or of an srcu_struct. */
static uint16_t find_domain(struct kw_lit_reader *r, const struct prim *p,
			    const struct call *c)
{
	const struct kw_lit_node *n = kw_lit_node(r->l, c->addr);
	unsigned i;
	int var;

	if (!*p->args)
		return 0;
	var = kw_lit_variable(n->value, r->l->vars->len);
	for (i = 1; i < r->l->nr_domains; i++)
		if (r->l->domains[i] == var)
			return (uint16_t)i;
	if (n->op != KW_N_CONST || i == KW_WEAK_MAX_DOMAINS)
		kw_lit_fail(r, r->tok.line, n->op != KW_N_CONST ?
			    "%s() of a pointer is not supported" :
			    "%s() of a 4th srcu_struct is not supported",
			    p->name);
	else
		r->l->domains[r->l->nr_domains++] = var;
	return (uint16_t)i;
}

static bool is_rcu(const struct prim *p)
{
	return p->op >= KW_I_RCU_LOCK && p->op <= KW_I_GP;
}

static struct kw_lit_expr emit_call(struct kw_lit_reader *r,
				    const struct prim *p, enum ordering order,
				    const struct call *c)
{
	unsigned dst = p->returns != KW_RET_NONE || p->op == KW_I_GP ?
		kw_lit_temp(r) : KW_LIT_NONE;
	uint16_t domain = is_rcu(p) ? find_domain(r, p, c) : 0;
	struct kw_lit_insn *insn = kw_lit_emit(r, p->op);

	insn->rmw = p->rmw;
	insn->returns = p->returns;
	insn->addr = c->addr;
	insn->val = c->val;
	insn->expected = c->expected;
	insn->dst = (uint16_t)dst;
	insn->domain = domain;
	insn->order = rmw_order(order);
	if (p->op == KW_I_STORE)
		insn->flags = store_flags(order);
	else if (p->op == KW_I_LOAD && order == ACQUIRE)
		insn->flags = KW_WEAK_ACQUIRE;
	if (p->op == KW_I_STORE && order == FULL)
		kw_lit_emit(r, KW_I_MB);
	if (p->op == KW_I_GP) {
		r->l->has_gp = true;
		insn = kw_lit_emit(r, KW_I_GP_WAIT);
		insn->domain = domain;
		insn->dst = (uint16_t)dst;
	}
	return (struct kw_lit_expr){
		.node = p->returns == KW_RET_NONE ?
			kw_lit_make_const(r, 0) : kw_lit_make_reg(r, dst),
	};
}

struct kw_lit_expr kw_lit_read_call(struct kw_lit_reader *r, const char *name,
				    unsigned line)
{
	struct kw_lit_expr nothing = { .lvalue = false };
	struct call c = { .has_val = false };
	enum ordering order;
	const struct prim *p = find(name, &order);

	if (!p) {
		kw_lit_fail(r, line, "%s() is not supported", name);
		return nothing;
	}
	read_arguments(r, name, p, &c);
	if (r->err)
		return nothing;
	fill_in(r, p, &c);
	if (p->op == KW_I_SET) {	/* orders the compiler only */
		nothing.node = c.val;
		return nothing;
	}
	return r->err ? nothing : emit_call(r, p, order, &c);
}
