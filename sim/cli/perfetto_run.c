/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the steps of a simulated run look like on tracks.
 *
 * A thread's track says where it was (host, guest, asleep, woken but not yet
 * running, without its CPU) and, inside "host", in which path.  A CPU's track
 * says whose it was, and which handler ran on top.  What needs no CPU has a
 * track of bursts: the steps between two waits.  Arrows go from the step that
 * raises or wakes to the first step of what it raised or woke.
 */
#include <string.h>
#include "perfetto.h"

struct who {			/* an actor */
	unsigned track, type;
	const char *state, *path;	/* NULL: none yet */
	uint64_t since, path_since;
	struct kw_tracks_point from;	/* of the arrow that is under way */
	const char *arrow;		/* its name, or NULL */
};

struct cpu {
	unsigned track;
	int thread, handler;	/* actors, -1: none */
	uint64_t since, handler_since;
};

struct walk {
	struct kw_tracks *t;
	const struct kw_program *p;
	struct who *who;
	struct cpu *cpus;
};

static void end_path(struct walk *w, struct who *a, uint64_t ns)
{
	if (a->path)
		kw_tracks_span(w->t, a->track, a->path_since, ns, a->path);
	a->path = NULL;
}

static void change(struct walk *w, struct who *a, const char *state,
		   uint64_t ns)
{
	if (a->state == state)
		return;
	end_path(w, a, ns);
	if (a->state)
		kw_tracks_span(w->t, a->track, a->since, ns, a->state);
	a->state = state;
	a->since = ns;
}

static const char *const host = "host", *const guest = "guest",
	*const asleep = "asleep", *const woken = "woken",
	*const preempted = "runnable", *const acts = "acts";

static void end_cpu_span(struct walk *w, struct cpu *c, uint64_t ns)
{
	kw_tracks_span(w->t, c->track, c->since, ns, c->thread < 0 ? "idle" :
		       w->p->actors[c->thread].name);
}

/* Whose CPU it is from now on; -1: nobody's. */
static void take_cpu(struct walk *w, struct cpu *c, int thread, uint64_t ns)
{
	if (c->thread == thread)
		return;
	end_cpu_span(w, c, ns);
	if (c->thread >= 0 && w->who[c->thread].state != asleep)
		change(w, &w->who[c->thread], preempted, ns);
	c->thread = thread;
	c->since = ns;
}

static void handler_step(struct walk *w, struct cpu *c, unsigned a,
			 const struct kw_step_seen *s)
{
	if (c->handler != (int)a)
		c->handler_since = s->e.ns;
	c->handler = (int)a;
	if (w->p->nodes[s->e.node].op != KW_OP_END)
		return;
	kw_tracks_span(w->t, c->track, c->handler_since,
		       MAX(s->e.ns, c->handler_since + 1),
		       w->p->actors[a].name);
	c->handler = -1;
}

static void thread_step(struct walk *w, struct who *a,
			const struct kw_step_seen *s, const char *path)
{
	switch (w->p->nodes[s->e.node].op) {
	case KW_OP_SWITCH:
		change(w, a, asleep, s->e.ns);
		return;
	case KW_OP_GUEST_ENTER:
		change(w, a, guest, s->e.ns);
		return;
	}
	change(w, a, host, s->e.ns);
	if (a->path == path)
		return;
	end_path(w, a, s->e.ns);
	a->path = *path ? path : NULL;
	a->path_since = s->e.ns;
}

/* Hardware and the world: steps between two waits are one burst. */
static void world_step(struct walk *w, struct who *a,
		       const struct kw_step_seen *s)
{
	if (a->state != acts)
		change(w, a, acts, s->e.ns);
	switch (w->p->nodes[s->e.node].op) {
	case KW_OP_DELAY:
	case KW_OP_AWAIT:
	case KW_OP_AWAIT_IDLE:
	case KW_OP_END:
		change(w, a, NULL, MAX(s->e.ns, a->since + 1));
	}
}

/* Where the step is seen: on its CPU, or on its actor's own track. */
static unsigned track_of(const struct walk *w, const struct kw_step_seen *s)
{
	unsigned a = kw_lane(w->p, s->e.actor, false);

	if (w->p->actors[a].type == KW_HARDIRQ && s->e.cpu >= 0)
		return w->cpus[s->e.cpu].track;
	return w->who[a].track;
}

/* The actor that a RAISE pends, or -1. */
static int raised(const struct kw_program *p, const struct kw_step_seen *s)
{
	uint16_t h = 0;

	if (s->e.addr + sizeof(h) <= p->objects_size)
		memcpy(&h, p->init + s->e.addr, sizeof(h));
	return (int)h - 1;
}

/* The thread of the task that a WAKE wakes, or -1. */
static int woken_thread(const struct kw_program *p,
			const struct kw_step_seen *s)
{
	const struct kw_object *o = kw_object_at(p, s->e.addr);
	unsigned a;

	for (a = 0; o && a < p->nr_actors; a++)
		if (p->actors[a].type == KW_THREAD &&
		    p->actors[a].object == o->addr)
			return (int)a;
	return -1;
}

static void begin_arrow(struct walk *w, const struct kw_step_seen *s)
{
	const struct kw_program *p = w->p;
	unsigned op = p->nodes[s->e.node].op;
	struct who *to;
	int a = -1;

	if (op == KW_OP_RAISE)
		a = raised(p, s);
	else if (op == KW_OP_WAKE && s->e.outcome)
		a = woken_thread(p, s);
	if (a < 0 || a >= (int)p->nr_actors || w->who[a].arrow)
		return;
	to = &w->who[a];
	to->from.track = track_of(w, s);
	to->from.ns = s->e.ns;
	if (op == KW_OP_WAKE)
		to->arrow = "wake";
	else
		to->arrow = g_str_has_suffix(p->actors[a].name, "-ipi") ?
			"kick" : "interrupt";
	if (op == KW_OP_WAKE)
		change(w, to, woken, s->e.ns);
}

static void end_arrow(struct walk *w, const struct kw_step_seen *s)
{
	struct who *a = &w->who[s->e.actor];
	const struct kw_tracks_point to = { track_of(w, s), s->e.ns };

	if (!a->arrow)
		return;
	kw_tracks_arrow(w->t, a->from, to, a->arrow);
	if (a->type == KW_HARDIRQ)
		kw_tracks_instant(w->t, to.track, to.ns,
				  w->p->actors[s->e.actor].name);
	a->arrow = NULL;
}

static void step(struct walk *w, const struct kw_step_seen *s)
{
	const struct kw_program *p = w->p;
	unsigned a = kw_lane(p, s->e.actor, false);
	struct cpu *c = s->e.cpu >= 0 && s->e.cpu < (int)p->host.nr_cpus ?
		&w->cpus[s->e.cpu] : NULL;

	if (p->actors[a].type == KW_THREAD) {
		if (c)
			take_cpu(w, c, (int)a, s->e.ns);
		if (a == s->e.actor)
			thread_step(w, &w->who[a], s,
				    p->srcs[p->nodes[s->e.node].src].path);
		if (c && w->who[a].state == asleep)
			take_cpu(w, c, -1, s->e.ns);
	} else if (p->actors[a].type == KW_HARDIRQ && c) {
		handler_step(w, c, a, s);
	} else {
		world_step(w, &w->who[a], s);
	}
	end_arrow(w, s);
	begin_arrow(w, s);
}

static const char *group(const struct kw_program *p,
			 const struct kw_actor *a)
{
	const struct kw_object *o = a->object ?
		kw_object_at(p, a->object) : NULL;

	if (a->type == KW_THREAD && o &&
	    !strcmp(p->kinds[o->kind].name, "vcpu"))
		return "vCPUs";
	return a->type == KW_THREAD ? "threads" : "world";
}

static void put_waits(struct walk *w, const struct kw_result *r)
{
	const struct kw_program *p = w->p;
	unsigned i;

	for (i = 0; i < r->nr_episodes; i++) {
		const struct kw_episode *e = &r->episodes[i];
		const char *vcpu = p->objects[e->vcpu].name;
		unsigned track = kw_track(w->t, "waits", vcpu);
		char *name = g_strdup_printf("%s%s%s", kw_class_names[e->class],
					     e->cause ? ": " : "", e->cause ?
					     p->objects[e->cause].name : "");

		kw_tracks_span(w->t, track, e->begin, e->end, name);
		if (e->deliverable != KW_NEVER_NS)
			kw_tracks_instant(w->t, track, e->deliverable,
					  "deliverable");
		g_free(name);
	}
}

static void open_tracks(struct walk *w)
{
	const struct kw_program *p = w->p;
	char name[16];
	unsigned i;

	for (i = 0; i < p->host.nr_cpus; i++) {
		g_snprintf(name, sizeof(name), "CPU %u", i);
		w->cpus[i].track = kw_track(w->t, "CPUs", name);
		w->cpus[i].thread = w->cpus[i].handler = -1;
	}
	for (i = 0; i < p->nr_actors; i++) {
		unsigned a = kw_lane(p, i, false);

		w->who[i].type = p->actors[i].type;
		w->who[i].track = kw_track(w->t, group(p, &p->actors[a]),
					   p->actors[a].name);
	}
}

void kw_perfetto_run(struct kw_tracks *t, const struct kw_recorded *r)
{
	const struct kw_program *p = r->scenario->program;
	struct walk w = { .t = t, .p = p };
	uint64_t end = r->result.counts.end_ns + 1;
	unsigned i;

	w.who = g_new0(struct who, p->nr_actors);
	w.cpus = g_new0(struct cpu, MAX(p->host.nr_cpus, 1u));
	open_tracks(&w);
	for (i = 0; i < r->seen->len; i++) {
		const struct kw_step_seen *s = &g_array_index(r->seen,
			struct kw_step_seen, i);

		/* Nobody's step: its actor may be anywhere by now. */
		if (s->late != KW_LATE_DRAIN)
			step(&w, s);
		end = MAX(end, s->e.ns + 1);
	}
	for (i = 0; i < p->nr_actors; i++)
		change(&w, &w.who[i], NULL, end);
	for (i = 0; i < p->host.nr_cpus; i++)
		end_cpu_span(&w, &w.cpus[i], end);
	put_waits(&w, &r->result);
	g_free(w.cpus);
	g_free(w.who);
}
