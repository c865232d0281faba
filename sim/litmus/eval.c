/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the value of expressions, read-modify-writes and conditions.
 *
 * Arithmetic wraps at 64 bits; a division by 0 gives 0, a shift counts
 * modulo 64.
 */
#include <inttypes.h>
#include "code.h"

const char *const kw_litmus_seen_names[] = { "Never", "Sometimes", "Always" };

static int64_t divide(int64_t a, int64_t b, bool remainder)
{
	if (!b || (a == INT64_MIN && b == -1))
		return 0;
	return remainder ? a % b : a / b;
}

static int64_t arithmetic(enum kw_lit_node_op op, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (op) {
	case KW_N_MUL:
		return (int64_t)(x * y);
	case KW_N_DIV:
	case KW_N_MOD:
		return divide(a, b, op == KW_N_MOD);
	case KW_N_ADD:
		return (int64_t)(x + y);
	case KW_N_SUB:
		return (int64_t)(x - y);
	case KW_N_SHL:
		return (int64_t)(x << (y & 63));
	case KW_N_SHR:
		return a >> (y & 63);
	case KW_N_AND:
		return a & b;
	case KW_N_XOR:
		return a ^ b;
	default:
		return a | b;
	}
}

static bool compares(enum kw_lit_node_op op, int64_t a, int64_t b)
{
	switch (op) {
	case KW_N_LT:
		return a < b;
	case KW_N_GT:
		return a > b;
	case KW_N_LE:
		return a <= b;
	case KW_N_GE:
		return a >= b;
	case KW_N_EQ:
		return a == b;
	default:
		return a != b;
	}
}

int64_t kw_lit_eval(const struct kw_litmus *l, unsigned node,
		    const int64_t *regs)
{
	const struct kw_lit_node *n = kw_lit_node(l, node);
	int64_t a, b;

	if (n->op == KW_N_CONST)
		return n->value;
	if (n->op == KW_N_REG)
		return regs[n->value];
	if (n->op == KW_N_COMMA)
		return kw_lit_eval(l, n->b, regs);
	a = kw_lit_eval(l, n->a, regs);
	switch (n->op) {
	case KW_N_NOT:
		return !a;
	case KW_N_INVERT:
		return ~a;
	case KW_N_NEGATE:
		return (int64_t)-(uint64_t)a;
	case KW_N_SELECT:
		return kw_lit_eval(l, a ? n->b : n->c, regs);
	default:
		break;
	}
	b = kw_lit_eval(l, n->b, regs);
	if (n->op == KW_N_LAND)
		return a && b;
	if (n->op == KW_N_LOR)
		return a || b;
	return n->op >= KW_N_LT && n->op <= KW_N_NE ?
		compares(n->op, a, b) : arithmetic(n->op, a, b);
}

bool kw_lit_rmw(const struct kw_lit_insn *insn, int64_t old, int64_t operand,
		int64_t expected, int64_t *new_)
{
	switch (insn->rmw) {
	case KW_RMW_XCHG:
		*new_ = operand;
		return true;
	case KW_RMW_CMPXCHG:
		*new_ = operand;
		return old == expected;
	case KW_RMW_ADD_UNLESS:
		*new_ = arithmetic(KW_N_ADD, old, operand);
		return old != expected;
	case KW_RMW_ADD:
		*new_ = arithmetic(KW_N_ADD, old, operand);
		return true;
	case KW_RMW_SUB:
		*new_ = arithmetic(KW_N_SUB, old, operand);
		return true;
	case KW_RMW_AND:
		*new_ = old & operand;
		return true;
	case KW_RMW_OR:
		*new_ = old | operand;
		return true;
	case KW_RMW_XOR:
		*new_ = old ^ operand;
		return true;
	default:
		*new_ = old & ~operand;
		return true;
	}
}

int64_t kw_lit_returned(const struct kw_lit_insn *insn, int64_t old,
			int64_t new_, bool done)
{
	switch (insn->returns) {
	case KW_RET_NEW:
		return new_;
	case KW_RET_IS_ZERO:
		return !new_;
	case KW_RET_IS_NEGATIVE:
		return new_ < 0;
	case KW_RET_DONE:
		return done;
	default:
		return old;
	}
}

bool kw_lit_holds(const struct kw_litmus *l, int cond,
		  int64_t (*value_of)(const void *data,
				      const struct kw_lit_loc *loc),
		  const void *data)
{
	const struct kw_lit_cond *c =
		&g_array_index(l->conds, struct kw_lit_cond, cond);

	switch (c->op) {
	case KW_C_TRUE:
		return true;
	case KW_C_FALSE:
		return false;
	case KW_C_EQ:
		return value_of(data, &c->loc) == c->value;
	case KW_C_EQ_LOC:
		return value_of(data, &c->loc) == value_of(data, &c->other);
	case KW_C_NOT:
		return !kw_lit_holds(l, c->a, value_of, data);
	case KW_C_AND:
		return kw_lit_holds(l, c->a, value_of, data) &&
		       kw_lit_holds(l, c->b, value_of, data);
	case KW_C_OR:
		return kw_lit_holds(l, c->a, value_of, data) ||
		       kw_lit_holds(l, c->b, value_of, data);
	default:
		return !kw_lit_holds(l, c->a, value_of, data) ||
		       kw_lit_holds(l, c->b, value_of, data);
	}
}

void kw_lit_put_loc(const struct kw_litmus *l, const struct kw_lit_loc *loc,
		    GString *out)
{
	if (loc->thread < 0)
		g_string_append_printf(out, "[%s]",
			(const char *)l->vars->pdata[loc->index]);
	else
		g_string_append_printf(out, "%d:%s", loc->thread,
			(const char *)l->threads[loc->thread].regs->
				pdata[loc->index]);
}

void kw_lit_put_value(const struct kw_litmus *l, int64_t value, GString *out)
{
	int v = kw_lit_variable(value, l->vars->len);

	if (v >= 0)
		g_string_append_printf(out, "&%s",
				       (const char *)l->vars->pdata[v]);
	else
		g_string_append_printf(out, "%" PRId64, value);
}

const char *kw_litmus_name(const struct kw_litmus *l)
{
	return l->name;
}

int kw_litmus_documented(const struct kw_litmus *l)
{
	return l->documented;
}

const char *kw_litmus_kind(const struct kw_litmus *l)
{
	static const char *const kinds[] = {
		"Allowed", "Forbidden", "Required",
	};

	return kinds[l->quantifier];
}

char *kw_litmus_condition(const struct kw_litmus *l)
{
	static const char *const words[] = { "exists", "~exists", "forall" };

	return g_strdup_printf("%s %s", words[l->quantifier], l->condition);
}
