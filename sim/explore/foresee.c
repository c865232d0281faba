/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what may come before what, over the whole program.
 *
 *	local(n)	from n to the end of n's path, calls included
 *	context(e)	after path e returns, whoever called it
 *
 * "open" is no union: what comes after a barrier does not count, so that a
 * path says beside it whether it can be passed without one.
 */
#include <string.h>
#include "../machine/step.h"
#include "foresee.h"


enum {
	OPEN	= 1 << 0,	/* something that overtakes comes first */
	PASSES	= 1 << 1,	/* RETURN or END comes first */
};

struct kw_foresee {
	const struct kw_program *p;
	struct kw_paths *paths;
	GHashTable *names;		/* last part: class + 1 */
	int16_t *class_of;		/* [node], -1: any */
	struct kw_foreseen *in;		/* [node] */
	uint8_t *open;			/* [node], contexts included */
};

/* --- classes ---------------------------------------------------------- */

/* "state" of "vcpu0.lr[2].state", "x" of "x[1]" */
static int class_of(const struct kw_foresee *f, const char *name, bool make)
{
	const char *dot = strrchr(name, '.');
	char *last = g_strdup(dot ? dot + 1 : name);
	gpointer known;
	unsigned nr;

	last[strcspn(last, "[")] = 0;
	known = g_hash_table_lookup(f->names, last);
	if (!known && make) {
		nr = g_hash_table_size(f->names) % KW_NR_CLASSES;
		known = GUINT_TO_POINTER(nr + 1);
		g_hash_table_insert(f->names, g_strdup(last), known);
	}
	g_free(last);
	return known ? (int)GPOINTER_TO_UINT(known) - 1 : -1;
}

int kw_foresee_class(const struct kw_foresee *f, unsigned addr)
{
	const struct kw_object *o = kw_object_at(f->p, addr);
	const struct kw_field *field = o ?
		kw_field_at(&f->p->kinds[o->kind], addr - o->addr) : NULL;

	return field ? class_of(f, field->name, false) : -1;
}

static bool has(const uint64_t classes[KW_CLASS_WORDS], int class)
{
	return class < 0 || classes[class / 64] >> class % 64 & 1;
}

static void add_class(uint64_t classes[KW_CLASS_WORDS], int class)
{
	if (class < 0)
		memset(classes, 0xff, KW_CLASS_WORDS * sizeof(*classes));
	else
		classes[class / 64] |= UINT64_C(1) << class % 64;
}

static void add_path(const struct kw_foresee *f,
		     const struct kw_path_graph *e,
		     uint64_t classes[KW_CLASS_WORDS])
{
	const struct kw_path_graph *to;
	unsigned j, i;

	for (j = 0; j < e->nodes->len; j++) {
		unsigned at = g_array_index(e->nodes, uint16_t, j);
		const struct kw_node *n = &f->p->nodes[at];

		if (n->op <= KW_OP_LIST_DEL && n->op != KW_OP_MB &&
		    n->op != KW_OP_WMB && n->op != KW_OP_RMB)
			add_class(classes, f->class_of[at]);
		for (i = 0; kw_is_call(n) &&
			    (to = kw_callee(f->paths, n, i)); i++)
			add_path(f, to, classes);
	}
}

void kw_foresee_devices(const struct kw_foresee *f,
			uint64_t classes[KW_CLASS_WORDS])
{
	unsigned a;

	for (a = 0; a + 1 < f->p->nr_actors; a++)
		if (f->p->actors[a].type == KW_HW)
			add_path(f, f->paths->at[f->p->actors[a].entry],
				 classes);
}

/* --- what may be loaded, and fences ----------------------------------- */

static bool loads(const struct kw_node *n)
{
	return n->op <= KW_OP_LOAD_REF || n->op == KW_OP_CMPXCHG;
}

static struct kw_foreseen own(const struct kw_foresee *f, unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	struct kw_foreseen s = { { 0 }, false, false };

	if (loads(n))
		add_class(s.loads, f->class_of[node]);
	switch ((enum kw_op)n->op) {
	case KW_OP_MB:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
	case KW_OP_DEACTIVATE:
	case KW_OP_WAKE:
	case KW_OP_SWITCH:
	case KW_OP_YIELD:
	case KW_OP_DELAY:
		s.mb = true;
		s.fence = true;
		break;
	case KW_OP_RMB:
	case KW_OP_UNLOCK:
		s.fence = true;
		break;
	default:
		break;
	}
	return s;
}

static bool join(struct kw_foreseen *to, const struct kw_foreseen *from)
{
	const struct kw_foreseen was = *to;
	unsigned w;

	for (w = 0; w < KW_CLASS_WORDS; w++)
		to->loads[w] |= from->loads[w];
	to->fence |= from->fence;
	to->mb |= from->mb;
	return memcmp(was.loads, to->loads, sizeof(was.loads)) ||
	       was.fence != to->fence || was.mb != to->mb;
}

static bool update(struct kw_foresee *f, struct kw_foreseen *local,
		   unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	const struct kw_path_graph *e;
	bool grew = false;
	unsigned i, k;

	for (k = 0; k < kw_nr_next(n); k++)
		grew |= join(&local[node], &local[kw_next(f->p, n, k)]);
	for (i = 0; kw_is_call(n) && (e = kw_callee(f->paths, n, i)); i++) {
		grew |= join(&local[node], &local[e->entry]);
		for (k = 0; k < e->returns->len; k++)
			grew |= join(&local[node],
				     &local[kw_after(f->paths, n, e, k)]);
	}
	return grew;
}

/* What follows the calls that path e makes; true when one grew. */
static bool give_context(struct kw_foresee *f, struct kw_foreseen *context,
			 const struct kw_path_graph *e)
{
	const struct kw_path_graph *to;
	unsigned j, i, k;
	bool grew = false;

	for (j = 0; j < e->nodes->len; j++) {
		const struct kw_node *n =
			&f->p->nodes[g_array_index(e->nodes, uint16_t, j)];

		for (i = 0; kw_is_call(n) &&
			    (to = kw_callee(f->paths, n, i)); i++) {
			grew |= join(&context[to->entry],
				     &context[e->entry]);
			for (k = 0; k < to->returns->len; k++)
				grew |= join(&context[to->entry],
					     &f->in[kw_after(f->paths, n, to,
							     k)]);
		}
	}
	return grew;
}

static void find_in(struct kw_foresee *f)
{
	struct kw_foreseen *context = g_new0(struct kw_foreseen,
					     f->p->nr_nodes);
	bool grew = true;
	unsigned n, i, j;

	for (n = 0; n < f->p->nr_nodes; n++)
		f->in[n] = own(f, n);
	while (grew)
		for (grew = false, n = f->p->nr_nodes; n-- > 0;)
			grew |= update(f, f->in, n);
	for (grew = true; grew;)
		for (grew = false, i = 0; i < f->paths->paths->len; i++)
			grew |= give_context(f, context,
					     f->paths->paths->pdata[i]);
	for (i = 0; i < f->paths->paths->len; i++) {
		const struct kw_path_graph *e = f->paths->paths->pdata[i];

		for (j = 0; j < e->nodes->len; j++)
			join(&f->in[g_array_index(e->nodes, uint16_t, j)],
			     &context[e->entry]);
	}
	g_free(context);
}

/* --- what may be overtaken -------------------------------------------- */

enum effect { NOTHING, OVERTAKES, CLOSES, LEAVES };

static enum effect effect_of(const struct kw_foresee *f, unsigned node,
			     const uint64_t racy[KW_CLASS_WORDS], bool fifo)
{
	const struct kw_node *n = &f->p->nodes[node];
	bool is_racy = has(racy, f->class_of[node]);

	switch ((enum kw_op)n->op) {
	case KW_OP_RETURN:
	case KW_OP_END:
		return LEAVES;
	case KW_OP_MB:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_DEACTIVATE:
	case KW_OP_WAKE:
	case KW_OP_SWITCH:
	case KW_OP_YIELD:
		return CLOSES;
	case KW_OP_WMB:
		return fifo ? NOTHING : CLOSES;
	case KW_OP_LOCK:
		return fifo ? CLOSES : NOTHING;
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
	case KW_OP_CMPXCHG:
	case KW_OP_AWAIT:
		return fifo && is_racy ? OVERTAKES : NOTHING;
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
		return !fifo && is_racy && !(n->flags & KW_NODE_RELEASE) ?
			       OVERTAKES : NOTHING;
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
		if (fifo && is_racy)
			return CLOSES;
		return is_racy ? OVERTAKES : NOTHING;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
	case KW_OP_GUEST_ENTER:
	case KW_OP_GUEST_EXIT:
		return OVERTAKES;
	default:
		return NOTHING;
	}
}

/* OPEN and PASSES of what follows the call n. */
static unsigned after_call(const struct kw_foresee *f,
			   const struct kw_node *n)
{
	const struct kw_path_graph *e;
	unsigned i, k, all = 0, after;

	for (i = 0; (e = kw_callee(f->paths, n, i)); i++) {
		for (after = 0, k = 0; k < e->returns->len; k++)
			after |= f->open[kw_after(f->paths, n, e, k)];
		all |= f->open[e->entry] & OPEN;
		if (f->open[e->entry] & PASSES)
			all |= after;
	}
	return all;
}

static bool update_open(struct kw_foresee *f, const uint8_t *effects,
			unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	unsigned is = f->open[node], k;

	switch ((enum effect)effects[node]) {
	case OVERTAKES:
		is = OPEN;
		break;
	case CLOSES:
		break;
	case LEAVES:
		is = PASSES;
		break;
	case NOTHING:
		if (kw_is_call(n))
			is |= after_call(f, n);
		for (k = 0; k < kw_nr_next(n); k++)
			is |= f->open[kw_next(f->p, n, k)];
		break;
	}
	if (is == f->open[node])
		return false;
	f->open[node] = (uint8_t)is;
	return true;
}

/* Is it open, or left, after path e returns? */
static unsigned context_of(const struct kw_foresee *f, const uint8_t *context,
			   const struct kw_path_graph *e,
			   const struct kw_path_graph *to)
{
	const struct kw_path_graph *callee;
	unsigned j, i, k, is = 0, after;

	for (j = 0; j < e->nodes->len; j++) {
		const struct kw_node *n =
			&f->p->nodes[g_array_index(e->nodes, uint16_t, j)];

		for (i = 0; kw_is_call(n) &&
			    (callee = kw_callee(f->paths, n, i)); i++) {
			for (k = 0; callee == to && k < to->returns->len;
			     k++) {
				after = f->open[kw_after(f->paths, n, to, k)];
				is |= after & OPEN;
				if (after & PASSES)
					is |= context[e->entry];
			}
		}
	}
	return is;
}

static void add_contexts(struct kw_foresee *f)
{
	GPtrArray *all = f->paths->paths;
	uint8_t *context = g_new0(uint8_t, f->p->nr_nodes);
	uint8_t *open = g_memdup2(f->open, f->p->nr_nodes);
	bool grew = true;
	unsigned i, j, is;

	/* A path that nobody calls is an actor's: its end is its end. */
	for (i = 0; i < f->p->nr_actors; i++)
		context[f->p->actors[i].entry] = PASSES;
	while (grew)
		for (grew = false, i = 0; i < all->len; i++) {
			const struct kw_path_graph *to = all->pdata[i];

			is = context[to->entry];
			for (j = 0; j < all->len; j++)
				is |= context_of(f, context, all->pdata[j],
						 to);
			grew |= is != context[to->entry];
			context[to->entry] = (uint8_t)is;
		}
	for (i = 0; i < all->len; i++) {
		const struct kw_path_graph *e = all->pdata[i];

		for (j = 0; j < e->nodes->len; j++) {
			unsigned n = g_array_index(e->nodes, uint16_t, j);

			if (f->open[n] & PASSES)
				open[n] |= context[e->entry];
		}
	}
	memcpy(f->open, open, f->p->nr_nodes);
	g_free(open);
	g_free(context);
}

void kw_foresee_racy(struct kw_foresee *f,
		     const uint64_t racy[KW_CLASS_WORDS], bool fifo)
{
	uint8_t *effects = g_new0(uint8_t, f->p->nr_nodes);
	bool grew = true;
	unsigned n;

	memset(f->open, 0, f->p->nr_nodes);
	for (n = 0; n < f->p->nr_nodes; n++)
		effects[n] = (uint8_t)effect_of(f, n, racy, fifo);
	while (grew)
		for (grew = false, n = f->p->nr_nodes; n-- > 0;)
			grew |= update_open(f, effects, n);
	add_contexts(f);
	g_free(effects);
}

bool kw_foresee_open(const struct kw_foresee *f, unsigned node)
{
	return f->open[node] & OPEN;
}

bool kw_foresee_ends(const struct kw_foresee *f, unsigned node)
{
	return f->open[node] & PASSES;
}

const struct kw_foreseen *kw_foreseen(const struct kw_foresee *f,
				      unsigned node)
{
	return &f->in[node];
}

struct kw_foresee *kw_foresee_new(const struct kw_program *p)
{
	struct kw_foresee *f = g_new0(struct kw_foresee, 1);
	unsigned n;

	f->p = p;
	f->paths = kw_paths_new(p);
	f->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					 NULL);
	f->class_of = g_new(int16_t, p->nr_nodes);
	for (n = 0; n < p->nr_nodes; n++)
		f->class_of[n] = p->labels && *p->labels[n] ? (int16_t)
			class_of(f, p->labels[n], true) : -1;
	f->in = g_new0(struct kw_foreseen, p->nr_nodes);
	f->open = g_new0(uint8_t, p->nr_nodes);
	find_in(f);
	return f;
}

void kw_foresee_free(struct kw_foresee *f)
{
	if (!f)
		return;
	kw_paths_free(f->paths);
	g_hash_table_destroy(f->names);
	g_free(f->class_of);
	g_free(f->in);
	g_free(f->open);
	g_free(f);
}
