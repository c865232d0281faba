/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the numbers of nodes and writes them down.
 *
 * Node 0 is END.  The nodes of a path lie together, paths in the order in
 * which actors and calls reach them, each beginning with its entry's way
 * straight on.  An outcome that cannot be leads to a node that fails.
 */
#include "link.h"

#include <string.h>

#define NO_NODE UINT16_MAX

struct walk {
	struct kw_link *l;
	uint32_t *nodes;	/* in the order of their numbers, from 1 */
	unsigned nr;
	uint32_t *paths;	/* to be walked, in order */
	unsigned nr_paths;
	bool *queued;
};

static uint32_t entry_of(const struct kw_link *l, uint32_t path)
{
	return l->alias[l->d->paths[path].entry];
}

static void queue_path(struct walk *w, uint32_t path)
{
	if (w->queued[path])
		return;
	w->queued[path] = true;
	w->paths[w->nr_paths++] = path;
}

/* Numbers what node leads to; nodes of one path only. */
static void walk_path(struct walk *w, uint32_t path)
{
	struct kw_link *l = w->l;
	uint32_t *stack = g_new(uint32_t, l->f.nr_order + 1);
	bool *pushed = g_new0(bool, l->d->nr_nodes);
	unsigned depth = 0;

	stack[depth++] = entry_of(l, path);
	pushed[stack[0]] = true;
	while (depth) {
		uint32_t node = stack[--depth];
		const struct kw_draft_node *n = &l->d->nodes[node];
		unsigned k;

		if (n->op == KW_OP_END)
			continue;
		w->nodes[w->nr++] = node;
		if (n->callee != KW_DRAFT_NONE)
			queue_path(w, n->callee);
		for (k = n->nr; k-- > 0;) {
			uint32_t to = l->d->succ[n->first + k];

			if (!l->f.reached[to] || pushed[l->alias[to]])
				continue;
			pushed[l->alias[to]] = true;
			stack[depth++] = l->alias[to];
		}
	}
	g_free(stack);
	g_free(pushed);
}

struct list_key {
	unsigned nr;
	uint16_t v[];
};

static guint list_hash(gconstpointer key)
{
	const struct list_key *k = key;
	guint h = k->nr;
	unsigned i;

	for (i = 0; i < k->nr; i++)
		h = h * 16777619u ^ k->v[i];
	return h;
}

static gboolean list_equal(gconstpointer a, gconstpointer b)
{
	const struct list_key *x = a, *y = b;

	return x->nr == y->nr && !memcmp(x->v, y->v, x->nr * sizeof(*x->v));
}

/* Where in succ[] the list of n's successors is. */
static unsigned list_of(struct kw_link *l, const struct kw_draft_node *n)
{
	struct kw_program *p = l->p;
	struct list_key *key;
	unsigned k, first = p->nr_succ;
	bool may[257];
	gpointer found;

	key = kw_arena_alloc(l->d->arena, sizeof(*key) +
					  n->nr * sizeof(*key->v));
	key->nr = n->nr;
	kw_fold_next(&l->f, n, may);
	for (k = 0; k < n->nr; k++)
		key->v[k] = may[k] ?
			l->number[l->alias[l->d->succ[n->first + k]]] :
			l->impossible;
	found = g_hash_table_lookup(l->lists, key);
	if (found)
		return GPOINTER_TO_UINT(found) - 1;
	g_hash_table_insert(l->lists, key, GUINT_TO_POINTER(first + 1));
	for (k = 0; k < n->nr; k++)
		KW_PUSH(p->arena, p->succ, p->nr_succ, l->max_succ,
			key->v[k]);
	return first;
}

static uint16_t point_of(struct kw_link *l, const struct kw_draft_node *n)
{
	struct kw_program *p = l->p;
	unsigned first = list_of(l, n), i;

	for (i = 1; i < p->nr_points; i++)
		if (p->points[i] == first)
			return (uint16_t)i;
	KW_PUSH(p->arena, p->points, p->nr_points, l->max_points,
		(uint16_t)first);
	return (uint16_t)i;
}

static uint8_t reg_of(const struct kw_link *l, uint32_t frame, unsigned r)
{
	if (frame == KW_FRAME_ZERO)
		return 0;
	return (uint8_t)l->reg[l->f.reg_base[frame] + r];
}

static uint8_t time_of(const struct kw_link *l, uint32_t frame, unsigned r)
{
	return (uint8_t)l->time[l->f.time_base[frame] + r];
}

/* Base register and offset; a known base goes into the offset. */
static void put_address(const struct kw_link *l, struct kw_node *to,
			const struct kw_draft_node *n)
{
	struct kw_known k;
	bool time = n->op == KW_OP_TIME_LOAD || n->op == KW_OP_TIME_STORE;

	to->off = n->off;
	if (kw_link_base(l, n, &k))
		to->off = (uint16_t)(n->off + (time ? k.value / 8 : k.value));
	else
		to->reg = reg_of(l, n->reg_frame, n->reg);
}

static void put_operands(const struct kw_link *l, struct kw_node *to,
			 const struct kw_draft_node *n)
{
	unsigned uses = kw_op_uses[n->op];
	struct kw_known k;

	to->val = n->val;
	if (n->op == KW_OP_ARM && n->val)
		uses &= ~(unsigned)KW_TIME_OF_D;
	if (uses & KW_USES_A)
		put_address(l, to, n);
	if (uses & (KW_WRITES_D | KW_READS_D)) {
		k = kw_fold_reg(&l->f, n->dst_frame, n->dst);
		if ((uses & KW_WRITES_D) || k.is != KW_CONST || k.value)
			to->dst = reg_of(l, n->dst_frame, n->dst);
	}
	if (uses & (KW_TIME_TO_D | KW_TIME_OF_D))
		to->dst = time_of(l, n->dst_frame, n->dst);
	if (uses & KW_TIME_OF_R)
		to->reg = time_of(l, n->dst_frame, n->reg);
	if (uses & KW_TIME_OF_V)
		to->val = time_of(l, n->dst_frame, n->val);
}

/* A load of a known reference or time sets a constant. */
static void put_known(struct kw_link *l, struct kw_node *to,
		      const struct kw_draft_node *n)
{
	struct kw_known k = l->d->decls[n->field].known;
	struct kw_program *p = l->p;
	unsigned i;

	to->reg = 0;
	to->flags = 0;
	if (n->op == KW_OP_LOAD_REF) {
		to->op = KW_OP_LEA;
		to->off = (uint16_t)k.value;
		return;
	}
	to->op = KW_OP_TIME_SET;
	to->off = 0;
	for (i = 0; i < p->nr_time_values && p->times[i] != k.value; i++)
		;
	if (i == p->nr_time_values) {
		uint64_t *times = KW_NEWS(p->arena, uint64_t, i + 1);

		if (i)
			memcpy(times, p->times, i * sizeof(*times));
		times[i] = k.value;
		p->times = times;
		p->nr_time_values++;
	}
	to->val = (uint16_t)i;
}

static uint16_t next_of(const struct kw_link *l, const struct kw_draft_node *n,
			unsigned k)
{
	return l->number[l->alias[l->d->succ[n->first + k]]];
}

static void put_next(struct kw_link *l, struct kw_node *to,
		     const struct kw_draft_node *n)
{
	bool may[257];

	switch (n->op) {
	case KW_OP_CALL:
		to->val = point_of(l, n);
		to->next[0] = l->number[entry_of(l, n->callee)];
		return;
	case KW_OP_CALL_TRAP:
		to->val = point_of(l, n);
		return;
	case KW_OP_GUEST_EXIT:
		to->next[0] = next_of(l, n, 0);
		if (n->callee != KW_DRAFT_NONE)
			to->next[1] = l->number[entry_of(l, n->callee)];
		return;
	}
	if (kw_op_outcomes[n->op] == KW_MANY) {
		to->flags |= KW_NODE_MANY;
		to->next[0] = (uint16_t)list_of(l, n);
		to->next[1] = (uint16_t)n->nr;
		return;
	}
	kw_fold_next(&l->f, n, may);
	if (n->nr > 0)
		to->next[0] = may[0] ? next_of(l, n, 0) : l->impossible;
	if (n->nr > 1)
		to->next[1] = may[1] ? next_of(l, n, 1) : l->impossible;
}

static void put_node(struct kw_link *l, unsigned nr, uint32_t node)
{
	const struct kw_draft_node *n = &l->d->nodes[node];
	struct kw_node *to = &l->p->nodes[nr];

	to->op = n->op;
	to->flags = n->flags;
	to->src = n->src;
	if (n->field != KW_DRAFT_NONE)
		l->p->labels[nr] = l->d->decls[n->field].name;
	put_operands(l, to, n);
	if ((n->op == KW_OP_LOAD_REF || n->op == KW_OP_TIME_LOAD) &&
	    l->d->decls[n->field].known.is == KW_CONST)
		put_known(l, to, n);
	put_next(l, to, n);
}

static void put_path(struct kw_link *l, uint32_t path)
{
	const struct kw_draft_path *from = &l->d->paths[path];
	struct kw_program *p = l->p;

	KW_PUSH(p->arena, p->paths, p->nr_paths, l->max_paths,
		(struct kw_path){
			.name = from->name, .args = from->args,
			.kernel = from->kernel,
			.entry = l->number[entry_of(l, path)],
			.nr_outcomes = (uint16_t)from->nr_outcomes });
}

static void collect(struct walk *w)
{
	struct kw_link *l = w->l;
	unsigned i;

	for (i = 0; i < l->p->nr_actors; i++)
		if (l->f.actor[i])
			queue_path(w, l->d->actors[i].path);
	for (i = 0; i < G_N_ELEMENTS(l->d->oracle); i++)
		if (l->d->oracle[i] != KW_DRAFT_NONE)
			queue_path(w, l->d->oracle[i]);
	for (i = 0; i < w->nr_paths; i++)
		walk_path(w, w->paths[i]);
}

/* The last node, for outcomes that cannot be. */
static void put_impossible(struct kw_link *l, unsigned nr)
{
	struct kw_program *p = l->p;
	const char **messages = KW_NEWS(p->arena, const char *,
					p->nr_messages + 1);

	if (p->nr_messages)
		memcpy(messages, p->messages,
		       p->nr_messages * sizeof(*messages));
	messages[p->nr_messages] = g_string_chunk_insert_const(p->strings,
		"internal: a value that was thought impossible");
	p->nodes[nr].op = KW_OP_FAIL;
	p->nodes[nr].val = (uint16_t)p->nr_messages;
	p->messages = messages;
	p->nr_messages++;
}

bool kw_link_nodes(struct kw_link *l, GError **err)
{
	struct kw_arena *arena = l->d->arena;
	struct kw_program *p = l->p;
	struct walk w = { .l = l };
	unsigned i;

	w.nodes = KW_NEWS(arena, uint32_t, l->f.nr_order + 1);
	w.paths = KW_NEWS(arena, uint32_t, l->d->nr_paths);
	w.queued = KW_NEWS(arena, bool, l->d->nr_paths);
	l->number = KW_NEWS(arena, uint16_t, l->d->nr_nodes);
	collect(&w);
	if (w.nr + 2 > KW_MAX_NODES) {
		g_set_error(err, KW_LINK_ERROR, 0, "%u nodes: at most %d fit",
			    w.nr, KW_MAX_NODES);
		return false;
	}
	for (i = 0; i < w.nr; i++)
		l->number[w.nodes[i]] = (uint16_t)(i + 1);
	l->impossible = (uint16_t)(w.nr + 1);
	p->nr_nodes = w.nr + 2;
	p->nodes = KW_NEWS(p->arena, struct kw_node, p->nr_nodes);
	p->nodes[0].op = KW_OP_END;
	p->labels = KW_NEWS(p->arena, const char *, p->nr_nodes);
	for (i = 0; i < p->nr_nodes; i++)
		p->labels[i] = "";
	KW_PUSH(p->arena, p->succ, p->nr_succ, l->max_succ, 0);
	KW_PUSH(p->arena, p->points, p->nr_points, l->max_points, 0);
	l->lists = g_hash_table_new(list_hash, list_equal);
	for (i = 0; i < w.nr; i++)
		put_node(l, i + 1, w.nodes[i]);
	put_impossible(l, w.nr + 1);
	g_hash_table_destroy(l->lists);
	for (i = 0; i < w.nr_paths; i++)
		put_path(l, w.paths[i]);
	if (p->nr_succ <= UINT16_MAX && p->nr_points <= UINT16_MAX)
		return true;
	g_set_error(err, KW_LINK_ERROR, 0, "%u successors: at most %d fit",
		    p->nr_succ, UINT16_MAX);
	return false;
}
