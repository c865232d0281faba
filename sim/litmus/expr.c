/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what an expression of C means.
 *
 * An expression without accesses becomes nodes.  An access inside one is an
 * instruction of its own, into a temporary, in C's order from left to right;
 * only then do &&, || and ?: become jumps.
 */
#include <string.h>
#include "read.h"

#define MAX_NODES 20000

static struct kw_lit_expr value(uint16_t node)
{
	return (struct kw_lit_expr){ .node = node };
}

static uint16_t add_node(struct kw_lit_reader *r, struct kw_lit_node *n)
{
	if (r->l->nodes->len >= MAX_NODES) {
		kw_lit_fail(r, r->tok.line, "the test is too long");
		return 0;
	}
	g_array_append_val(r->l->nodes, *n);
	return (uint16_t)(r->l->nodes->len - 1);
}

uint16_t kw_lit_make(struct kw_lit_reader *r, enum kw_lit_node_op op,
		     uint16_t a, uint16_t b, uint16_t c)
{
	struct kw_lit_node n = { .op = op, .a = a, .b = b, .c = c };

	if (r->err)
		return 0;
	n.regs = kw_lit_node(r->l, a)->regs | kw_lit_node(r->l, b)->regs |
		 kw_lit_node(r->l, c)->regs;
	return add_node(r, &n);
}

uint16_t kw_lit_make_const(struct kw_lit_reader *r, int64_t number)
{
	struct kw_lit_node n = { .op = KW_N_CONST, .value = number };

	return add_node(r, &n);
}

uint16_t kw_lit_make_reg(struct kw_lit_reader *r, unsigned reg)
{
	struct kw_lit_node n = {
		.op = KW_N_REG, .value = reg, .regs = UINT64_C(1) << reg,
	};

	return add_node(r, &n);
}

unsigned kw_lit_temp(struct kw_lit_reader *r)
{
	uint64_t idle = r->temps & ~r->busy;
	unsigned reg = 0;

	if (idle)
		reg = (unsigned)__builtin_ctzll(idle);
	else
		reg = kw_lit_reg(r, r->t, NULL);
	r->temps |= UINT64_C(1) << reg;
	r->busy |= UINT64_C(1) << reg;
	return reg;
}

struct kw_lit_insn *kw_lit_emit(struct kw_lit_reader *r, enum kw_lit_op op)
{
	GArray *insns = r->l->threads[r->t].insns;
	struct kw_lit_insn insn = {
		.op = op, .dst = KW_LIT_NONE, .line = r->tok.line,
	};

	if (insns->len >= KW_LIT_MAX_INSNS)
		kw_lit_fail(r, r->tok.line, "the thread is too long");
	else
		g_array_append_val(insns, insn);
	if (!insns->len)
		g_array_append_val(insns, insn);
	return &g_array_index(insns, struct kw_lit_insn, insns->len - 1);
}

uint16_t kw_lit_use_address(struct kw_lit_reader *r, uint16_t node)
{
	const struct kw_lit_node *n;

	if (r->err)
		return 0;
	n = kw_lit_node(r->l, node);
	if (n->op != KW_N_CONST)
		r->l->computes_address = true;
	else if (kw_lit_variable(n->value, r->l->vars->len) < 0)
		kw_lit_fail(r, r->tok.line, "this is not the address of a "
			    "shared variable");
	return node;
}

/* The address of a shared variable becomes a value that may go anywhere. */
static void escape(struct kw_lit_reader *r, uint16_t node)
{
	const struct kw_lit_node *n = kw_lit_node(r->l, node);
	int v = n->op == KW_N_CONST ?
		kw_lit_variable(n->value, r->l->vars->len) : -1;

	if (v >= 0)
		r->l->escaped |= UINT64_C(1) << v;
}

uint16_t kw_lit_rvalue(struct kw_lit_reader *r, struct kw_lit_expr e)
{
	struct kw_lit_insn *insn;
	unsigned dst;

	if (r->err)
		return 0;
	if (!e.lvalue) {
		escape(r, e.node);
		return e.node;
	}
	dst = kw_lit_temp(r);
	insn = kw_lit_emit(r, KW_I_LOAD);
	insn->addr = kw_lit_use_address(r, e.node);
	insn->flags = KW_WEAK_PLAIN;
	insn->dst = (uint16_t)dst;
	r->l->has_plain = true;
	return kw_lit_make_reg(r, dst);
}

static struct kw_lit_expr read_unary(struct kw_lit_reader *r);

/* A parameter; or what other threads share and this one does not declare. */
static bool is_shared(const struct kw_lit_reader *r, unsigned v,
		      const char *name)
{
	const GPtrArray *regs = r->l->threads[r->t].regs;
	unsigned i;

	if (strcmp(r->l->vars->pdata[v], name))
		return false;
	for (i = 0; i < regs->len; i++)
		if (regs->pdata[i] && !strcmp(regs->pdata[i], name))
			return r->params >> v & 1;
	return true;
}

static struct kw_lit_expr read_name(struct kw_lit_reader *r)
{
	unsigned line = r->tok.line, v;
	char *name = kw_lit_take_name(r, "an expression");
	struct kw_lit_expr e = value(0);

	if (kw_lit_is(r, "(")) {
		e = kw_lit_read_call(r, name, line);
	} else if (kw_lit_is(r, "{")) {		/* __fence{mb} */
		kw_lit_fail(r, line, "%s{} is not supported", name);
	} else if (!strcmp(name, "NULL") || !strcmp(name, "false")) {
		e.node = kw_lit_make_const(r, 0);
	} else if (!strcmp(name, "true")) {
		e.node = kw_lit_make_const(r, 1);
	} else if (!r->err) {
		for (v = 0; v < r->l->vars->len; v++)
			if (is_shared(r, v, name))
				break;
		e.node = v < r->l->vars->len ?
			kw_lit_make_const(r, kw_lit_address(v)) :
			kw_lit_make_reg(r, kw_lit_reg(r, r->t, name));
	}
	g_free(name);
	return e;
}

static struct kw_lit_expr read_primary(struct kw_lit_reader *r)
{
	static const char *const postfix[] = { "->", ".", "[", "++", "--" };
	struct kw_lit_expr e = value(0);
	unsigned i;

	if (r->tok.type == KW_T_NUMBER) {
		e.node = kw_lit_make_const(r, r->tok.number);
		kw_lit_next(r);
	} else if (kw_lit_accept(r, "(")) {
		e = kw_lit_read_expr(r);
		kw_lit_expect(r, ")");
	} else {
		e = read_name(r);
	}
	for (i = 0; i < G_N_ELEMENTS(postfix); i++)
		if (kw_lit_is(r, postfix[i]))
			kw_lit_fail(r, r->tok.line, "%s is not supported",
				    postfix[i]);
	return e;
}

/* (type) expression: the next tokens are a type */
static bool read_cast(struct kw_lit_reader *r)
{
	struct kw_lit_reader saved = *r;

	if (!kw_lit_accept(r, "(") || !kw_lit_skip_type(r)) {
		if (!r->err)
			*r = saved;
		return false;
	}
	while (kw_lit_accept(r, "*") || kw_lit_skip_type(r))
		;
	kw_lit_expect(r, ")");
	return true;
}

/* &x for x, as some tests write it: what a parameter points to is meant. */
static bool is_shared_address(const struct kw_lit_reader *r, uint16_t node)
{
	const struct kw_lit_node *n = kw_lit_node(r->l, node);

	return n->op == KW_N_CONST &&
	       kw_lit_variable(n->value, r->l->vars->len) >= 0;
}

static struct kw_lit_expr read_operator(struct kw_lit_reader *r)
{
	static const struct { const char *text; enum kw_lit_node_op op; }
	unary[] = {
		{ "!", KW_N_NOT }, { "~", KW_N_INVERT }, { "-", KW_N_NEGATE },
	};
	struct kw_lit_expr e;
	unsigned i;

	if (kw_lit_accept(r, "*")) {
		e = read_unary(r);
		if (e.lvalue)
			e.node = kw_lit_rvalue(r, e);
		e.lvalue = true;
		return e;
	}
	if (kw_lit_accept(r, "&")) {
		e = read_unary(r);
		if (!e.lvalue && !r->err && !is_shared_address(r, e.node))
			kw_lit_fail(r, r->tok.line, "& of what has no "
				    "address: a thread's own variables are "
				    "not shared");
		return value(e.node);
	}
	for (i = 0; i < G_N_ELEMENTS(unary); i++)
		if (kw_lit_accept(r, unary[i].text)) {
			uint16_t a = kw_lit_rvalue(r, read_unary(r));

			return value(kw_lit_make(r, unary[i].op, a, a, a));
		}
	if (kw_lit_accept(r, "+"))
		return value(kw_lit_rvalue(r, read_unary(r)));
	return read_primary(r);
}

static struct kw_lit_expr read_unary(struct kw_lit_reader *r)
{
	struct kw_lit_expr e = value(0);

	if (!kw_lit_enter(r))
		return e;
	if (kw_lit_is(r, "(") && read_cast(r))
		e = value(kw_lit_rvalue(r, read_unary(r)));
	else
		e = read_operator(r);
	r->depth--;
	return e;
}

/* Binary operators of C without && and ||, weakest first. */
static const struct binary {
	const char *text;
	unsigned level;
	enum kw_lit_node_op op;
} binaries[] = {
	{ "|", 1, KW_N_OR }, { "^", 2, KW_N_XOR }, { "&", 3, KW_N_AND },
	{ "==", 4, KW_N_EQ }, { "!=", 4, KW_N_NE },
	{ "<", 5, KW_N_LT }, { ">", 5, KW_N_GT }, { "<=", 5, KW_N_LE },
	{ ">=", 5, KW_N_GE }, { "<<", 6, KW_N_SHL }, { ">>", 6, KW_N_SHR },
	{ "+", 7, KW_N_ADD }, { "-", 7, KW_N_SUB },
	{ "*", 8, KW_N_MUL }, { "/", 8, KW_N_DIV }, { "%", 8, KW_N_MOD },
};

static struct kw_lit_expr read_binary(struct kw_lit_reader *r, unsigned level)
{
	struct kw_lit_expr e = read_unary(r);
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(binaries) && !r->err; i++) {
		const struct binary *b = &binaries[i];
		uint16_t left, right;

		if (b->level < level || !kw_lit_is(r, b->text))
			continue;
		left = kw_lit_rvalue(r, e);
		kw_lit_next(r);
		right = kw_lit_rvalue(r, read_binary(r, b->level + 1));
		e = value(kw_lit_make(r, b->op, left, right, left));
		i = (unsigned)-1;	/* from the top: a further one */
	}
	return e;
}

static unsigned here(const struct kw_lit_reader *r)
{
	return r->l->threads[r->t].insns->len;
}

static void emit_set(struct kw_lit_reader *r, unsigned dst, uint16_t node)
{
	struct kw_lit_insn *insn = kw_lit_emit(r, KW_I_SET);

	insn->dst = (uint16_t)dst;
	insn->val = node;
}

/* left && right, left || right: level 0 is ||, level 1 is && */
static struct kw_lit_expr read_logic(struct kw_lit_reader *r, unsigned level)
{
	struct kw_lit_expr e = level ? read_binary(r, 1) : read_logic(r, 1);
	const char *text = level ? "&&" : "||";

	while (!r->err && kw_lit_is(r, text)) {
		uint16_t left = kw_lit_rvalue(r, e), right, both;
		uint16_t truth = kw_lit_make(r, KW_N_NE, left,
					     kw_lit_make_const(r, 0), left);
		unsigned dst = kw_lit_temp(r), jump;

		kw_lit_next(r);
		emit_set(r, dst, truth);
		jump = here(r);
		kw_lit_emit(r, KW_I_JUMPZ)->val = level ? truth :
			kw_lit_make(r, KW_N_NOT, truth, truth, truth);
		right = kw_lit_rvalue(r, level ? read_binary(r, 1) :
				      read_logic(r, 1));
		if (r->err)
			break;
		if (here(r) == jump + 1) {	/* no access: no jump */
			g_array_set_size(r->l->threads[r->t].insns, jump - 1);
			both = kw_lit_make(r, level ? KW_N_LAND : KW_N_LOR,
					   left, right, left);
			e = value(both);
			continue;
		}
		right = kw_lit_make(r, KW_N_NE, right,
				    kw_lit_make_const(r, 0), right);
		emit_set(r, dst, kw_lit_make(r, KW_N_COMMA, left, right,
					     left));
		kw_lit_insn(r->l, r->t, jump)->target = (uint16_t)here(r);
		e = value(kw_lit_make_reg(r, dst));
	}
	return e;
}

/* The rest of left ? a : b, from the question mark on. */
static struct kw_lit_expr read_choice(struct kw_lit_reader *r, uint16_t left)
{
	unsigned dst = kw_lit_temp(r), jump = here(r), skip, length;
	uint16_t a, b;

	kw_lit_emit(r, KW_I_JUMPZ)->val = left;
	a = kw_lit_rvalue(r, kw_lit_read_expr(r));
	length = here(r);
	emit_set(r, dst, kw_lit_make(r, KW_N_COMMA, left, a, left));
	skip = here(r);
	kw_lit_emit(r, KW_I_JUMP);
	kw_lit_expect(r, ":");
	b = kw_lit_rvalue(r, kw_lit_read_expr(r));
	if (r->err)
		return value(0);
	if (length == jump + 1 && here(r) == skip + 1) {
		g_array_set_size(r->l->threads[r->t].insns, jump);
		return value(kw_lit_make(r, KW_N_SELECT, left, a, b));
	}
	emit_set(r, dst, kw_lit_make(r, KW_N_COMMA, left, b, left));
	kw_lit_insn(r->l, r->t, jump)->target = (uint16_t)(skip + 1);
	kw_lit_insn(r->l, r->t, skip)->target = (uint16_t)here(r);
	return value(kw_lit_make_reg(r, dst));
}

struct kw_lit_expr kw_lit_read_expr(struct kw_lit_reader *r)
{
	struct kw_lit_expr e = value(0);

	if (!kw_lit_enter(r))
		return e;
	e = read_logic(r, 0);
	if (!r->err && kw_lit_is(r, "?")) {
		uint16_t left = kw_lit_rvalue(r, e);

		kw_lit_next(r);
		e = read_choice(r, left);
	}
	r->depth--;
	return e;
}
