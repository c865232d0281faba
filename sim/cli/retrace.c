/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what is seen of an interleaving when it is done again.
 *
 * Under a weak memory model a load may see what is not the newest value, and
 * a store may wait: its own step changes nothing, and when it becomes visible
 * is a step without a node.  That one is shown as the store once more.
 */
#include <string.h>
#include "../explore/fingerprint.h"
#include "../machine/step.h"
#include "retrace.h"

struct again {
	struct kw_retrace *r;
	struct kw_recorder recorder;
	const struct kw_move *move;	/* that is being made */
	GArray *waiting;	/* struct kw_step_seen: stores not visible */
	uint8_t *before;
	bool last;		/* the last move */
	GArray *after;		/* struct after, of each move: for a storm */
	bool first;		/* its first step: what is folded follows */
};

struct after {
	uint64_t fp;		/* of the state */
	unsigned nr_seen;	/* steps until then */
	bool woken;		/* it woke the vCPU in question */
};

static const struct kw_invariant *invariant_of(const struct kw_retrace *r)
{
	return r->what->property < KW_FINDS_INVARIANT ||
	       r->what->property == KW_FINDS_NOTHING ? NULL :
	       &r->program->invariants[r->what->property -
				       KW_FINDS_INVARIANT];
}

/* Of whom invariant v does not hold after a step, which may be an entry. */
static void find_broken(struct kw_retrace *r, const struct kw_invariant *v,
			const struct kw_done *done, unsigned actor)
{
	const struct kw_program *p = r->program;
	unsigned i;

	for (i = 0; i < p->nr_objects && !r->shown; i++) {
		const struct kw_object *o = &p->objects[i];

		if (o->kind != v->kind ||
		    (v->when == KW_WHEN_ENTRY &&
		     (done->effect != KW_EFF_ENTER ||
		      p->actors[actor].object != o->addr)) ||
		    kw_eval(p, r->s, v->entry, o->addr))
			continue;
		r->shown = true;
		r->object = (uint16_t)i;
	}
}

/* The value that a load saw, where that is not the newest. */
static void set_loaded(const struct kw_node *n, struct kw_event *e)
{
	if (n->op == KW_OP_LOAD)
		e->before = n->val + (int)e->outcome;
	else if (n->op == KW_OP_LOAD_FLAG && !e->before == !!e->outcome)
		e->before = (int)e->outcome;
	else if (n->op == KW_OP_LOAD_MASK &&
		 !(e->before & n->val) == !!e->outcome)
		e->before = e->outcome ? n->val : 0;
}

static void keep(struct again *g, const uint8_t *state)
{
	g_byte_array_append(g->r->states, state, g->r->program->state_size);
}

/* Is something of what a list operation does not in memory yet? */
static bool list_waits(struct again *g, const struct kw_step_seen *s,
		       const uint8_t *before, const uint8_t *after)
{
	const struct kw_program *p = g->r->program;
	const struct kw_node *n = &p->nodes[s->e.node];
	uint8_t *done = g_memdup2(before, p->state_size);
	unsigned entry = kw_actor(p, done, s->e.actor)->regs[n->dst];
	bool differs;

	if (n->op == KW_OP_LIST_DEL)
		kw_list_del(done, s->e.addr, entry, n->val);
	else
		kw_list_add(done, s->e.addr, entry, n->val,
			    n->op == KW_OP_LIST_ADD_TAIL);
	differs = memcmp(done, after, p->objects_size);
	g_free(done);
	return differs;
}

/* Does the store of a step wait, so that memory is not what it makes it? */
static bool waits(struct again *g, const struct kw_step_seen *s,
		  const uint8_t *before, const uint8_t *after)
{
	const struct kw_node *n = &g->r->program->nodes[s->e.node];

	if (n->op == KW_OP_STORE)
		return after[s->e.addr] != n->val;
	if (n->op == KW_OP_STORE_REF)
		return kw_get16(after, s->e.addr) != s->ref;
	return n->op >= KW_OP_LIST_ADD && n->op <= KW_OP_LIST_DEL &&
	       list_waits(g, s, before, after);
}

static void mark_late(struct again *g, const uint8_t *before,
		      const uint8_t *after)
{
	struct kw_step_seen *s = &g_array_index(g->r->seen,
		struct kw_step_seen, g->r->seen->len - 1);
	const struct kw_node *n = &g->r->program->nodes[s->e.node];

	if (kw_step_is_load(g->r->program, s) && g->first && g->move->way)
		s->late = KW_LATE_READ;
	if (s->e.addr + 2u > g->r->program->objects_size ||
	    !waits(g, s, before, after))
		return;
	s->late = KW_LATE_STORE;
	if (n->op == KW_OP_STORE)
		s->e.after = n->val;
	g_array_append_val(g->waiting, *s);
}

void kw_path_record(struct kw_recorder *r, const uint8_t *before,
		    const uint8_t *after, unsigned actor,
		    const struct kw_done *done)
{
	const struct kw_program *p = r->program;
	const struct kw_actor_state *st = (const void *)
		(before + p->actors[actor].base);
	const struct kw_node *n = &p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + n->off;
	struct kw_event e = {
		.ns = r->seen->len, .actor = (uint16_t)actor, .node = st->pc,
		.addr = (uint16_t)addr, .cpu = -1, .before = -1, .after = -1,
		.outcome = done->outcome,
	};

	if (addr < p->objects_size) {
		e.before = before[addr];
		e.after = after[addr];
		set_loaded(n, &e);
	}
	kw_record(r, &e, after);
}

static void see(void *arg, const uint8_t *before, const uint8_t *after,
		unsigned actor, const struct kw_done *done)
{
	struct again *g = arg;
	struct kw_retrace *r = g->r;
	const struct kw_invariant *v = invariant_of(r);

	if (r->shown)
		return;
	kw_path_record(&g->recorder, before, after, actor, done);
	keep(g, after);
	mark_late(g, before, after);
	g->first = false;
	/* The first there is; what was folded into its move may follow. */
	if (r->what->property == KW_FINDS_RACE &&
	    kw_world_races(r->world, before, actor)) {
		memcpy(r->s, after, r->program->state_size);
		r->shown = true;
	}
	if (!g->last || !v || v->eventually != KW_EVENTUALLY_NOT)
		return;
	memcpy(r->s, after, r->program->state_size);
	find_broken(r, v, done, actor);
}

/* A store becomes visible: the oldest that waits for one of these bytes. */
static void see_drain(struct again *g)
{
	const struct kw_program *p = g->r->program;
	unsigned lane = kw_lane(p, g->move->actor, true), i;

	for (i = 0; i < g->waiting->len; i++) {
		struct kw_step_seen s = g_array_index(g->waiting,
						      struct kw_step_seen, i);

		if (kw_lane(p, s.e.actor, true) != lane ||
		    !memcmp(g->before + s.e.addr, g->r->s + s.e.addr, 2))
			continue;
		g_array_remove_index(g->waiting, i);
		s.e.ns = g->r->seen->len;
		s.late = KW_LATE_DRAIN;
		g_array_append_val(g->r->seen, s);
		keep(g, g->r->s);
		return;
	}
}

static bool is_allowed(const struct kw_world *w, uint8_t *s,
		       const struct kw_move *m, struct kw_move *all)
{
	unsigned nr = kw_world_moves(w, s, all), i;

	for (i = 0; i < nr; i++)
		if (all[i].type == m->type && all[i].actor == m->actor &&
		    all[i].way == m->way && all[i].choice == m->choice)
			return true;
	return false;
}

static bool is_end(const struct kw_world *w, uint8_t *s)
{
	struct kw_move *all = g_new(struct kw_move, KW_MAX_MOVES);
	unsigned nr = kw_world_moves(w, s, all);

	g_free(all);
	return !nr;
}

/* Does somebody stand where the newest of the orders was seen? */
static bool shows_order(const struct kw_retrace *r, const uint8_t *s)
{
	const struct kw_counterexample *what = r->what;
	struct kw_order of[KW_MAX_ORDERS];
	bool shown = false;
	unsigned a, i, nr;

	for (a = 0; a + 1 < r->program->nr_actors; a++) {
		nr = kw_world_shows_orders(r->world, s, a, of);
		for (i = 0; i < nr; i++) {
			GString *text = g_string_new(NULL);

			kw_order_text(r->program, &of[i], text);
			shown |= what->cycle ? !memcmp(&of[i], &g_array_index(
				what->cycle, struct kw_order,
				what->cycle->len - 1), sizeof(of[i])) :
				what->why && strstr(what->why, text->str);
			g_string_free(text, TRUE);
		}
	}
	return shown;
}

static void note_after(struct again *g, const uint8_t *s,
		       const struct kw_seen_by_move *seen)
{
	const struct kw_retrace *r = g->r;
	struct after a = {
		.fp = kw_fingerprint(s, kw_world_size(r->world)),
		.nr_seen = r->seen->len,
		.woken = seen->woken >= 0 && seen->woken == r->what->vcpu,
	};

	g_array_append_val(g->after, a);
}

/* Was the last state there before?  From there on it goes round. */
static void find_loop(struct again *g)
{
	const struct after *a = (const void *)g->after->data;
	unsigned nr = g->after->len, i, k;

	for (i = 0; i + 1 < nr && !g->r->shown; i++) {
		if (a[i].fp != a[nr - 1].fp)
			continue;
		g->r->shown = true;
		g->r->loop_at = a[i].nr_seen;
		for (k = i + 1; k < nr; k++)
			g->r->nr_woken += a[k].woken;
	}
}

/* Is the last state what was to be seen? */
static void find_shown(struct kw_retrace *r, uint8_t *s,
		       const struct kw_seen_by_move *seen)
{
	unsigned addr = 0, a, i;

	switch (r->what->property) {
	case KW_FINDS_NOTHING:
		r->shown = is_end(r->world, s);
		return;
	case KW_FINDS_SPURIOUS:
		r->shown = seen->spurious == r->what->vcpu;
		return;
	case KW_FINDS_ROW:
		r->shown = seen->row == r->what->vcpu;
		return;
	case KW_FINDS_STORM:
		return;		/* find_loop() does */
	case KW_FINDS_ORDER:
		r->shown = shows_order(r, s);
		return;
	case KW_FINDS_RACE:
		return;		/* see() knows */
	case KW_FINDS_FAILED:
		r->shown = seen->failed;
		r->message = seen->message;
		return;
	case KW_FINDS_DEADLOCK:
		a = kw_world_blocked(r->world, s, &addr);
		r->shown = a;
		r->actor = (uint16_t)(a ? a - 1 : 0);
		r->addr = (uint16_t)addr;
		return;
	}
	for (i = 0; i < kw_world_nr_slots(r->world) && !r->shown; i++) {
		const struct kw_slot *x = kw_world_slot(r->world, i);

		if (!x->lasts || x->vcpu != r->what->vcpu ||
		    (x->vcpu < 0 && x->object != r->what->object))
			continue;
		r->shown = kw_world_ails(r->world, s, i);
		r->object = x->object;
	}
}

static void go(struct again *g)
{
	struct kw_retrace *r = g->r;
	struct kw_move *all = g_new(struct kw_move, KW_MAX_MOVES);
	struct kw_seen_by_move seen = { .spurious = -1, .row = -1,
					.woken = -1 };
	uint32_t size = kw_world_size(r->world);
	uint8_t *s = g_malloc0(size);
	static const struct kw_move start = { .type = KW_STEP };

	g->move = &start;
	kw_world_watch_start(r->world, s, see, g);
	if (r->what->property == KW_FINDS_STORM)
		note_after(g, s, &seen);
	for (; r->matched < r->what->nr; r->matched++) {
		g->move = &r->what->moves[r->matched];
		g->last = r->matched + 1 == r->what->nr;
		if (!is_allowed(r->world, s, g->move, all))
			break;
		memcpy(g->before, s, r->program->state_size);
		g->first = g->move->type == KW_STEP;
		kw_world_watch(r->world, s, g->move, &seen, see, g);
		r->exposed |= seen.exposed;
		if (r->shown)
			break;
		memcpy(r->s, s, r->program->state_size);
		if (g->move->type == KW_FLOW)
			see_drain(g);
		if (r->what->property == KW_FINDS_STORM)
			note_after(g, s, &seen);
	}
	r->loop_at = r->seen->len;
	if (r->matched == r->what->nr)
		find_shown(r, s, &seen);
	find_loop(g);
	g_free(s);
	g_free(all);
}

void kw_retrace(struct kw_retrace *r, const struct kw_program *p,
		const struct kw_world *w,
		const struct kw_counterexample *what)
{
	struct again g = { .r = r };

	*r = (struct kw_retrace){
		.program = p, .world = w, .what = what,
		.object = what->object,
		.seen = g_array_new(FALSE, FALSE,
				    sizeof(struct kw_step_seen)),
		.states = g_byte_array_new(), .s = g_malloc0(p->state_size),
	};
	g.recorder = (struct kw_recorder){ p, r->seen };
	g.waiting = g_array_new(FALSE, FALSE, sizeof(struct kw_step_seen));
	g.before = g_malloc0(p->state_size);
	g.after = g_array_new(FALSE, FALSE, sizeof(struct after));
	go(&g);
	g_array_free(g.waiting, TRUE);
	g_array_free(g.after, TRUE);
	g_free(g.before);
}

void kw_retrace_free(struct kw_retrace *r)
{
	g_array_free(r->seen, TRUE);
	g_byte_array_free(r->states, TRUE);
	g_free(r->s);
}

const uint8_t *kw_retrace_state(const struct kw_retrace *r, unsigned i)
{
	return r->states->data + (size_t)i * r->program->state_size;
}

int kw_retrace_step(const struct kw_retrace *r, unsigned nr)
{
	unsigned i;

	for (i = 0; i < r->seen->len; i++)
		if (kw_step_matters(r->program,
				    &g_array_index(r->seen,
						   struct kw_step_seen, i)) &&
		    !--nr)
			return (int)i;
	return -1;
}
