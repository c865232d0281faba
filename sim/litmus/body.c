/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a thread's statements become.
 *
 * Jumps go forward: if and else are what there is; a loop is refused.
 */
#include <string.h>
#include "read.h"

static void read_statement(struct kw_lit_reader *r);

static unsigned here(const struct kw_lit_reader *r)
{
	return r->l->threads[r->t].insns->len;
}

static bool is_param(const struct kw_lit_reader *r, const char *name)
{
	unsigned v;

	for (v = 0; v < r->l->vars->len; v++)
		if (r->params >> v & 1 && !strcmp(r->l->vars->pdata[v], name))
			return true;
	return false;
}

/* reg = node; where the last instruction made it, it does so in place. */
static void assign(struct kw_lit_reader *r, unsigned reg, uint16_t node)
{
	const struct kw_lit_node *n = kw_lit_node(r->l, node);
	struct kw_lit_insn *last = here(r) ?
		kw_lit_insn(r->l, r->t, here(r) - 1) : NULL;

	if (last && n->op == KW_N_REG && last->dst == n->value &&
	    (last->op == KW_I_LOAD || last->op == KW_I_RMW) &&
	    r->temps >> n->value & 1) {
		last->dst = (uint16_t)reg;
		return;
	}
	last = kw_lit_emit(r, KW_I_SET);
	last->dst = (uint16_t)reg;
	last->val = node;
}

static void assign_name(struct kw_lit_reader *r, const char *name)
{
	uint16_t node = kw_lit_rvalue(r, kw_lit_read_expr(r));

	if (r->err)
		return;
	if (is_param(r, name))
		kw_lit_fail(r, r->tok.line, "%s is the address of a shared "
			    "variable: write *%s", name, name);
	else
		assign(r, kw_lit_reg(r, r->t, name), node);
}

/* int r1, *r2 = expression; */
static void read_declaration(struct kw_lit_reader *r)
{
	do {
		char *name;

		while (kw_lit_accept(r, "*") || kw_lit_skip_type(r))
			;
		name = kw_lit_take_name(r, "a variable");
		if (!r->err && is_param(r, name))
			kw_lit_fail(r, r->tok.line, "%s is a parameter, too",
				    name);
		if (!r->err)
			kw_lit_reg(r, r->t, name);
		if (kw_lit_is(r, "["))
			kw_lit_fail(r, r->tok.line,
				    "arrays are not supported");
		if (kw_lit_accept(r, "="))
			assign_name(r, name);
		g_free(name);
	} while (kw_lit_accept(r, ","));
	kw_lit_expect(r, ";");
}

static void read_if(struct kw_lit_reader *r)
{
	unsigned jump, skip;
	uint16_t node;

	kw_lit_expect(r, "(");
	node = kw_lit_rvalue(r, kw_lit_read_expr(r));
	kw_lit_expect(r, ")");
	jump = here(r);
	kw_lit_emit(r, KW_I_JUMPZ)->val = node;
	read_statement(r);
	if (r->err)
		return;
	if (!kw_lit_accept(r, "else")) {
		kw_lit_insn(r->l, r->t, jump)->target = (uint16_t)here(r);
		return;
	}
	skip = here(r);
	kw_lit_emit(r, KW_I_JUMP);
	kw_lit_insn(r->l, r->t, jump)->target = (uint16_t)here(r);
	read_statement(r);
	if (!r->err)
		kw_lit_insn(r->l, r->t, skip)->target = (uint16_t)here(r);
}

/* Nothing but blanks from "from" to the next token. */
static bool is_next(const struct kw_lit_reader *r, const char *from)
{
	while (from < r->tok.at && g_ascii_isspace(*from))
		from++;
	return from == r->tok.at;
}

/* An expression, alone or with what it is assigned. */
static void read_simple(struct kw_lit_reader *r)
{
	struct kw_lit_token first = r->tok;
	struct kw_lit_expr e = kw_lit_read_expr(r);
	bool name_only = first.type == KW_T_NAME &&
			 is_next(r, first.at + first.len);
	struct kw_lit_insn *insn;
	uint16_t node;

	if (!r->err && kw_lit_accept(r, "=")) {
		if (e.lvalue) {
			node = kw_lit_rvalue(r, kw_lit_read_expr(r));
			insn = kw_lit_emit(r, KW_I_STORE);
			insn->addr = kw_lit_use_address(r, e.node);
			insn->val = node;
			insn->flags = KW_WEAK_PLAIN;
			r->l->has_plain = true;
		} else if (name_only) {
			char *name = g_strndup(first.at, first.len);

			assign_name(r, name);
			g_free(name);
		} else {
			kw_lit_fail(r, first.line, "this cannot be assigned");
		}
	} else if (e.lvalue) {
		kw_lit_rvalue(r, e);
	}
	kw_lit_expect(r, ";");
}

static void refuse(struct kw_lit_reader *r)
{
	static const char *const words[] = {
		"while", "for", "do", "switch", "goto", "return", "break",
		"continue", "asm", "typedef",
	};
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(words); i++)
		if (kw_lit_is(r, words[i]))
			kw_lit_fail(r, r->tok.line, "%s is not supported",
				    words[i]);
}

static void read_block(struct kw_lit_reader *r)
{
	while (!r->err && !kw_lit_is(r, "}")) {
		if (r->tok.type == KW_T_END)
			kw_lit_unexpected(r, "\"}\"");
		else
			read_statement(r);
	}
}

static void read_statement(struct kw_lit_reader *r)
{
	refuse(r);
	if (!kw_lit_enter(r))
		return;
	if (kw_lit_accept(r, "{")) {
		read_block(r);
		kw_lit_expect(r, "}");
	} else if (kw_lit_accept(r, "if")) {
		read_if(r);
	} else if (kw_lit_skip_type(r)) {
		read_declaration(r);
	} else if (!kw_lit_accept(r, ";")) {
		read_simple(r);
	}
	r->busy = 0;
	r->depth--;
}

void kw_lit_read_body(struct kw_lit_reader *r)
{
	r->temps = r->busy = 0;
	kw_lit_expect(r, "{");
	read_block(r);
	if (r->err)
		return;
	kw_lit_emit(r, KW_I_END);
	r->in_body = false;
	kw_lit_expect(r, "}");
}
