/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a vCPU's byte says: whether SPEC holds, and what became of
 * its open wait.  The rules are those of sim/run/watch.c, without times.
 */
#include "inside.h"

static uint8_t *flags(const struct kw_world *w, uint8_t *s)
{
	return s + w->flags_at;
}

/* kw_eval(), seen from outside. */
static unsigned eval_and_note(const struct kw_world *w, uint8_t *s,
			      uint16_t entry, uint16_t arg, uint64_t *read)
{
	unsigned scratch = w->p->nr_actors - 1, i;
	struct kw_actor_state *st = kw_actor(w->p, s, scratch);
	const struct kw_node *n;
	struct kw_done done;

	st->regs[w->p->oracle.arg_reg] = arg;
	st->pc = entry;
	for (i = 0; i < KW_EVAL_MAX; i++) {
		n = &w->p->nodes[st->pc];
		if (n->op == KW_OP_RETURN && !st->regs[n->dst])
			return n->val;
		*read |= kw_step_reads(w, s, scratch);
		kw_step_inline(w->p, s, scratch, 0, NULL, &done);
	}
	return 0;
}

unsigned kw_world_eval(const struct kw_world *w, uint8_t *s, uint16_t entry,
		       uint16_t arg, uint64_t *read)
{
	unsigned scratch = w->p->nr_actors - 1;
	unsigned n = read ? eval_and_note(w, s, entry, arg, read) :
			    kw_eval(w->p, s, entry, arg);
	struct kw_actor_state *st = kw_actor(w->p, s, scratch);

	memset(st, 0, sizeof(*st) + 2u * w->p->actors[scratch].nr_regs);
	return n;
}

/* Is some interrupt deliverable whose target is the vCPU at addr? */
static bool deliverable(const struct kw_world *w, uint8_t *s, uint16_t addr,
			uint64_t *read)
{
	const struct kw_program *p = w->p;
	unsigned i;

	for (i = 0; i < w->nr_irqs; i++) {
		uint16_t irq = p->objects[w->irqs[i]].addr;
		unsigned target = irq + p->oracle.target_off;

		if (read)
			*read |= kw_grains(w, target, 2);
		if (kw_get16(s, target) == addr &&
		    kw_world_eval(w, s, p->oracle.deliverable, irq, read))
			return true;
	}
	return false;
}

static unsigned spec_and_waits(const struct kw_world *w, uint8_t *s,
			       unsigned v, uint64_t *read)
{
	const struct kw_program *p = w->p;
	uint16_t addr = p->objects[w->vcpus[v]].addr;
	unsigned waits = kw_world_eval(w, s, p->oracle.waits, addr, read);
	unsigned spec;

	spec = waits == KW_WAITS_NOT;
	if (waits == KW_WAITS_IRQ)
		spec = (p->oracle.pending &&
			kw_world_eval(w, s, p->oracle.pending, addr, read)) ||
		       deliverable(w, s, addr, read);
	return waits << 1 | (spec ? KW_V_SPEC : 0);
}

static bool inside(const struct kw_world *w, const uint8_t *s, unsigned v,
		   uint64_t *read)
{
	unsigned t = w->thread_of[v];

	if (t != KW_NO_ACTOR && read)
		*read |= w->header_grains[t];
	return t != KW_NO_ACTOR && kw_block(w, s, t)->run == KW_IN_GUEST;
}

/* SPEC or waits of v are another now. */
static void follow(const struct kw_world *w, uint8_t *s, unsigned v,
		   unsigned now, uint64_t *read)
{
	unsigned f = flags(w, s)[v];

	f = (f & ~(unsigned)(KW_V_SPEC | KW_V_WAITS)) | now;
	if (!(f & KW_V_ACTIVE) && now >> 1 != KW_WAITS_NOT)
		f |= KW_V_ACTIVE;
	else if ((f & KW_V_ACTIVE) && now >> 1 == KW_WAITS_NOT &&
		 inside(w, s, v, read))
		f = now;	/* it never left the guest */
	if ((f & KW_V_LEFT) && (f & KW_V_SPEC))
		f |= KW_V_OK;
	flags(w, s)[v] = (uint8_t)f;
}

void kw_flags_arch(const struct kw_world *w, uint8_t *s,
		   struct kw_seen_by_move *seen)
{
	uint64_t *read = w->local ? &seen->read : NULL;
	unsigned v, now;

	for (v = 0; v < w->nr_vcpus; v++) {
		now = spec_and_waits(w, s, v, read);
		if (now != (flags(w, s)[v] &
			    (unsigned)(KW_V_SPEC | KW_V_WAITS)))
			follow(w, s, v, now, read);
	}
}

void kw_flags_start(const struct kw_world *w, uint8_t *s)
{
	unsigned v;

	for (v = 0; v < w->nr_vcpus; v++) {
		flags(w, s)[v] = 0;
		follow(w, s, v, spec_and_waits(w, s, v, NULL), NULL);
	}
}

static void mark(const struct kw_world *w, uint8_t *s,
		 const struct kw_done *done)
{
	const struct kw_object *o = kw_object_at(w->p, done->addr);
	uint8_t *f;

	if (!w->nr_vcpus || !o || o->kind != w->p->oracle.vcpu_kind)
		return;
	f = &flags(w, s)[o->index];
	if (!(*f & KW_V_ACTIVE))
		return;
	if ((int)done->val == w->mark_signal)
		*f |= KW_V_SIGNAL;
	if ((int)done->val != w->mark_verdict)
		return;
	*f = (uint8_t)((*f & ~KW_V_OK) | KW_V_LEFT |
		       (*f & KW_V_SPEC ? KW_V_OK : 0));
}

/* One more, or the first, of a row, or since a kick; fine: for something. */
static void count(const struct kw_world *w, uint8_t *s, int v, bool fine,
		  struct kw_seen_by_move *seen)
{
	uint8_t *row = s + w->rows_at + v;

	if (!w->opts.row)
		return;
	if (fine && !w->opts.per_kick)
		*row = 0;
	else if (fine)
		return;
	else if (*row < w->opts.row && ++*row == w->opts.row)
		seen->row = (int16_t)v;
}

/* It sleeps: for the first time in this wait, or again? */
static void sleeps(const struct kw_world *w, uint8_t *s, int v,
		   struct kw_seen_by_move *seen)
{
	uint8_t *f = &flags(w, s)[v];

	*f &= (uint8_t)~(KW_V_LEFT | KW_V_OK);
	if (!w->opts.row || !(*f & KW_V_ACTIVE))
		return;
	if ((*f & KW_V_SLEPT) && !(*f & KW_V_SPEC))
		count(w, s, v, false, seen);
	*f |= KW_V_SLEPT;
}

/* The wait ends: was there anything to end it for? */
static void enter(const struct kw_world *w, uint8_t *s, int v,
		  struct kw_seen_by_move *seen)
{
	uint8_t *f = &flags(w, s)[v];
	bool fine = *f & (*f & KW_V_LEFT ? KW_V_OK : KW_V_SPEC);

	if (!(*f & KW_V_ACTIVE))
		return;
	if (!fine && !(*f & KW_V_SIGNAL))
		seen->spurious = seen->woken = (int16_t)v;
	else
		seen->progress = true;
	count(w, s, v, fine || (*f & KW_V_SIGNAL), seen);
	*f &= KW_V_SPEC | KW_V_WAITS;
}

void kw_flags_kick(const struct kw_world *w, uint8_t *s, unsigned task)
{
	unsigned thread = kw_get16(s, task + KW_TASK_THREAD);

	if (thread && w->vcpu_of[thread - 1] >= 0)
		s[w->rows_at + (unsigned)w->vcpu_of[thread - 1]] = 0;
}

/* A thread wakes: is it a vCPU's that waits? */
static void wakes(const struct kw_world *w, uint8_t *s, unsigned a,
		  struct kw_seen_by_move *seen)
{
	int v = w->vcpu_of[a];

	if (v >= 0 && (flags(w, s)[v] & KW_V_ACTIVE))
		seen->woken = (int16_t)v;
}

void kw_flags_effect(const struct kw_world *w, uint8_t *s, unsigned a,
		     const struct kw_done *done,
		     struct kw_seen_by_move *seen)
{
	int v = w->vcpu_of[a];

	if (done->effect == KW_EFF_MARK && w->opts.marks)
		__atomic_store_n(&w->opts.marks[done->val], true,
				 __ATOMIC_RELAXED);
	if (done->effect == KW_EFF_MARK)
		mark(w, s, done);
	else if (v >= 0 && done->effect == KW_EFF_ENTER)
		enter(w, s, v, seen);
	else if (v >= 0 && done->effect == KW_EFF_SLEEP)
		sleeps(w, s, v, seen);
	else if (done->effect == KW_EFF_WAKE)
		wakes(w, s, done->actor, seen);
}

void kw_flags_seen(const struct kw_world *w, const uint8_t *s,
		   struct kw_seen_by_move *seen)
{
	const uint8_t *f = s + w->flags_at;
	unsigned v;

	seen->read |= w->flags_grains;
	for (v = 0; v < w->nr_vcpus; v++)
		if ((f[v] & KW_V_ACTIVE) && (f[v] & KW_V_SPEC))
			seen->exposed = true;
}
