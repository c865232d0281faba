/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether the machine can go round for ever, waking vCPUs, and get
 * nothing done.
 *
 * A storm is a set of states with moves from each to each other, such that
 *
 *	progress	none of the moves is any: no vCPU that waited enters
 *			its guest for something, no guest takes an interrupt
 *	time		none of the moves waits for time to pass: a timer, or
 *			a delay of an actor that never ends
 *	fairness	who can move in one of the states does so in one of
 *			them; a choice, or a comparison of times, that is made
 *			goes every way
 *	storm		a vCPU that waits is woken, or enters its guest for
 *			nothing, or is forced out of it; or its thread never
 *			sleeps and never is in its guest, but moves
 *
 * Every CPU goes on, locks are fair and time passes: what needs somebody who
 * could always move and never does is no storm.
 *
 * Strongly connected sets are found (Tarjan) and judged; where one is unfair,
 * the states go in which somebody could move who does not, or the moves of
 * that choice, and what is left is looked at again (Emerson and Lei, for
 * strong fairness).  What is left at last is a storm or none.
 */
#include "inside.h"
#include "storm.h"

struct fork {			/* of an agent, at a node */
	uint32_t key;
	uint64_t ways[4];	/* bit k: choice k is in the set */
};

struct storms {
	struct kw_graph *g;
	struct kw_storm *best;
	int of;			/* -1: who is woken; else: vCPU whose thread
				   goes round */
	bool *alive;		/* [state] */
	uint32_t *set;		/* [state]: its number, from 1 on */
	uint32_t nr_sets;
	/* Tarjan's */
	uint32_t *index, *low;	/* [state]; 0: not seen */
	uint64_t *next;		/* [state]: edge */
	GArray *path, *stack;	/* uint32_t: states */
	uint32_t nr_seen;
	/* Of the set that is judged. */
	unsigned words;
	uint64_t *can, *does;	/* bits of agents */
	GHashTable *forks;	/* struct fork by key */
	int vcpu;		/* whose storm it is, or -1 */
	bool changed;		/* something went, but not all */
};

static const struct kw_edge *edges_of(const struct storms *t, uint32_t n,
				      unsigned *nr)
{
	uint64_t first = t->g->nodes[n].first;

	*nr = (unsigned)(t->g->nodes[n + 1].first - first);
	return t->g->edges + first;
}

static bool within(const struct storms *t, uint32_t n, const struct kw_edge *e)
{
	return !e->progress && !e->gone && t->alive[e->to] &&
	       t->set[e->to] == t->set[n];
}

static uint32_t fork_key(const struct kw_edge *e)
{
	return (uint32_t)e->fork << 16 | e->agent;
}

static unsigned nr_ways(const struct storms *t, unsigned node)
{
	const struct kw_node *n = &t->g->w->p->nodes[node];

	return n->op == KW_OP_CHOICE ? n->next[1] : 2;
}

static void set_bit(uint64_t *of, unsigned i)
{
	of[i / 64] |= UINT64_C(1) << i % 64;
}

static bool has_bit(const uint64_t *of, unsigned i)
{
	return of[i / 64] >> i % 64 & 1;
}

/* --- one set ------------------------------------------------------------ */

static void look_at_edge(struct storms *t, uint32_t n, const struct kw_edge *e)
{
	struct fork *f;
	uint32_t key = fork_key(e);

	set_bit(t->can, e->agent);
	if (!within(t, n, e))
		return;
	set_bit(t->does, e->agent);
	if (t->of < 0 && e->woken >= 0 && (t->vcpu < 0 || e->woken < t->vcpu))
		t->vcpu = e->woken;
	if (t->of >= 0 && e->agent == 4u * t->g->w->thread_of[t->of])
		t->vcpu = t->of;
	if (!e->fork)
		return;
	f = g_hash_table_lookup(t->forks, GUINT_TO_POINTER(key));
	if (!f) {
		f = g_new0(struct fork, 1);
		f->key = key;
		g_hash_table_insert(t->forks, GUINT_TO_POINTER(key), f);
	}
	set_bit(f->ways, e->choice);
}

static bool goes_every_way(const struct storms *t, const struct kw_edge *e)
{
	const struct fork *f = g_hash_table_lookup(t->forks,
					GUINT_TO_POINTER(fork_key(e)));
	unsigned k, nr = nr_ways(t, e->fork);

	for (k = 0; f && k < nr; k++)
		if (!has_bit(f->ways, k))
			return false;
	return true;
}

/* What is unfair in state n goes; true when something did. */
static bool mend(struct storms *t, uint32_t n)
{
	unsigned nr, i;
	const struct kw_edge *e = edges_of(t, n, &nr);
	bool went = false;

	for (i = 0; i < nr; i++)
		if (!has_bit(t->does, e[i].agent)) {
			t->alive[n] = false;
			return true;
		}
	for (i = 0; i < nr; i++)
		if (e[i].fork && within(t, n, &e[i]) &&
		    !goes_every_way(t, &e[i])) {
			t->g->edges[t->g->nodes[n].first + i].gone = true;
			went = true;
		}
	return went;
}

/* The set with the first state of all is kept. */
static void keep(struct storms *t, const uint32_t *states, uint32_t nr)
{
	uint32_t first = states[0], i;
	unsigned k, nr_edges;

	for (i = 1; i < nr; i++)
		first = MIN(first, states[i]);
	if (t->best->moves && first >= t->best->first)
		return;
	if (t->best->moves)
		g_array_free(t->best->moves, TRUE);
	*t->best = (struct kw_storm){
		.first = first, .vcpu = t->vcpu, .wakes = t->of < 0,
		.moves = g_array_new(FALSE, FALSE,
				     sizeof(struct kw_storm_move)),
	};
	for (i = 0; i < nr; i++) {
		const struct kw_edge *e = edges_of(t, states[i], &nr_edges);

		for (k = 0; k < nr_edges; k++)
			if (within(t, states[i], &e[k]))
				g_array_append_vals(t->best->moves,
					&(struct kw_storm_move){ states[i],
								 e[k] }, 1);
	}
}

static bool is_trivial(const struct storms *t, const uint32_t *states,
		       uint32_t nr)
{
	unsigned nr_edges, i;
	const struct kw_edge *e = edges_of(t, states[0], &nr_edges);

	for (i = 0; i < nr_edges; i++)
		if (within(t, states[0], &e[i]))
			return false;
	return nr == 1;
}

static void judge(struct storms *t, const uint32_t *states, uint32_t nr)
{
	bool went = false;
	uint32_t i;
	unsigned k, nr_edges;

	memset(t->can, 0, t->words * sizeof(*t->can));
	memset(t->does, 0, t->words * sizeof(*t->does));
	g_hash_table_remove_all(t->forks);
	t->vcpu = -1;
	for (i = 0; i < nr; i++) {
		const struct kw_edge *e = edges_of(t, states[i], &nr_edges);

		for (k = 0; k < nr_edges; k++)
			look_at_edge(t, states[i], &e[k]);
	}
	for (i = 0; t->vcpu >= 0 && i < nr; i++)
		went |= mend(t, states[i]);
	t->changed |= went;
	if (went)
		return;
	if (t->vcpu >= 0)
		keep(t, states, nr);
	for (i = 0; i < nr; i++)
		t->alive[states[i]] = false;
}

/* --- all sets ----------------------------------------------------------- */

static uint32_t *top(GArray *a)
{
	return &g_array_index(a, uint32_t, a->len - 1);
}

static void enter(struct storms *t, uint32_t n)
{
	t->index[n] = t->low[n] = ++t->nr_seen;
	t->next[n] = t->g->nodes[n].first;
	g_array_append_val(t->path, n);
	g_array_append_val(t->stack, n);
}

/* State n is the first of its set: those above it on the stack. */
static void leave(struct storms *t, uint32_t n)
{
	uint32_t at = t->stack->len, nr;
	const uint32_t *states = (const void *)t->stack->data;

	t->nr_sets++;
	do
		t->set[states[--at]] = t->nr_sets;
	while (states[at] != n);
	nr = t->stack->len - at;
	if (is_trivial(t, states + at, nr))
		t->alive[n] = false;
	else
		judge(t, states + at, nr);
	g_array_set_size(t->stack, at);
}

/* One step of the search from the end of the path. */
static void advance(struct storms *t)
{
	uint32_t n = *top(t->path), parent;
	const struct kw_edge *e;

	while (t->next[n] < t->g->nodes[n + 1].first) {
		e = &t->g->edges[t->next[n]++];
		if (e->progress || e->gone || !t->alive[e->to])
			continue;
		if (!t->index[e->to]) {
			enter(t, e->to);
			return;
		}
		if (!t->set[e->to])	/* still on the stack */
			t->low[n] = MIN(t->low[n], t->index[e->to]);
	}
	g_array_set_size(t->path, t->path->len - 1);
	if (t->path->len) {
		parent = *top(t->path);
		t->low[parent] = MIN(t->low[parent], t->low[n]);
	}
	if (t->low[n] == t->index[n])
		leave(t, n);
}

static void find_sets(struct storms *t)
{
	uint32_t nr = t->g->numbers.nr, n;

	memset(t->index, 0, nr * sizeof(*t->index));
	memset(t->set, 0, nr * sizeof(*t->set));
	t->nr_sets = t->nr_seen = 0;
	for (n = 0; n < nr; n++) {
		if (!t->alive[n] || t->index[n])
			continue;
		enter(t, n);
		while (t->path->len)
			advance(t);
	}
}

/* Until every set is a storm, or none. */
static void look_for(struct storms *t, int of)
{
	uint32_t n, nr = t->g->numbers.nr;
	uint64_t e;

	t->of = of;
	for (n = 0; n < nr; n++)
		t->alive[n] = of < 0 || !(t->g->nodes[n].away >> of & 1);
	for (e = 0; e < t->g->nr_edges; e++)
		t->g->edges[e].gone = false;
	do {
		t->changed = false;
		find_sets(t);
	} while (t->changed);
}

void kw_storm_find(struct kw_graph *g, struct kw_storm *best)
{
	uint32_t nr = g->numbers.nr;
	struct storms t = {
		.g = g, .best = best, .words = g->nr_agents / 64 + 1,
		.alive = g_new(bool, nr), .set = g_new(uint32_t, nr),
		.index = g_new(uint32_t, nr), .low = g_new(uint32_t, nr),
		.next = g_new(uint64_t, nr),
		.path = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		.stack = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		.forks = g_hash_table_new_full(NULL, NULL, NULL, g_free),
	};
	unsigned v;

	t.can = g_new0(uint64_t, t.words);
	t.does = g_new0(uint64_t, t.words);
	look_for(&t, -1);
	for (v = 0; v < g->w->nr_vcpus && v < 64; v++)
		if (g->w->thread_of[v] != KW_NO_ACTOR)
			look_for(&t, (int)v);
	g_free(t.alive);
	g_free(t.set);
	g_free(t.index);
	g_free(t.low);
	g_free(t.next);
	g_array_free(t.path, TRUE);
	g_array_free(t.stack, TRUE);
	g_hash_table_destroy(t.forks);
	g_free(t.can);
	g_free(t.does);
}

void kw_hunt_storm(struct kw_hunt *h)
{
	struct kw_find f = { .what = KW_FINDS_STORM };
	struct kw_storm storm = { .moves = NULL };
	struct kw_hunter k;
	struct kw_graph g;
	unsigned nr_moves;
	GArray *moves;

	kw_hunter_init(&k, h);
	h->res->storms = kw_graph_build(&g, &k);
	if (h->res->storms && !kw_hunter_was_wrong(&k))
		kw_storm_find(&g, &storm);
	if (h->opts->stop && *h->opts->stop) {
		h->res->bound = KW_BOUND_STOPPED;
		h->res->complete = false;
	}
	if (storm.moves) {
		f.witness.vcpu = storm.vcpu;
		moves = kw_storm_way(&g, h, &storm, &f.witness.loop_at);
		nr_moves = moves->len;
		kw_hunt_found(h, &f, (void *)g_array_free(moves, FALSE),
			      nr_moves);
		g_array_free(storm.moves, TRUE);
	}
	kw_graph_free(&g);
	k.states = k.transitions = k.ends = 0;
	kw_hunter_end(&k);
}
