/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a runner knows before its first run: who belongs to whom, and
 * the state at time 0.  Everything is allocated here and nothing later, but
 * for the list of episodes, which grows.
 */
#include "course.h"

static int mark_number(const struct kw_program *p, const char *name)
{
	unsigned i;

	for (i = 0; i < p->nr_marks; i++)
		if (!strcmp(p->marks[i], name))
			return (int)i;
	return -1;
}

static void map_vcpus(struct kw_runner *r)
{
	const struct kw_program *p = r->p;
	const struct kw_object *o;
	unsigned a;

	for (a = 0; a < p->nr_actors; a++) {
		r->vcpu_of[a] = -1;
		if (p->actors[a].type != KW_THREAD || !p->actors[a].object)
			continue;
		o = &p->objects[p->object_at[p->actors[a].object >> 3]];
		if (!r->oracle->nr_vcpus || o->kind != p->oracle.vcpu_kind ||
		    r->thread_of[o->index] != KW_NOBODY)
			continue;
		r->vcpu_of[a] = (int16_t)o->index;
		r->thread_of[o->index] = (uint16_t)a;
	}
}

static void map_actors(struct kw_runner *r)
{
	const struct kw_program *p = r->p;
	const struct kw_actor *ac;
	unsigned a;

	memset(r->guest_of, 0xff, 2u * p->nr_actors);
	memset(r->virq_of, 0xff, 2u * p->nr_actors);
	memset(r->preempt_of, 0xff, 2u * p->nr_actors);
	memset(r->thread_of, 0xff, 2u * r->oracle->nr_vcpus);
	for (a = 0; a < p->nr_actors; a++) {
		ac = &p->actors[a];
		if (ac->type == KW_GUEST)
			r->guest_of[ac->home] = (uint16_t)a;
		else if (ac->type == KW_VIRQ)
			r->virq_of[ac->home] = (uint16_t)a;
		else if (ac->type == KW_PREEMPT)
			r->preempt_of[ac->home] = (uint16_t)a;
	}
	map_vcpus(r);
}

/* The state at time 0: what starts by itself stands at its entry. */
static void make_start(struct kw_runner *r)
{
	const struct kw_program *p = r->p;
	unsigned a;

	memcpy(r->start, p->init, p->state_size);
	for (a = 0; a < p->nr_actors; a++) {
		if (!p->actors[a].autostart)
			continue;
		kw_begin(p, r->start, a);
		kw_actor(p, r->start, p->actors[a].home)->nest = 0;
	}
	if (r->memory)
		kw_memory_start(r);
}

static void make_at(struct kw_runner *r)
{
	unsigned a;

	r->at = g_new(const struct kw_code *, r->nr_actors);
	r->at_start = g_new(const struct kw_code *, r->nr_actors);
	for (a = 0; a < r->nr_actors; a++)
		r->at_start[a] = (r->type[a] == KW_HW ? r->hw_code : r->code) +
				 kw_actor(r->p, r->start, a)->pc;
}

struct kw_runner *kw_runner_new(const struct kw_program *p,
				const struct kw_run_opts *opts)
{
	struct kw_runner *r = g_new0(struct kw_runner, 1);
	unsigned n = p->nr_actors, a;

	g_assert(p->host.nr_cpus && p->host.nr_cpus <= KW_MAX_CPUS);
	r->p = p;
	r->opts = *opts;
	r->key.seed = opts->seed;
	kw_nats_init(&r->nats);
	r->first_digest = kw_run_digest(p, opts->memory);
	r->watched = opts->observe || opts->memory != KW_WEAK_SC;
	r->nr_slots = n + 2 * p->host.nr_cpus + 1;
	r->state_size = p->state_size;
	if (opts->memory != KW_WEAK_SC)
		r->memory = kw_memory_new(r);
	r->start = g_malloc0(r->state_size);
	r->s = g_malloc0(r->state_size);
	r->st = g_new(struct kw_actor_state *, n);
	r->type = g_new(uint8_t, n);
	for (a = 0; a < n; a++) {
		r->st[a] = kw_actor(p, r->s, a);
		r->type[a] = p->actors[a].type;
	}
	r->busy = g_new0(uint32_t, n);
	r->dists = p->dists;
	r->nr_actors = n;
	r->nr_cpus = p->host.nr_cpus;
	r->clock.t = g_new0(uint64_t, p->nr_times + 1);
	r->queue.next = g_new0(uint32_t, r->nr_slots);
	r->queue.far = g_new0(struct kw_entry, r->nr_slots + 1);
	r->queue.pending = g_new0(uint8_t, r->nr_slots);
	r->rng = g_malloc0(n * sizeof(r->rng[0]));
	r->sequence = g_new0(uint32_t, p->nr_dists);
	r->extra = g_new0(struct kw_extra, n);
	r->cpus = g_new0(struct kw_cpu, p->host.nr_cpus);
	r->ready = g_new0(uint16_t, n);
	r->waiting = g_new0(uint16_t, n);
	r->blocked = g_new0(uint16_t, n);
	r->guest_of = g_new0(uint16_t, n);
	r->virq_of = g_new0(uint16_t, n);
	r->preempt_of = g_new0(uint16_t, n);
	r->vcpu_of = g_new0(int16_t, n);
	r->marks = g_new0(uint64_t, p->nr_marks + 1);
	r->oracle = kw_oracle_new(p);
	r->thread_of = g_new0(uint16_t, r->oracle->nr_vcpus + 1);
	r->watch = g_new0(struct kw_watch, r->oracle->nr_vcpus);
	r->mark_verdict = mark_number(p, "verdict");
	r->mark_signal = mark_number(p, "signal");
	r->rest_checks = kw_rest_checks(p);
	map_actors(r);
	make_start(r);
	kw_oracle_reset(r->oracle, r->start);
	kw_oracle_keep(r->oracle);
	r->code = kw_code_new(p, false);
	r->hw_code = kw_code_new(p, true);
	make_at(r);
	if (!opts->afresh && !r->watched)
		r->courses = kw_courses_new(r);
	return r;
}

void kw_runner_free(struct kw_runner *r)
{
	if (!r)
		return;
	kw_courses_free(r->courses);
	kw_oracle_free(r->oracle);
	kw_memory_free(r->memory);
	g_free(r->code);
	g_free(r->hw_code);
	g_free(r->start);
	g_free(r->s);
	g_free(r->st);
	g_free(r->type);
	g_free(r->busy);
	g_free(r->at);
	g_free(r->at_start);
	g_free(r->clock.t);
	g_free(r->queue.next);
	g_free(r->queue.far);
	g_free(r->queue.pending);
	g_free(r->rng);
	g_free(r->sequence);
	g_free(r->extra);
	g_free(r->cpus);
	g_free(r->ready);
	g_free(r->waiting);
	g_free(r->blocked);
	g_free(r->guest_of);
	g_free(r->virq_of);
	g_free(r->preempt_of);
	g_free(r->vcpu_of);
	g_free(r->thread_of);
	g_free(r->marks);
	g_free(r->watch);
	g_free(r->episodes);
	g_free(r);
}
