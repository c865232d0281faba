/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides from a run's steps where each vCPU was: asleep from being
 * switched out until its next step, in guest from entering until its thread's
 * next step, in the host otherwise.
 */
#include <string.h>
#include "timeline.h"

#define MAX_LANES 4

struct lane {
	unsigned thread, vcpu, number;
	enum kw_span_state state;
	uint64_t since;
};

void kw_timeline_init(struct kw_timeline *t)
{
	t->spans = g_array_new(FALSE, FALSE, sizeof(struct kw_span));
	t->marks = g_array_new(FALSE, FALSE, sizeof(struct kw_mark));
	t->lanes = g_ptr_array_new_with_free_func(g_free);
	t->begin = KW_NEVER_NS;
	t->end = 0;
}

void kw_timeline_clear(struct kw_timeline *t)
{
	g_array_free(t->spans, TRUE);
	g_array_free(t->marks, TRUE);
	g_ptr_array_free(t->lanes, TRUE);
}

static void change(struct kw_timeline *t, struct lane *l,
		   enum kw_span_state state, uint64_t ns)
{
	const struct kw_span s = { l->number, l->state, l->since, ns };

	if (l->state == state)
		return;
	if (l->state != KW_SPAN_NONE && ns > l->since) {
		g_array_append_val(t->spans, s);
		t->begin = MIN(t->begin, s.begin - s.begin / 8);
	}
	l->state = state;
	l->since = ns;
}

static void mark(struct kw_timeline *t, const struct lane *l,
		 enum kw_mark_kind kind, uint64_t ns)
{
	const struct kw_mark m = { l->number, kind, ns };

	g_array_append_val(t->marks, m);
}

/* A step of the vCPU's own thread. */
static void own_step(struct kw_timeline *t, struct lane *l, unsigned op,
		     const struct kw_step_seen *s)
{
	switch (op) {
	case KW_OP_SWITCH:
		change(t, l, KW_SPAN_ASLEEP, s->e.ns);
		break;
	case KW_OP_GUEST_ENTER:
		change(t, l, KW_SPAN_GUEST, s->e.ns);
		break;
	default:
		change(t, l, KW_SPAN_HOST, s->e.ns);
	}
}

/* Anybody's step that does something to the vCPU's object. */
static void done_to(struct kw_timeline *t, struct lane *l,
		    const struct kw_program *p, const struct kw_step_seen *s)
{
	const struct kw_object *o = &p->objects[l->vcpu];
	const struct kw_field *f;

	switch (p->nodes[s->e.node].op) {
	case KW_OP_RAISE:
		f = kw_field_at(&p->kinds[o->kind], s->e.addr - o->addr);
		if (f && !strcmp(f->name, "ipi"))
			mark(t, l, KW_MARK_KICK, s->e.ns);
		break;
	case KW_OP_WAKE:
		if (s->e.outcome)
			mark(t, l, KW_MARK_WAKE, s->e.ns);
		break;
	}
}

/* A hard interrupt on the vCPU's CPU, but for the IPI, which is a kick. */
static bool is_interrupt(const struct kw_program *p, const struct lane *l,
			 const struct kw_step_seen *s)
{
	const struct kw_actor *a = &p->actors[s->e.actor];

	return a->type == KW_HARDIRQ && a->home == l->thread &&
	       s->e.node == a->entry && !g_str_has_suffix(a->name, "-ipi");
}

/* "v4.14 vcpu0", and what became of its waits where they went wrong. */
static char *lane_name(const struct kw_recorded *r, const struct lane *l,
		       const char *kernel)
{
	const struct kw_program *p = r->scenario->program;
	const char *what = "";
	unsigned i;

	for (i = 0; i < r->result.nr_episodes; i++) {
		const struct kw_episode *e = &r->result.episodes[i];

		if (e->vcpu == l->vcpu && e->class == KW_CLASS_MISSED)
			what = ": missed";
		else if (e->vcpu == l->vcpu && !*what &&
			 e->class == KW_CLASS_SPURIOUS)
			what = ": spurious";
		else if (e->vcpu == l->vcpu && !*what &&
			 e->class == KW_CLASS_LATE)
			what = ": late";
	}
	return g_strdup_printf("%s %s%s", kernel, p->objects[l->vcpu].name,
			       what);
}

static void walk(struct kw_timeline *t, struct lane *l,
		 const struct kw_recorded *r)
{
	const struct kw_program *p = r->scenario->program;
	unsigned i;

	for (i = 0; i < r->seen->len; i++) {
		const struct kw_step_seen *s = &g_array_index(r->seen,
			struct kw_step_seen, i);
		unsigned op = p->nodes[s->e.node].op;
		const struct kw_object *o = NULL;

		if (s->late == KW_LATE_DRAIN)
			continue;	/* nobody's step */
		if (s->e.actor == l->thread)
			own_step(t, l, op, s);
		if (s->e.addr < p->objects_size)
			o = kw_object_at(p, s->e.addr);
		if (o == &p->objects[l->vcpu])
			done_to(t, l, p, s);
		if (is_interrupt(p, l, s))
			mark(t, l, KW_MARK_INTERRUPT, s->e.ns);
	}
	/* Who sleeps at the end sleeps on: the picture ends later. */
	change(t, l, KW_SPAN_NONE, l->state == KW_SPAN_ASLEEP ? KW_NEVER_NS :
	       MAX(r->result.counts.end_ns, l->since + 1));
	for (i = 0; i < r->result.nr_episodes; i++)
		if (r->result.episodes[i].vcpu == l->vcpu &&
		    r->result.episodes[i].deliverable != KW_NEVER_NS)
			mark(t, l, KW_MARK_DELIVERABLE,
			     r->result.episodes[i].deliverable);
}

/* A run may sleep for milliseconds after all is over: cut that off. */
static uint64_t last_step(const struct kw_recorded *r)
{
	uint64_t last = 1000;

	if (r->seen->len)
		last = g_array_index(r->seen, struct kw_step_seen,
				     r->seen->len - 1).e.ns;
	return last + last / 4 + 1;
}

void kw_timeline_add(struct kw_timeline *t, const struct kw_recorded *r,
		     const char *kernel)
{
	const struct kw_program *p = r->scenario->program;
	unsigned a, nr = 0;

	for (a = 0; a < p->nr_actors && nr < MAX_LANES; a++) {
		const struct kw_object *o = p->actors[a].object ?
			kw_object_at(p, p->actors[a].object) : NULL;
		struct lane l = { .thread = a, .number = t->lanes->len };

		if (p->actors[a].type != KW_THREAD || !o ||
		    strcmp(p->kinds[o->kind].name, "vcpu"))
			continue;
		l.vcpu = (unsigned)(o - p->objects);
		nr++;
		g_ptr_array_add(t->lanes, lane_name(r, &l, kernel));
		walk(t, &l, r);
	}
	t->end = MAX(t->end, last_step(r));
}

/* From the first thing that happened to the wait to the last. */
static void extent(const struct kw_episode *e, uint64_t *from, uint64_t *to)
{
	const uint64_t at[] = { e->deliverable, e->woken, e->left,
				e->class == KW_CLASS_MISSED ? KW_NEVER_NS :
				e->end };
	unsigned i;

	*from = KW_NEVER_NS;
	*to = e->begin;
	for (i = 0; i < G_N_ELEMENTS(at); i++) {
		if (at[i] == KW_NEVER_NS)
			continue;
		*from = MIN(*from, at[i]);
		*to = MAX(*to, at[i]);
	}
	*from = MIN(*from, *to);
}

#define MARGIN_NS 8000

void kw_timeline_focus(struct kw_timeline *t, const struct kw_recorded *r)
{
	const struct kw_episode *e = kw_worst_episode(&r->result);
	uint64_t from, to, margin;

	if (!e)
		return;
	extent(e, &from, &to);
	margin = MAX((to - from) / 2, MARGIN_NS);
	from = from > margin ? from - margin : 0;
	to += margin;
	if (t->end - t->begin < 2 * (to - from))
		return;
	t->begin = MAX(t->begin, from);
	t->end = MIN(t->end, to);
}
