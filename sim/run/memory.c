/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides when things happen to memory under tso and arm64: when a store is
 * visible to others, how early a load is satisfied.  What may happen there at
 * all is ../relaxed's.
 *
 *	store	waits in its CPU's buffer, for a time that is drawn when it
 *		gets there (store_drain), and longer where the model has it
 *		wait for an older one
 *	load	reads what was the newest at a moment that is drawn from those
 *		before it (load_window), or what the model says it must have
 *		seen when that is newer
 *	others	that wait for stores wait until these have drained: time passes
 *
 * A CPU of the model is a thread with its guest and its handlers; where it
 * gives a CPU of the host to another one, its buffer is empty.
 *
 * Invariants: stores[k] of a CPU is the k-th store of its buffer; a CPU whose
 * buffer is not empty has its slot pending at next, when the first store that
 * may drain is due; at[i] is when message settled + 1 + i became the newest.
 */
#include "../relaxed/relaxed.h"
#include "engine.h"

#define MAX_RECENT (KW_MAX_OLD + KW_MAX_NEW)

struct waiting {		/* a store in a buffer */
	uint64_t due;
	uint16_t addr;
	struct kw_event e;	/* what to show when it drains */
	bool shown;
};

struct buffer {
	struct waiting stores[KW_MAX_BUFFERED];
	unsigned nr;
	uint64_t next;		/* or KW_NEVER_NS */
};

struct kw_memory {
	struct kw_relaxed *relaxed;
	unsigned first_slot, nr_cpus, settled;
	unsigned ways;			/* of the next step */
	struct kw_rng *rng;		/* [actor] */
	struct buffer *buffers;		/* [CPU] */
	uint64_t at[MAX_RECENT];	/* ns */
};

uint64_t kw_run_digest(const struct kw_program *p, enum kw_weak_model memory)
{
	const struct kw_host *h = &p->host;
	const uint64_t more[] = {
		memory, h->store_drain_ns.min, h->store_drain_ns.max,
		h->load_window_ns.min, h->load_window_ns.max,
	};
	uint64_t x = p->digest;
	unsigned i;

	for (i = 0; memory != KW_WEAK_SC && i < G_N_ELEMENTS(more); i++) {
		x = (x ^ more[i]) * UINT64_C(0x9e3779b97f4a7c15);
		x ^= x >> 29;
	}
	return x;
}

struct kw_memory *kw_memory_new(struct kw_runner *r)
{
	struct kw_memory *m = g_new0(struct kw_memory, 1);
	const struct kw_relaxed_opts opts = {
		.memory = r->opts.memory, .at = (r->state_size + 7) & ~7u,
		.clock = &r->clock,
	};

	m->relaxed = kw_relaxed_new(r->p, &opts);
	m->nr_cpus = kw_relaxed_nr_cpus(m->relaxed);
	m->settled = kw_relaxed_settled(m->relaxed);
	m->buffers = g_new0(struct buffer, m->nr_cpus);
	m->rng = g_new0(struct kw_rng, r->p->nr_actors);
	m->first_slot = r->nr_slots;
	r->nr_slots += m->nr_cpus;
	r->state_size = opts.at + kw_relaxed_size(m->relaxed);
	return m;
}

void kw_memory_free(struct kw_memory *m)
{
	if (!m)
		return;
	kw_relaxed_free(m->relaxed);
	g_free(m->buffers);
	g_free(m->rng);
	g_free(m);
}

void kw_memory_start(struct kw_runner *r)
{
	kw_relaxed_start(r->memory->relaxed, r->start);
}

void kw_memory_begin(struct kw_runner *r)
{
	unsigned cpu, a;

	for (cpu = 0; cpu < r->memory->nr_cpus; cpu++) {
		r->memory->buffers[cpu].nr = 0;
		r->memory->buffers[cpu].next = KW_NEVER_NS;
	}
	for (a = 0; a < r->nr_actors; a++)
		r->memory->rng[a].next = 0;
}

static uint64_t draw(struct kw_runner *r, unsigned a, uint64_t min,
		     uint64_t max)
{
	return min == max ? min :
		kw_scale(kw_rng_u32(&r->memory->rng[a], &r->key,
				    a << 2 | KW_MEMORY), min, max);
}

/* --- messages --------------------------------------------------------- */

/* What was the newest message so long ago? */
static unsigned newest_before(const struct kw_runner *r, uint64_t ago)
{
	const struct kw_memory *m = r->memory;
	unsigned ts = kw_relaxed_now(m->relaxed, r->s);
	uint64_t ns = r->clock.now < ago ? 0 : r->clock.now - ago;

	while (ts > m->settled && m->at[ts - m->settled - 1] > ns)
		ts--;
	return ts;
}

/* Nobody is so early any more that he reads what is that old. */
static void settle(struct kw_runner *r)
{
	struct kw_memory *m = r->memory;
	unsigned now = kw_relaxed_now(m->relaxed, r->s), cut;

	cut = newest_before(r, r->p->host.load_window_ns.max);
	/* No room for all that is recent: then for half of it. */
	cut = MAX(cut, now - KW_MAX_OLD / 2);
	kw_relaxed_settle(m->relaxed, r->s, cut);
	memmove(m->at, m->at + (cut - m->settled),
		(now - cut) * sizeof(m->at[0]));
}

/* Messages after timestamp were are new. */
static void became_newest(struct kw_runner *r, unsigned were)
{
	struct kw_memory *m = r->memory;
	unsigned now = kw_relaxed_now(m->relaxed, r->s), ts;

	for (ts = were + 1; ts <= now; ts++)
		m->at[ts - m->settled - 1] = r->clock.now;
	if (now > m->settled + KW_MAX_OLD)
		settle(r);
}

/* --- buffers ---------------------------------------------------------- */

/* The store that drains first, and when. */
static unsigned first_due(const struct kw_runner *r, unsigned cpu,
			  uint64_t *due)
{
	const struct buffer *b = &r->memory->buffers[cpu];
	unsigned k, first = 0;

	*due = KW_NEVER_NS;
	for (k = 0; k < b->nr; k++) {
		if (b->stores[k].due >= *due ||
		    !kw_relaxed_can_drain(r->memory->relaxed, r->s, cpu, k))
			continue;
		*due = b->stores[k].due;
		first = k;
	}
	*due = MAX(*due, r->clock.now);
	return first;
}

static void schedule(struct kw_runner *r, unsigned cpu)
{
	struct buffer *b = &r->memory->buffers[cpu];
	unsigned slot = r->memory->first_slot + cpu;
	uint64_t due;

	first_due(r, cpu, &due);
	if (due == b->next)
		return;
	b->next = due;
	if (due == KW_NEVER_NS)
		kw_queue_remove(&r->queue, slot);
	else
		kw_queue_set(&r->queue, slot, due);
}

/* A step has buffered what its CPU's buffer has more now; e says which step. */
static void buffered(struct kw_runner *r, unsigned cpu,
		     const struct kw_event *e)
{
	struct kw_memory *m = r->memory;
	const struct kw_host *h = &r->p->host;
	struct buffer *b = &m->buffers[cpu];
	unsigned nr = kw_relaxed_nr_buffered(m->relaxed, r->s, cpu), value;

	if (nr == b->nr)
		return;
	for (; b->nr < nr; b->nr++)
		b->stores[b->nr] = (struct waiting){
			.due = r->clock.now + draw(r, e->actor,
						   h->store_drain_ns.min,
						   h->store_drain_ns.max),
			.addr = (uint16_t)kw_relaxed_buffered(m->relaxed,
						r->s, cpu, b->nr, &value),
			.e = *e,
		};
	/* One of a list operation's, and no lock: that has no value. */
	b->stores[nr - 1].shown = r->p->nodes[e->node].op != KW_OP_UNLOCK;
	schedule(r, cpu);
}

static void observe(struct kw_runner *r, struct waiting *w, unsigned before,
		    unsigned value)
{
	if (!r->opts.observe || !w->shown)
		return;
	w->e.ns = r->clock.now;
	w->e.cpu = (int16_t)kw_cpu_of(r, w->e.actor);
	w->e.before = (int32_t)before;
	w->e.after = (int32_t)value;
	w->e.late = KW_LATE_DRAIN;
	r->opts.observe(r->opts.observe_arg, &w->e, r->s);
}

static void drain(struct kw_runner *r, unsigned cpu, unsigned k)
{
	struct kw_memory *m = r->memory;
	struct buffer *b = &m->buffers[cpu];
	struct waiting w = b->stores[k];
	unsigned were = kw_relaxed_now(m->relaxed, r->s), value;
	unsigned before = r->s[w.addr];

	kw_relaxed_buffered(m->relaxed, r->s, cpu, k, &value);
	kw_relaxed_drain(m->relaxed, r->s, cpu, k);
	b->nr--;
	memmove(&b->stores[k], &b->stores[k + 1],
		(b->nr - k) * sizeof(b->stores[0]));
	became_newest(r, were);
	observe(r, &w, before, value);
	if (r->nr_blocked)
		kw_retry_blocked(r, w.addr);
}

void kw_memory_event(struct kw_runner *r, unsigned cpu)
{
	uint64_t due;
	unsigned k = first_due(r, cpu, &due);

	r->memory->buffers[cpu].next = KW_NEVER_NS;
	drain(r, cpu, k);
	schedule(r, cpu);
}

void kw_memory_switch(struct kw_runner *r, unsigned a)
{
	kw_relaxed_switch(r->memory->relaxed, r->s, a);
}

void kw_memory_flush(struct kw_runner *r, unsigned thread)
{
	unsigned cpu = kw_relaxed_cpu(r->memory->relaxed, thread);

	while (r->memory->buffers[cpu].nr)
		drain(r, cpu, 0);
	schedule(r, cpu);
	kw_memory_switch(r, thread);
}

/* --- steps ------------------------------------------------------------ */

bool kw_memory_waits(struct kw_runner *r, unsigned a)
{
	const struct kw_actor_state *st = r->st[a];
	const struct kw_node *n = &r->p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + (unsigned)n->off;

	r->memory->ways = kw_relaxed_ways(r->memory->relaxed, r->s, a);
	if (r->memory->ways)
		return false;
	/* It may also wait for something else, and then for that first. */
	return n->op != KW_OP_AWAIT || r->s[addr] == n->val;
}

uint64_t kw_memory_ready(const struct kw_runner *r, unsigned a)
{
	const struct kw_memory *m = r->memory;
	unsigned cpu = kw_relaxed_waits_for(m->relaxed, r->s, a);

	g_assert(cpu < m->nr_cpus && m->buffers[cpu].nr);
	return m->buffers[cpu].next;
}

/* Which of several messages does a's load read? */
static unsigned choose(struct kw_runner *r, unsigned a, unsigned *value)
{
	const struct kw_memory *m = r->memory;
	const struct kw_host *h = &r->p->host;
	uint64_t early;

	if (m->ways < 2 || newest_before(r, h->load_window_ns.max) ==
			   kw_relaxed_now(m->relaxed, r->s))
		return 0;
	early = draw(r, a, h->load_window_ns.min, h->load_window_ns.max);
	return kw_relaxed_way_at(m->relaxed, r->s, a, newest_before(r, early),
				 value);
}

/* What a step has stored, where that is not what is in memory now. */
static void show(const struct kw_runner *r, unsigned cpu, unsigned nr_before,
		 struct kw_event *e)
{
	const struct buffer *b = &r->memory->buffers[cpu];
	unsigned value;

	if (b->nr == nr_before || !b->stores[b->nr - 1].shown)
		return;
	kw_relaxed_buffered(r->memory->relaxed, r->s, cpu, nr_before, &value);
	e->late = KW_LATE_STORE;
	e->after = (int32_t)value;
}

unsigned kw_memory_step(struct kw_runner *r, unsigned a, unsigned choice,
			struct kw_event *e, struct kw_done *done)
{
	struct kw_memory *m = r->memory;
	const struct kw_actor_state *st = r->st[a];
	const struct kw_node *n = &r->p->nodes[st->pc];
	const struct kw_event step = {
		.actor = (uint16_t)a, .node = st->pc,
		.addr = (uint16_t)(st->regs[n->reg] + n->off),
		.ref = st->regs[n->dst],
	};
	unsigned cpu = kw_relaxed_cpu(m->relaxed, a), value = 0;
	unsigned nr = cpu < m->nr_cpus ? m->buffers[cpu].nr : 0;
	unsigned were = kw_relaxed_now(m->relaxed, r->s);
	unsigned way = choose(r, a, &value);

	kw_relaxed_step(m->relaxed, r->s, a, way, choice, done);
	became_newest(r, were);
	if (cpu < m->nr_cpus)
		buffered(r, cpu, &step);
	if (e && way) {
		e->late = KW_LATE_READ;
		e->before = (int32_t)value;
	} else if (e && cpu < m->nr_cpus) {
		show(r, cpu, nr, e);
	}
	if (done->effect == KW_EFF_ENTER || done->effect == KW_EFF_EXIT ||
	    done->effect == KW_EFF_END)
		kw_memory_switch(r, a);
	return st->pc;
}
