/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which way round a storm is shown: from its first state to the
 * nearest move that is still owed (somebody's who can move, a way of a
 * choice, the waking), from there to the next, and back.
 */
#include "inside.h"
#include "storm.h"

struct lasso {
	const struct kw_storm *storm;
	GHashTable *first;	/* state + 1: its first move + 1 */
	GHashTable *owed;	/* keys of what was not done yet */
	GArray *way;		/* unsigned: moves of the storm */
	int *by;		/* [move of the storm]: the one before it */
};

static const struct kw_storm_move *move(const struct lasso *l, unsigned i)
{
	return &g_array_index(l->storm->moves, struct kw_storm_move, i);
}

/* What a move does of what has to be done; how many keys. */
static unsigned keys(const struct lasso *l, unsigned i, void *key[3])
{
	const struct kw_edge *e = &move(l, i)->e;
	uintptr_t agent = (uintptr_t)e->agent << 24;
	unsigned nr = 0;

	key[nr++] = (void *)(agent | 1);
	if (e->fork)
		key[nr++] = (void *)((uintptr_t)e->fork << 40 | agent |
				     (uintptr_t)e->choice << 8 | 2);
	if (l->storm->wakes && e->woken == l->storm->vcpu)
		key[nr++] = (void *)(uintptr_t)3;
	return nr;
}

static bool is_owed(const struct lasso *l, unsigned i)
{
	void *key[3];
	unsigned nr = keys(l, i, key);

	while (nr--)
		if (g_hash_table_contains(l->owed, key[nr]))
			return true;
	return false;
}

static void pay(struct lasso *l, unsigned i)
{
	void *key[3];
	unsigned nr = keys(l, i, key);

	while (nr--)
		g_hash_table_remove(l->owed, key[nr]);
}

static bool is_wanted(const struct lasso *l, unsigned i)
{
	return g_hash_table_size(l->owed) ? is_owed(l, i) :
	       move(l, i)->e.to == l->storm->first;
}

/* The moves of state n begin here. */
static unsigned first_of(const struct lasso *l, uint32_t n)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(l->first,
				GUINT_TO_POINTER(n + 1))) - 1;
}

/* The moves up to i, from the end of the way on. */
static void go(struct lasso *l, int i)
{
	unsigned at = l->way->len, m;

	for (; i >= 0; i = l->by[i]) {
		m = (unsigned)i;
		g_array_insert_val(l->way, at, m);
		pay(l, m);
	}
}

/* By a shortest way from state n to a move that is wanted; where it leads. */
static uint32_t go_on(struct lasso *l, uint32_t n)
{
	unsigned nr = l->storm->moves->len, at = 0, i;
	GArray *todo = g_array_new(FALSE, FALSE, sizeof(int));
	GHashTable *been = g_hash_table_new(NULL, NULL);
	uint32_t from = n;
	int last = -1;

	g_hash_table_add(been, GUINT_TO_POINTER(n));
	for (;;) {
		for (i = first_of(l, from); i < nr && move(l, i)->from == from;
		     i++) {
			uint32_t to = move(l, i)->e.to;

			l->by[i] = last;
			if (is_wanted(l, i))
				goto out_go;
			if (g_hash_table_add(been, GUINT_TO_POINTER(to)))
				g_array_append_val(todo, i);
		}
		g_assert(at < todo->len);
		last = g_array_index(todo, int, at++);
		from = move(l, (unsigned)last)->e.to;
	}
out_go:
	from = move(l, i)->e.to;
	go(l, (int)i);
	g_array_free(todo, TRUE);
	g_hash_table_destroy(been);
	return from;
}

static void begin(struct lasso *l, const struct kw_storm *storm)
{
	void *key[3];
	unsigned i, nr;

	*l = (struct lasso){
		.storm = storm, .first = g_hash_table_new(NULL, NULL),
		.owed = g_hash_table_new(NULL, NULL),
		.way = g_array_new(FALSE, FALSE, sizeof(unsigned)),
		.by = g_new(int, storm->moves->len),
	};
	for (i = 0; i < storm->moves->len; i++) {
		if (!i || move(l, i)->from != move(l, i - 1)->from)
			g_hash_table_insert(l->first,
				GUINT_TO_POINTER(move(l, i)->from + 1),
				GUINT_TO_POINTER(i + 1));
		for (nr = keys(l, i, key); nr; nr--)
			g_hash_table_add(l->owed, key[nr - 1]);
	}
}

/* The moves from the start to state n. */
static GArray *prefix(struct kw_graph *g, uint8_t *s, uint32_t n,
		      struct kw_expander *x)
{
	GArray *moves = g_array_new(FALSE, FALSE, sizeof(struct kw_move));
	GArray *states = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	struct kw_seen_by_move seen;
	struct kw_move m;
	unsigned i;

	for (; n; n = g->nodes[n].parent)
		g_array_prepend_val(states, n);
	for (i = 0; i < states->len; i++) {
		n = g_array_index(states, uint32_t, i);
		kw_expander_begin(x);
		kw_expander_set(x, s, 0);
		kw_expander_make(x);
		m = x->children[g->nodes[n].move].by->move;
		g_array_append_val(moves, m);
		kw_world_apply(g->w, s, &m, &seen);
	}
	g_array_free(states, TRUE);
	return moves;
}

GArray *kw_storm_way(struct kw_graph *g, struct kw_hunt *h,
		     const struct kw_storm *storm, unsigned *loop_at)
{
	uint8_t *s = g_memdup2(h->start, h->size);
	uint32_t n = storm->first;
	struct kw_expander x;
	struct kw_move m;
	struct lasso l;
	GArray *moves;
	unsigned i;

	begin(&l, storm);
	do
		n = go_on(&l, n);
	while (g_hash_table_size(l.owed) || n != storm->first);
	kw_expander_init(&x, g->w);
	x.every = true;
	moves = prefix(g, s, storm->first, &x);
	*loop_at = moves->len;
	for (i = 0; i < l.way->len; i++) {
		const struct kw_storm_move *to =
			move(&l, g_array_index(l.way, unsigned, i));

		kw_graph_move(g, &x, s, to->from, &to->e, &m);
		g_array_append_val(moves, m);
	}
	kw_expander_free(&x);
	g_hash_table_destroy(l.first);
	g_hash_table_destroy(l.owed);
	g_array_free(l.way, TRUE);
	g_free(l.by);
	g_free(s);
	return moves;
}
