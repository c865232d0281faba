/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a run's course is, while the engine makes the run: which move
 * comes now, and which of them are there already.
 *
 * The costs of steps wait (open) until the engine says anything else; then
 * they become one move.
 *
 * Invariant: a move that is there already is the same.
 */
#include "tape.h"

struct kw_tape *kw_tape_new(const struct kw_runner *r)
{
	struct kw_tape *t = g_new0(struct kw_tape, 1);

	t->order = g_new0(uint16_t, r->nr_slots + 1);
	t->event = g_new0(uint32_t, r->nr_slots);
	t->left = g_new0(uint32_t, r->nr_actors);
	t->armed_at = g_new0(uint32_t, r->nr_actors);
	t->idle_since = g_new0(uint32_t, r->nr_cpus);
	t->t = g_new0(uint32_t, r->p->nr_times + 1);
	t->stamps = g_malloc0((r->oracle->nr_vcpus + 1) *
			      sizeof(t->stamps[0]));
	t->marks = g_new0(uint64_t, r->p->nr_marks + 1);
	return t;
}

void kw_tape_free(struct kw_tape *t)
{
	g_free(t->order);
	g_free(t->event);
	g_free(t->left);
	g_free(t->armed_at);
	g_free(t->idle_since);
	g_free(t->t);
	g_free(t->stamps);
	g_free(t->marks);
	g_free(t);
}

void kw_tape_give_up(struct kw_runner *r, int credit)
{
	r->courses->credit -= credit;
	r->tape = NULL;
	kw_care(r);
}

/* Is there room for what one call makes?  For this run, for all. */
static bool room_in_run(const struct kw_tape *t)
{
	return t->nr_values + KW_SPARE <= KW_MAX_VALUES &&
	       t->nr_waits < KW_MAX_RUN_WAITS;
}

static bool room(const struct kw_runner *r)
{
	const struct kw_courses *c = r->courses;
	unsigned list = r->nr_slots + c->tape->open + KW_SPARE;

	return c->nr_moves + KW_SPARE <= KW_MAX_MOVES &&
	       c->nr_ways + list + KW_MAX_CHOICE <= KW_MAX_WAYS &&
	       c->nr_lists + list + KW_MAX_RUN_MARKS <= KW_MAX_LISTS &&
	       c->nr_costs + KW_SPARE <= KW_MAX_COSTS &&
	       c->nr_steps + list <= KW_MAX_STEPS &&
	       c->nr_spans + list + KW_SPANS <= KW_MAX_STEPS &&
	       c->nr_ends + KW_SPARE <= KW_MAX_ENDS &&
	       c->nr_waits + KW_MAX_RUN_WAITS <= KW_MAX_WAITS;
}

/* The next move follows on that one by that way. */
static void lead(struct kw_tape *t, uint32_t *link, struct kw_move *from,
		 unsigned way)
{
	t->link = link;
	t->from = from;
	t->way = way;
}

struct kw_move *kw_tape_move(struct kw_runner *r, struct kw_move m)
{
	struct kw_courses *c = r->courses;
	struct kw_tape *t = r->tape;
	struct kw_move *at;

	if (!*t->link) {
		*t->link = c->nr_moves++;
		at = &c->moves[*t->link];
		*at = m;
		at->usual = KW_NO_USUAL;
		if (at == t->from + 1)
			t->from->usual = t->way;
	} else {
		at = &c->moves[*t->link];
		g_assert(at->what == m.what && at->to == m.to &&
			 at->a == m.a && at->b == m.b && at->k == m.k);
	}
	lead(t, &at->next, at, 0);
	return at;
}

void kw_tape_way(struct kw_runner *r, struct kw_move *at, unsigned nr_ways,
		   unsigned way)
{
	struct kw_courses *c = r->courses;

	if (!at->next) {
		at->next = c->nr_ways;
		c->nr_ways += nr_ways;
	}
	lead(r->tape, &c->ways[at->next + way], at, way);
}

uint32_t kw_tape_value(struct kw_runner *r, uint64_t ns)
{
	uint32_t to = r->tape->nr_values++;

	r->courses->values[to] = ns;
	return to;
}

uint32_t kw_tape_constant(struct kw_runner *r, uint64_t ns)
{
	uint32_t to;

	if (!ns)
		return KW_VALUE_ZERO;
	to = kw_tape_value(r, ns);
	KW_MOVE(r, CONSTANT, .to = to, .k = ns);
	return to;
}

uint64_t kw_tape_use_sum(struct kw_tape *t)
{
	uint64_t sum = t->sum;

	t->sum = 0;
	t->drawn = false;
	return sum;
}

/* -- costs */

/* More steps of s are known: they take new places, and so do m's ways. */
static void lengthen(struct kw_runner *r, struct kw_move *m,
		     struct kw_costs *s)
{
	struct kw_courses *c = r->courses;
	const struct kw_tape *t = r->tape;
	uint32_t *ways = &c->ways[c->nr_ways];
	unsigned i, n = 0;

	if (m->next)
		memcpy(ways, &c->ways[m->next], (s->nr + 1) * sizeof(*ways));
	m->next = c->nr_ways;
	c->nr_ways += t->open + 1;
	s->first = c->nr_steps;
	s->nr = t->open;
	s->spans = c->nr_spans;
	s->least_ns = 0;
	for (i = 0; i < s->nr; i++) {
		c->steps[c->nr_steps++] = t->steps[i];
		s->least_ns += t->steps[i].ns;
		if (t->steps[i].span)
			c->spans[s->spans + n++] = t->steps[i].span;
	}
	s->nr_spans = (n + KW_SPANS - 1) / KW_SPANS * KW_SPANS;
	s->blocks = (s->from + n + KW_BLOCK_HALVES - 1) / KW_BLOCK_HALVES;
	c->nr_spans += s->nr_spans;
}

/* The costs that wait become a move, which goes that way. */
static void close_costs(struct kw_runner *r, unsigned way)
{
	struct kw_courses *c = r->courses;
	struct kw_tape *t = r->tape;
	struct kw_costs *s;
	struct kw_move *m;

	t->now = kw_tape_value(r, t->open_ns);
	m = KW_MOVE(r, COSTS, .to = t->now, .a = t->open_horizon);
	if (!m->next) {
		m->first = c->nr_costs++;
		c->costs[m->first].from = t->open_from;
		c->costs[m->first].dice =
			kw_course_dice(c, t->open_actor, KW_OP_COST);
	}
	s = &c->costs[m->first];
	g_assert(!memcmp(&c->steps[s->first], t->steps,
			 MIN(s->nr, t->open) * sizeof(t->steps[0])));
	g_assert(way ? !s->whole || t->open <= s->nr : t->open >= s->nr);
	if (s->nr < t->open || !m->next)
		lengthen(r, m, s);
	s->whole |= !way;
	lead(t, &c->ways[m->next + way], m, way);
	t->open = 0;
}

/* Else the rest of the run is not written down. */
static bool has_room(struct kw_runner *r)
{
	if (!room_in_run(r->tape)) {
		kw_tape_give_up(r, KW_LOST_CREDIT);
		return false;
	}
	if (!room(r)) {
		r->courses->full = true;
		kw_tape_give_up(r, 0);
		return false;
	}
	return true;
}

struct kw_tape *kw_tape_ready(struct kw_runner *r)
{
	struct kw_tape *t = r->tape;

	if (!t || !has_room(r))
		return NULL;
	if (t->open)
		close_costs(r, 0);
	return t;
}

/* Forgets who is not pending any more; the value of the first. */
uint32_t kw_tape_first(struct kw_runner *r)
{
	struct kw_tape *t = r->tape;
	unsigned i, n = 0;

	for (i = 0; i < t->nr_order; i++)
		if (r->queue.pending[t->order[i]] != KW_NOT_PENDING)
			t->order[n++] = t->order[i];
	t->nr_order = n;
	return t->event[t->order[0]];
}

void kw_tape_put(struct kw_runner *r, unsigned slot, uint32_t v)
{
	struct kw_courses *c = r->courses;
	struct kw_tape *t = r->tape;
	uint32_t *list = &c->lists[c->nr_lists];
	unsigned i, n = 0, rank = 0;
	struct kw_move *m;

	kw_tape_first(r);
	for (i = 0; i < t->nr_order; i++)
		if (t->order[i] != slot)
			t->order[n++] = t->order[i];
	for (i = 0; i < n; i++) {
		list[i] = t->event[t->order[i]];
		rank += kw_value(r, list[i]) <= kw_value(r, v);
	}
	memmove(&t->order[rank + 1], &t->order[rank],
		(n - rank) * sizeof(t->order[0]));
	t->order[rank] = (uint16_t)slot;
	t->nr_order = n + 1;
	t->event[slot] = v;
	if (!n)
		return;
	m = KW_MOVE(r, RANK, .a = v);
	if (!m->next) {
		m->first = c->nr_lists;
		m->nr = n;
		c->nr_lists += n;
	}
	g_assert(m->nr == n &&
		 !memcmp(&c->lists[m->first], list, n * sizeof(*list)));
	kw_tape_way(r, m, n + 1, rank);
}

void kw_tape_cost(struct kw_runner *r, unsigned a, unsigned pc, bool on)
{
	const struct kw_code *code = &r->code[pc];
	struct kw_tape *t = r->tape;
	uint32_t horizon = kw_tape_first(r), next;

	next = r->rng[a][KW_OP_COST].next;
	if (code->span > UINT16_MAX || next >= KW_MAX_DRAWS ||
	    r->counts.steps > KW_MAX_RUN_STEPS) {
		kw_tape_give_up(r, KW_LOST_CREDIT);
		return;
	}
	if ((!t->open || t->open == KW_MAX_OPEN || t->open_actor != a ||
	     t->open_horizon != horizon) && !kw_tape_ready(r))
		return;
	if (!t->open) {
		t->open_actor = a;
		t->open_horizon = horizon;
		t->open_from = next - (code->span != 0);
	}
	t->steps[t->open++] = (struct kw_step_cost){
		code->cost_ns, (uint16_t)code->span, kw_is_free(r->p, pc),
	};
	t->open_ns = r->clock.now;
	if (!on && has_room(r))
		close_costs(r, t->open);
}

void kw_tape_begin(struct kw_runner *r)
{
	struct kw_courses *c = r->courses;
	const struct kw_program *p = r->p;
	struct kw_tape *t = c->tape;
	unsigned i;

	r->tape = t;
	lead(t, &c->root, c->moves, 0);
	t->nr_values = KW_NR_VALUES;
	t->now = t->last = KW_VALUE_ZERO;
	t->has_base = false;
	kw_tape_use_sum(t);
	t->nr_order = t->open = t->nr_waits = 0;
	memset(t->left, 0, r->nr_actors * sizeof(t->left[0]));
	memset(t->armed_at, 0, r->nr_actors * sizeof(t->armed_at[0]));
	memset(t->idle_since, 0, r->nr_cpus * sizeof(t->idle_since[0]));
	memcpy(t->marks, r->marks, p->nr_marks * sizeof(t->marks[0]));
	for (i = 0; i < p->nr_times && kw_tape_ready(r); i++)
		t->t[i] = kw_tape_constant(r, p->time_init[i]);
}

/* Each mark as often as it was passed; false: too often. */
static bool put_marks(struct kw_runner *r, struct kw_end *end)
{
	struct kw_courses *c = r->courses;
	uint64_t n;
	unsigned i;

	end->marks = c->nr_lists;
	for (i = 0; i < r->p->nr_marks; i++)
		for (n = r->marks[i] - r->tape->marks[i]; n; n--) {
			if (end->nr_marks == KW_MAX_RUN_MARKS)
				return false;
			c->lists[end->marks + end->nr_marks++] = i;
		}
	c->nr_lists += end->nr_marks;
	return true;
}

void kw_tape_finish(struct kw_runner *r)
{
	struct kw_courses *c = r->courses;
	struct kw_tape *t = kw_tape_ready(r);
	struct kw_end end = { 0 };
	struct kw_move *m;

	if (!t)
		return;
	end.counts = r->counts;
	end.failure = r->failure;
	end.failure_ns = t->failure_ns;
	end.end_ns = t->now;
	end.waits = c->nr_waits;
	end.nr_waits = t->nr_waits;
	g_assert(kw_value(r, t->now) == r->clock.now);
	g_assert(t->nr_waits == r->nr_episodes);
	if (put_marks(r, &end)) {
		m = KW_MOVE(r, END);
		m->first = c->nr_ends;
		c->ends[c->nr_ends++] = end;
		memcpy(&c->waits[c->nr_waits], t->waits,
		       t->nr_waits * sizeof(t->waits[0]));
		c->nr_waits += t->nr_waits;
	}
	r->tape = NULL;
}
