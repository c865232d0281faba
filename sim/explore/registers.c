/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what an actor's registers hold at a node: constants, along all of
 * its paths.
 *
 * A path is looked at once, whoever calls it; a register that neither it nor
 * what it calls writes is afterwards what its caller had in it.
 */
#include <string.h>
#include "../machine/memory.h"
#include "../program/link.h"
#include "registers.h"

static bool writes(const struct kw_node *n)
{
	return kw_op_uses[n->op] & KW_WRITES_D;
}

static bool add(uint64_t *set, const uint64_t *more)
{
	uint64_t grew = 0;
	unsigned i;

	for (i = 0; i < 4; i++) {
		grew |= more[i] & ~set[i];
		set[i] |= more[i];
	}
	return grew;
}

static bool find_writes(struct kw_registers *r, const struct kw_path_graph *e)
{
	const struct kw_path_graph *to;
	uint64_t *set = r->writes[e->entry];
	bool grew = false;
	unsigned i, j;

	for (i = 0; i < e->nodes->len; i++) {
		const struct kw_node *n = &r->p->nodes[
			g_array_index(e->nodes, uint16_t, i)];
		uint64_t own[4] = { 0 };

		if (writes(n))
			own[n->dst / 64] = UINT64_C(1) << n->dst % 64;
		grew |= add(set, own);
		for (j = 0; kw_is_call(n) &&
			    (to = kw_callee(r->paths, n, j)); j++)
			grew |= add(set, r->writes[to->entry]);
	}
	return grew;
}

void kw_registers_init(struct kw_registers *r, const struct kw_program *p,
		       const struct kw_paths *paths)
{
	bool grew = true;
	unsigned i;

	*r = (struct kw_registers){ .p = p, .paths = paths };
	r->writes = g_malloc0(p->nr_nodes * sizeof(*r->writes));
	while (grew)
		for (grew = false, i = 0; i < paths->paths->len; i++)
			grew |= find_writes(r, paths->paths->pdata[i]);
}

void kw_registers_free(struct kw_registers *r)
{
	g_free(r->writes);
	g_free(r->in);
}

static bool join(int *is, int value)
{
	int now = *is == KW_REG_UNSET || *is == value ? value : KW_REG_VARIES;

	if (value == KW_REG_UNSET || *is == now)
		return false;
	*is = now;
	return true;
}

/* What n writes to its register D. */
static int result(const struct kw_registers *r, const struct kw_node *n,
		  int base)
{
	if (base == KW_REG_UNSET || base == KW_REG_VARIES)
		return KW_REG_VARIES;
	if (n->op == KW_OP_LEA)
		return base + n->off;
	if (n->op == KW_OP_LOAD_REF && !r->any_stored &&
	    !r->stored[base + n->off])
		return (int)kw_get16(r->p->init, (unsigned)base + n->off);
	return KW_REG_VARIES;
}

/* All that is in out comes to node; but: not these registers. */
static bool give(struct kw_registers *r, const int *out, unsigned node,
		 const uint64_t *but)
{
	unsigned i = r->index[node], reg;
	bool grew = false;

	for (reg = 1; i && reg < r->nr_regs; reg++)
		if (!but || !(but[reg / 64] >> reg % 64 & 1))
			grew |= join(&r->in[(i - 1) * r->nr_regs + reg],
				     out[reg]);
	return grew;
}

/* What path `to' has written is what its k-th RETURN leaves. */
static bool give_written(struct kw_registers *r,
			 const struct kw_path_graph *to, unsigned k,
			 unsigned node)
{
	unsigned from = r->index[g_array_index(to->returns, uint16_t, k)] - 1u;
	const uint64_t *set = r->writes[to->entry];
	uint64_t others[4];
	unsigned i;

	for (i = 0; i < 4; i++)
		others[i] = ~set[i];
	return give(r, r->in + from * r->nr_regs, node, others);
}

static bool flow(struct kw_registers *r, unsigned i, int *out)
{
	const struct kw_node *n = &r->p->nodes[g_array_index(r->nodes,
							     uint16_t, i)];
	const struct kw_path_graph *to;
	bool grew = false;
	unsigned j, k;

	memcpy(out, r->in + i * r->nr_regs, r->nr_regs * sizeof(*out));
	if (writes(n) && n->dst < r->nr_regs)
		out[n->dst] = result(r, n, kw_register_at(r, i, n->reg));
	for (k = 0; k < kw_nr_next(n); k++)
		grew |= give(r, out, kw_next(r->p, n, k), NULL);
	for (j = 0; kw_is_call(n) && (to = kw_callee(r->paths, n, j)); j++) {
		grew |= give(r, out, to->entry, NULL);
		for (k = 0; k < to->returns->len; k++) {
			unsigned after = kw_after(r->paths, n, to, k);

			grew |= give(r, out, after, r->writes[to->entry]);
			grew |= give_written(r, to, k, after);
		}
	}
	return grew;
}

void kw_registers_find(struct kw_registers *r, const struct kw_actor *ac,
		       const GArray *nodes, const uint16_t *index)
{
	int *out = g_new(int, ac->nr_regs + 1u);
	bool grew = true;
	unsigned i, at;

	r->nodes = nodes;
	r->index = index;
	r->nr_regs = ac->nr_regs;
	r->in = g_renew(int, r->in, nodes->len * r->nr_regs + 1u);
	for (i = 0; i < nodes->len * r->nr_regs; i++)
		r->in[i] = KW_REG_UNSET;
	at = (index[ac->entry] - 1u) * r->nr_regs;
	for (i = 0; i < ac->nr_args; i++)
		r->in[at + ac->arg_reg[i]] = ac->arg_val[i];
	while (grew)
		for (grew = false, i = 0; i < nodes->len; i++)
			grew |= flow(r, i, out);
	g_free(out);
}
