/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which move follows from what the engine says.
 *
 * Beside each time that the engine keeps, the tape keeps the number of the
 * value that it is.
 *
 * Invariant: whatever is told agrees with the engine's own times.
 */
#include "tape.h"

/* -- draws */

static struct kw_tape *ready_to_draw(struct kw_runner *r, unsigned actor,
				     enum kw_purpose why)
{
	if (r->tape && r->rng[actor][why].next > KW_MAX_DRAWS)
		kw_tape_give_up(r, KW_LOST_CREDIT);
	return kw_tape_ready(r);
}

/* A move that uses the last draw of a stream. */
static struct kw_move *make_draw(struct kw_runner *r, unsigned actor,
				 enum kw_purpose why, struct kw_move m)
{
	struct kw_move *at;

	m.b = r->rng[actor][why].next - 1;
	at = kw_tape_move(r, m);
	at->first = kw_course_dice(r->courses, actor, why);
	return at;
}

void kw_tape_drawn(struct kw_runner *r, unsigned actor, enum kw_purpose why,
		   unsigned dist, uint64_t ns)
{
	unsigned kind = r->p->dists[dist].kind;
	struct kw_tape *t = ready_to_draw(r, actor, why);

	if (!t || ns == KW_NEVER_NS)
		return;
	if (kind == KW_CONSTANT || kind == KW_SEQUENCE)
		KW_MOVE(r, ADD, .k = ns);
	else
		make_draw(r, actor, why, (struct kw_move){
			  .what = KW_MOVE_DRAW, .a = dist });
	t->sum += ns;
	t->drawn = true;
}

void kw_tape_chosen(struct kw_runner *r, unsigned actor, unsigned n,
		    unsigned k)
{
	struct kw_move *m;

	if (n > KW_MAX_CHOICE)
		kw_tape_give_up(r, KW_LOST_CREDIT);
	if (!ready_to_draw(r, actor, KW_WORKLOAD))
		return;
	m = make_draw(r, actor, KW_WORKLOAD, (struct kw_move){
		      .what = KW_MOVE_CHOOSE, .k = n });
	kw_tape_way(r, m, n, k);
}

void kw_tape_drop(struct kw_runner *r)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (!t || !t->drawn)
		return;
	KW_MOVE(r, DROP);
	kw_tape_use_sum(t);
}

/* -- events */

void kw_tape_take(struct kw_runner *r, unsigned slot)
{
	struct kw_tape *t;
	unsigned i = 0;

	kw_tape_drop(r);
	t = r->tape;
	if (!t)
		return;
	while (t->order[i] != slot)	/* it is not pending any more */
		g_assert(!r->queue.pending[t->order[i++]]);
	g_assert(kw_value(r, t->event[slot]) == r->clock.now);
	t->has_base = false;
	t->last = t->now;
	t->now = t->event[slot];
	KW_MOVE(r, TAKE, .a = t->now, .k = kw_turn(slot, r->counts.steps));
}

void kw_tape_burn(struct kw_runner *r, uint64_t ns, bool on)
{
	struct kw_tape *t = kw_tape_ready(r);
	struct kw_move *m;

	if (!t)
		return;
	g_assert(t->sum == ns && kw_value(r, t->now) == r->clock.now);
	kw_tape_use_sum(t);
	t->burnt = kw_tape_value(r, r->clock.now + ns);
	m = KW_MOVE(r, BURN, .to = t->burnt, .a = kw_tape_first(r));
	kw_tape_way(r, m, 2, on);
	if (on)
		t->now = t->burnt;
}

void kw_tape_burnt(struct kw_runner *r, unsigned slot)
{
	if (kw_tape_ready(r))
		kw_tape_put(r, slot, r->tape->burnt);
}

void kw_tape_duration(struct kw_runner *r, unsigned slot)
{
	if (kw_tape_ready(r))
		kw_tape_put(r, slot, KW_VALUE_DURATION);
}

/* Slot's event: after value a (0 or a duration) and what was drawn. */
static void put_after(struct kw_runner *r, unsigned slot, uint32_t a)
{
	struct kw_tape *t = r->tape;
	uint32_t v = t->now;
	uint64_t ns;

	g_assert(kw_value(r, t->now) == r->clock.now);
	if (t->drawn || a != KW_VALUE_ZERO) {
		ns = kw_tape_use_sum(t);
		v = kw_tape_value(r, r->clock.now + kw_value(r, a) + ns);
		KW_MOVE(r, FROM_NOW, .to = v, .a = a);
	}
	kw_tape_put(r, slot, v);
}

void kw_tape_after(struct kw_runner *r, unsigned slot)
{
	if (kw_tape_ready(r))
		put_after(r, slot, KW_VALUE_ZERO);
}

void kw_tape_go_on(struct kw_runner *r, unsigned slot, unsigned a)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (!t)
		return;
	put_after(r, slot, t->left[a]);
	t->left[a] = KW_VALUE_ZERO;
}

void kw_tape_slice(struct kw_runner *r, unsigned slot)
{
	uint64_t slice = r->p->host.slice_ns;
	struct kw_tape *t = kw_tape_ready(r);
	uint32_t v;

	if (!t)
		return;
	v = kw_tape_value(r, r->clock.now + slice);
	KW_MOVE(r, SLICE, .to = v, .k = slice);
	kw_tape_put(r, slot, v);
}

/* The later of value a, and what was drawn, and now. */
static uint32_t not_before(struct kw_runner *r, uint32_t a)
{
	struct kw_tape *t = r->tape;
	uint64_t sum = kw_tape_use_sum(t);
	uint32_t v;

	g_assert(kw_value(r, t->now) == r->clock.now);
	v = kw_tape_value(r, MAX(kw_value(r, a) + sum, r->clock.now));
	KW_MOVE(r, NOT_BEFORE, .to = v, .a = a);
	return v;
}

void kw_tape_settle(struct kw_runner *r, unsigned h)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (t)
		kw_tape_put(r, h, not_before(r, t->armed_at[h]));
}

/* -- fields */

void kw_tape_broken_off(struct kw_runner *r, unsigned a, unsigned slot)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (!t)
		return;
	t->left[a] = kw_tape_value(r, r->extra[a].left);
	KW_MOVE(r, LEFT, .to = t->left[a], .a = t->event[slot]);
}

void kw_tape_left(struct kw_runner *r, unsigned a)
{
	if (!kw_tape_ready(r))
		return;
	r->tape->left[a] = KW_VALUE_ZERO;
	kw_tape_left_more(r, a);
}

void kw_tape_left_more(struct kw_runner *r, unsigned a)
{
	struct kw_tape *t = kw_tape_ready(r);
	uint32_t was;

	if (!t || !t->drawn)
		return;
	was = t->left[a];
	g_assert(kw_value(r, was) + t->sum == r->extra[a].left);
	kw_tape_use_sum(t);
	t->left[a] = kw_tape_value(r, r->extra[a].left);
	KW_MOVE(r, LATER, .to = t->left[a], .a = was);
}

void kw_tape_at(struct kw_runner *r, unsigned i)
{
	r->tape->base = r->tape->t[i];
	r->tape->has_base = true;
	g_assert(kw_value(r, r->tape->base) == r->clock.t[i]);
}

void kw_tape_armed(struct kw_runner *r, unsigned h)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (!t)
		return;
	t->armed_at[h] = not_before(r, t->has_base ? t->base : t->now);
	t->has_base = false;
	g_assert(kw_value(r, t->armed_at[h]) == r->extra[h].armed_at);
}

void kw_tape_idle(struct kw_runner *r, unsigned c)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (t)
		t->idle_since[c] = t->now;
}

void kw_tape_was_idle(struct kw_runner *r, unsigned c, bool deep)
{
	uint64_t after = r->p->host.idle_deep_after_ns;
	struct kw_tape *t = kw_tape_ready(r);
	struct kw_move *m;

	if (!t || !after)
		return;
	m = KW_MOVE(r, LONGER, .a = t->now, .b = t->idle_since[c],
		    .k = after - 1);
	kw_tape_way(r, m, 2, deep);
}

/* a +- b, which the engine says is ns. */
static uint32_t combine(struct kw_runner *r, enum kw_move_kind what,
			uint32_t a, uint32_t b, uint64_t ns)
{
	uint32_t to = kw_tape_value(r, ns);

	kw_tape_move(r, (struct kw_move){
		     .what = what, .to = to, .a = a, .b = b });
	return to;
}

void kw_tape_time(struct kw_runner *r, unsigned a, const struct kw_node *n,
		  unsigned outcome)
{
	uint32_t base = r->p->actors[a].time_base;
	uint64_t *now = r->clock.t + base;
	struct kw_tape *tape = kw_tape_ready(r);
	uint32_t *t, *field;
	struct kw_move *m;

	if (!tape)
		return;
	t = tape->t + base;
	field = &tape->t[(r->st[a]->regs[n->reg] >> 3) + n->off];
	switch ((enum kw_op)n->op) {
	case KW_OP_TIME_NOW:
		t[n->dst] = tape->now;
		break;
	case KW_OP_TIME_SET:
		t[n->dst] = kw_tape_constant(r, now[n->dst]);
		break;
	case KW_OP_TIME_ADD:
		t[n->dst] = combine(r, KW_MOVE_PLUS, t[n->reg], t[n->val],
				    now[n->dst]);
		break;
	case KW_OP_TIME_SUB:
		t[n->dst] = combine(r, KW_MOVE_MINUS, t[n->reg], t[n->val],
				    now[n->dst]);
		break;
	case KW_OP_TIME_LESS:
		m = KW_MOVE(r, LESS, .a = t[n->dst], .b = t[n->val]);
		kw_tape_way(r, m, 2, outcome);
		break;
	case KW_OP_TIME_LOAD:
		t[n->dst] = *field;
		break;
	case KW_OP_TIME_STORE:
		*field = t[n->dst];
		break;
	default:
		break;
	}
}

/* -- waits, and the end */

void kw_tape_stamp(struct kw_runner *r, unsigned v, enum kw_ep_time which)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (t)
		t->stamps[v][which] = t->now;
}

void kw_tape_late(struct kw_runner *r, unsigned v, uint64_t left_ns,
		  bool late)
{
	const struct kw_episode *ep = &r->watch[v].ep;
	struct kw_tape *t = kw_tape_ready(r);
	const uint32_t *stamps;
	struct kw_move *m;

	if (!t)
		return;
	stamps = t->stamps[v];
	m = KW_MOVE(r, LONGER, .a = ep->left == KW_NEVER_NS ?
				    t->now : stamps[KW_EP_LEFT],
		    .b = stamps[KW_EP_DELIVERABLE],
		    .k = r->opts.deadline_ns);
	g_assert(kw_value(r, m->a) == left_ns);
	kw_tape_way(r, m, 2, late);
}

static void wait_time(struct kw_runner *r, struct kw_wait *wait, unsigned v,
		      enum kw_ep_time which, uint64_t ns)
{
	uint32_t stamp = r->tape->stamps[v][which];

	wait->times[which] = ns == KW_NEVER_NS ? KW_VALUE_NEVER : stamp;
	g_assert(kw_value(r, wait->times[which]) == ns);
}

void kw_tape_wait(struct kw_runner *r, unsigned v, bool latency)
{
	const struct kw_episode *ep = &r->watch[v].ep;
	struct kw_tape *t = kw_tape_ready(r);
	struct kw_wait *wait;

	if (!t)
		return;
	wait = &t->waits[t->nr_waits++];
	wait->ep = *ep;
	wait->latency = latency;
	t->stamps[v][KW_EP_END] = t->now;
	wait_time(r, wait, v, KW_EP_BEGIN, ep->begin);
	wait_time(r, wait, v, KW_EP_DELIVERABLE, ep->deliverable);
	wait_time(r, wait, v, KW_EP_WOKEN, ep->woken);
	wait_time(r, wait, v, KW_EP_LEFT, ep->left);
	wait_time(r, wait, v, KW_EP_END, ep->end);
}

void kw_tape_failed(struct kw_runner *r)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (t)
		t->failure_ns = t->now;
}

void kw_tape_quiescent(struct kw_runner *r)
{
	struct kw_tape *t = kw_tape_ready(r);

	if (t)
		t->now = t->last;
}
