/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which registers are dead at a node.
 *
 *	local(n)	what n's path reads from n on, calls included
 *	context(e)	what the callers of path e read after it returns
 *	in(n)		local(n) and the context of each path that n is on
 *
 * A context may hold what only another caller reads: that caller's registers
 * are 0 then, because they were dead where the call was made.
 */
#include <string.h>
#include "link.h"
#include "live.h"

struct pass {
	const struct kw_program *p;
	const struct kw_paths *paths;
	struct kw_live *l;
	uint64_t *local, *context;	/* by node, by entry node */
};

static uint64_t *mask(const struct pass *s, uint64_t *of, unsigned node)
{
	return of + (size_t)node * s->l->words;
}

static void set_bit(uint64_t *m, unsigned bit)
{
	m[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void clear_bit(uint64_t *m, unsigned bit)
{
	m[bit / 64] &= ~(UINT64_C(1) << bit % 64);
}

/* to |= from; true when it grew. */
static bool join(const struct pass *s, uint64_t *to, const uint64_t *from)
{
	bool grew = false;
	unsigned w;

	for (w = 0; w < s->l->words; w++) {
		grew |= (from[w] & ~to[w]) != 0;
		to[w] |= from[w];
	}
	return grew;
}

/* The same, but for the registers from `end` on. */
static void join_below(const struct pass *s, uint64_t *to,
		       const uint64_t *from, unsigned end)
{
	unsigned bit;

	for (bit = 0; bit < s->l->nr_regs + 2; bit++)
		if ((bit < end || bit >= s->l->nr_regs) &&
		    from[bit / 64] >> bit % 64 & 1)
			set_bit(to, bit);
}

/* What n itself writes (kills) and reads. */
static void kill_and_read(const struct pass *s, const struct kw_node *n,
			  uint64_t *m)
{
	unsigned uses = kw_op_uses[n->op];

	if (uses & KW_WRITES_D)
		clear_bit(m, n->dst);
	if (n->op == KW_OP_GUEST_ENTER) {
		clear_bit(m, kw_live_exit(s->l));
		clear_bit(m, kw_live_trap(s->l));
	}
	if (uses & KW_USES_A)
		set_bit(m, n->reg);
	if (uses & KW_READS_D)
		set_bit(m, n->dst);
	if (n->op == KW_OP_EXIT_REASON)
		set_bit(m, kw_live_exit(s->l));
	if (n->op == KW_OP_CALL_TRAP)
		set_bit(m, kw_live_trap(s->l));
}

static void join_call(struct pass *s, const struct kw_node *n,
		      const struct kw_path_graph *e, uint64_t *m)
{
	unsigned end = n->op == KW_OP_CALL ? n->dst : s->l->nr_regs, k;

	join(s, m, mask(s, s->local, e->entry));
	clear_bit(m, n->dst);
	for (k = 0; k < e->returns->len; k++)
		join_below(s, m, mask(s, s->local,
				      kw_after(s->paths, n, e, k)), end);
}

/* local(n) once more, m is for scratch; true when it grew. */
static bool update(struct pass *s, unsigned node, uint64_t *m)
{
	const struct kw_node *n = &s->p->nodes[node];
	const struct kw_path_graph *e;
	unsigned i, k;

	memset(m, 0, s->l->words * sizeof(*m));
	for (k = 0; k < kw_nr_next(n); k++)
		join(s, m, mask(s, s->local, kw_next(s->p, n, k)));
	for (i = 0; kw_is_call(n) && (e = kw_callee(s->paths, n, i)); i++)
		join_call(s, n, e, m);
	kill_and_read(s, n, m);
	return join(s, mask(s, s->local, node), m);
}

static void find_local(struct pass *s)
{
	uint64_t *m = g_new(uint64_t, s->l->words);
	bool grew = true;
	unsigned n;

	while (grew) {
		grew = false;
		for (n = s->p->nr_nodes; n-- > 0;)
			grew |= update(s, n, m);
	}
	g_free(m);
}

/* What is read after the calls that path e makes; true when one grew. */
static bool give_context(struct pass *s, const struct kw_path_graph *e)
{
	const struct kw_path_graph *to;
	unsigned j, i, k;
	bool grew = false;

	for (j = 0; j < e->nodes->len; j++) {
		const struct kw_node *n =
			&s->p->nodes[g_array_index(e->nodes, uint16_t, j)];

		for (i = 0; kw_is_call(n) &&
			    (to = kw_callee(s->paths, n, i)); i++) {
			uint64_t *m = mask(s, s->context, to->entry);

			grew |= join(s, m, mask(s, s->context, e->entry));
			for (k = 0; k < to->returns->len; k++)
				grew |= join(s, m, mask(s, s->local,
					kw_after(s->paths, n, to, k)));
		}
	}
	return grew;
}

static void find_contexts(struct pass *s)
{
	bool grew = true;
	unsigned i;

	while (grew)
		for (grew = false, i = 0; i < s->paths->paths->len; i++)
			grew |= give_context(s, s->paths->paths->pdata[i]);
}

static void find_in(struct pass *s)
{
	struct kw_live *l = s->l;
	unsigned i, j, n;

	memcpy(l->in, s->local, (size_t)s->p->nr_nodes * l->words *
				sizeof(*l->in));
	for (i = 0; i < s->paths->paths->len; i++) {
		const struct kw_path_graph *e = s->paths->paths->pdata[i];

		for (j = 0; j < e->nodes->len; j++) {
			n = g_array_index(e->nodes, uint16_t, j);
			/* Nothing comes after it, whoever called. */
			if (s->p->nodes[n].op != KW_OP_FAIL)
				join(s, mask(s, l->in, n),
				     mask(s, s->context, e->entry));
		}
	}
	memcpy(l->had, l->in, (size_t)s->p->nr_nodes * l->words *
			      sizeof(*l->in));
	for (n = 0; n < s->p->nr_nodes; n++)
		if (kw_op_uses[s->p->nodes[n].op] & KW_WRITES_D)
			set_bit(mask(s, l->had, n), s->p->nodes[n].dst);
}

struct kw_live *kw_live_new(const struct kw_program *p,
			    const struct kw_paths *paths)
{
	struct kw_live *l = g_new0(struct kw_live, 1);
	struct pass s = { .p = p, .paths = paths, .l = l };
	size_t size;
	unsigned a;

	for (a = 0; a < p->nr_actors; a++)
		l->nr_regs = MAX(l->nr_regs, p->actors[a].nr_regs);
	l->words = (l->nr_regs + 2 + 63) / 64;
	size = (size_t)p->nr_nodes * l->words;
	l->in = g_new0(uint64_t, size);
	l->had = g_new0(uint64_t, size);
	s.local = g_new0(uint64_t, size);
	s.context = g_new0(uint64_t, size);
	find_local(&s);
	find_contexts(&s);
	find_in(&s);
	g_free(s.local);
	g_free(s.context);
	return l;
}

void kw_live_free(struct kw_live *l)
{
	if (!l)
		return;
	g_free(l->in);
	g_free(l->had);
	g_free(l);
}
