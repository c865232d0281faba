/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which nodes an expression becomes.
 *
 * An expression within a loop's body ends in "again" and "out k", which mean
 * different nodes in different places of that loop.  So a node is found by
 * (expression, loop instance), and a loop instance by (body, the nodes that
 * its outcomes continue with).
 */
#include "build.h"

#include <string.h>

struct env {			/* a loop instance; number 0: no loop */
	uint32_t nr, head;
	const uint32_t *outs;
};

struct node_key {
	uint32_t expr, env;
};

struct loop_key {
	uint32_t body, nr;
	uint32_t outs[];
};

struct emit {
	struct kw_build *b;
	struct kw_draft *d;
	const struct kw_path_draft *path;
	GHashTable *nodes, *loops;
	uint32_t nr_envs;
};

static guint node_hash(gconstpointer key)
{
	const struct node_key *k = key;

	return k->expr * 2654435761u ^ k->env * 40503u;
}

static gboolean node_equal(gconstpointer a, gconstpointer b)
{
	return !memcmp(a, b, sizeof(struct node_key));
}

static guint loop_hash(gconstpointer key)
{
	const struct loop_key *k = key;
	guint h = k->body * 31u + k->nr;
	unsigned i;

	for (i = 0; i < k->nr; i++)
		h = h * 16777619u ^ k->outs[i];
	return h;
}

static gboolean loop_equal(gconstpointer a, gconstpointer b)
{
	const struct loop_key *x = a, *y = b;

	return x->body == y->body && x->nr == y->nr &&
	       !memcmp(x->outs, y->outs, x->nr * sizeof(*x->outs));
}

static uint32_t frame_of(const struct emit *m, uint32_t frame)
{
	return frame == KW_FRAME_SELF ? KW_FRAME_PATHS + m->path->nr : frame;
}

static uint32_t add_node(struct emit *m, const struct kw_access *a,
			 const uint32_t *succ, unsigned nr)
{
	struct kw_draft *d = m->d;
	unsigned i;
	struct kw_draft_node n = {
		.op = a->op, .flags = a->flags, .off = a->off, .val = a->val,
		.reg = a->reg, .dst = a->dst,
		.reg_frame = frame_of(m, a->reg_frame),
		.dst_frame = frame_of(m, a->dst_frame),
		.path = m->path->nr, .callee = a->callee, .field = a->field,
		.field2 = a->field2, .src = a->src, .first = d->nr_succ,
		.nr = nr };

	for (i = 0; i < nr; i++)
		KW_PUSH(&m->b->arena, d->succ, d->nr_succ, d->max_succ,
			succ[i]);
	KW_PUSH(&m->b->arena, d->nodes, d->nr_nodes, d->max_nodes, n);
	return d->nr_nodes - 1;
}

static uint32_t emit(struct emit *m, const struct kw_expr *e,
		     const struct env *env);

/* The first node of a loop: a jump to its body, made before that. */
static uint32_t emit_loop(struct emit *m, const struct kw_expr *e,
			  const struct env *env)
{
	struct kw_access jump = { KW_NO_FIELDS, .op = KW_OP_JUMP,
				  .src = e->a.src };
	unsigned nr = e->nr_kids - 1, i;
	struct loop_key *key;
	struct env in;
	uint32_t body;
	gpointer found;

	key = kw_arena_alloc(&m->b->arena,
			     sizeof(*key) + nr * sizeof(*key->outs));
	key->body = e->kids[0]->id;
	key->nr = nr;
	for (i = 0; i < nr; i++)
		key->outs[i] = emit(m, e->kids[i + 1], env);
	found = g_hash_table_lookup(m->loops, key);
	if (found)
		return GPOINTER_TO_UINT(found) - 1;
	in.nr = ++m->nr_envs;
	in.outs = key->outs;
	in.head = add_node(m, &jump, &in.nr, 1);
	g_hash_table_insert(m->loops, key, GUINT_TO_POINTER(in.head + 1));
	body = emit(m, e->kids[0], &in);
	m->d->succ[m->d->nodes[in.head].first] = body;
	return in.head;
}

static uint32_t emit_node(struct emit *m, const struct kw_expr *e,
			  const struct env *env)
{
	uint32_t *succ = KW_NEWS(&m->b->arena, uint32_t, e->nr_kids);
	unsigned i;

	for (i = 0; i < e->nr_kids; i++)
		succ[i] = emit(m, e->kids[i], env);
	return add_node(m, &e->a, succ, e->nr_kids);
}

static uint32_t find_node(const struct emit *m, const struct kw_expr *e,
			  const struct env *env)
{
	struct node_key key = { e->id, env ? env->nr : 0 };
	gpointer found = g_hash_table_lookup(m->nodes, &key);

	return found ? GPOINTER_TO_UINT(found) - 1 : KW_DRAFT_NONE;
}

static void keep_node(struct emit *m, const struct kw_expr *e,
		      const struct env *env, uint32_t node)
{
	struct node_key *key = KW_NEW(&m->b->arena, struct node_key);

	key->expr = e->id;
	key->env = env ? env->nr : 0;
	g_hash_table_insert(m->nodes, key, GUINT_TO_POINTER(node + 1));
}

/* Where a straight line of accesses ends, or joins what is there. */
static const struct kw_expr *end_of_line(const struct emit *m,
					 const struct kw_expr *e,
					 const struct env *env)
{
	while (e->nr_kids == 1 && e->a.op < KW_NR_OPS &&
	       find_node(m, e, env) == KW_DRAFT_NONE)
		e = e->kids[0];
	return e;
}

static uint32_t emit_end(struct emit *m, const struct kw_expr *e,
			 const struct env *env)
{
	uint32_t node;

	if (e->a.op == KW_X_AGAIN)
		return env->head;
	if (e->a.op == KW_X_OUT)
		return env->outs[e->a.val];
	node = find_node(m, e, env);
	if (node != KW_DRAFT_NONE)
		return node;
	if (e->a.op == KW_X_LOOP)
		node = emit_loop(m, e, env);
	else
		node = emit_node(m, e, env);
	keep_node(m, e, env, node);
	return node;
}

/* Straight lines are emitted from their end, without recursion. */
static uint32_t emit(struct emit *m, const struct kw_expr *e,
		     const struct env *env)
{
	const struct kw_expr *end = end_of_line(m, e, env), *at, **line;
	unsigned n = 0;
	uint32_t node;

	for (at = e; at != end; at = at->kids[0])
		n++;
	line = KW_NEWS(&m->b->arena, const struct kw_expr *, n);
	for (n = 0, at = e; at != end; at = at->kids[0])
		line[n++] = at;
	node = emit_end(m, end, env);
	while (n--) {
		node = add_node(m, &line[n]->a, &node, 1);
		keep_node(m, line[n], env, node);
	}
	return node;
}

static void emit_path(struct kw_build *b, struct kw_draft *d, unsigned nr)
{
	const struct kw_path_draft *path = b->path[nr];
	struct emit m = { .b = b, .d = d, .path = path };

	m.nodes = g_hash_table_new(node_hash, node_equal);
	m.loops = g_hash_table_new(loop_hash, loop_equal);
	d->paths[nr] = (struct kw_draft_path){
		.name = path->name, .args = path->args,
		.kernel = path->kernel,
		.type = path->type, .nr_regs = path->nr_regs,
		.nr_times = path->nr_times, .nr_outcomes = path->outs.nr };
	if (path->type == KW_PATH_TRAP)
		d->paths[nr].nr_outcomes = 1;
	d->paths[nr].entry = emit(&m, path->root, NULL);
	g_hash_table_destroy(m.nodes);
	g_hash_table_destroy(m.loops);
}

void kw_draft_emit(struct kw_build *b, struct kw_draft *d)
{
	unsigned i;

	d->arena = &b->arena;
	d->nr_paths = b->nr_paths;
	d->paths = KW_NEWS(&b->arena, struct kw_draft_path, b->nr_paths);
	for (i = 0; i < b->nr_paths; i++)
		emit_path(b, d, i);
}
