/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what became of each wait: fine, missed, late, spurious, futile.
 *
 *	begin		the architecture says that the vCPU waits
 *	deliverable	SPEC became true (and still is)
 *	left		the predicate's verdict ended the wait
 *	end		the guest is entered
 *
 * A wait is spurious when SPEC held at no moment from the verdict to the
 * entry; a wait without a verdict (powered off, paused) is judged at the
 * entry alone.  It is missed when the run ends, or comes to rest, while the
 * thread sleeps and SPEC has held for longer than the deadline.
 *
 * Only the architecture and what the machine does are looked at: no field of
 * a kernel.
 */
#include "engine.h"

/* So many wake-ups in a row for nothing are a storm. */
#define STORM_WAKEUPS 32

const char *const kw_class_names[KW_NR_CLASSES] = {
	"fine", "missed", "late", "spurious", "signal", "open",
};

void kw_fail(struct kw_runner *r, const char *message)
{
	if (!r->failure) {
		r->failure = message;
		r->failure_ns = r->clock.now;
		if (r->tape)
			kw_tape_failed(r);
		r->counts.failed++;
	}
	r->stop = true;
}

static void begin(struct kw_runner *r, unsigned v)
{
	const struct kw_oracle_vcpu *o = &r->oracle->vcpus[v];
	struct kw_watch *w = &r->watch[v];

	w->active = true;
	w->ok = w->signal = w->woken_since = false;
	w->ep = (struct kw_episode){
		.vcpu = r->oracle->vcpu_object[v],
		.uninterruptible = o->waits == KW_WAITS_STOPPED,
		.begin = r->clock.now, .deliverable = KW_NEVER_NS,
		.woken = KW_NEVER_NS, .left = KW_NEVER_NS,
		.end = KW_NEVER_NS,
	};
	if (r->tape)
		kw_tape_stamp(r, v, KW_EP_BEGIN);
}

void kw_room_for_episodes(struct kw_runner *r, unsigned nr)
{
	if (nr <= r->max_episodes)
		return;
	r->max_episodes = MAX(64, 2 * nr);
	r->episodes = g_renew(struct kw_episode, r->episodes,
			      r->max_episodes);
}

/* latency: how long it took counts. */
static void close_episode(struct kw_runner *r, unsigned v, enum kw_class c,
			  bool latency)
{
	struct kw_watch *w = &r->watch[v];

	w->active = false;
	w->ep.class = c;
	w->ep.end = r->clock.now;
	r->counts.episodes++;
	r->counts.class[c]++;
	r->counts.futile += w->ep.futile;
	if (!w->ep.sleeps)
		r->counts.polled++;
	if (latency)
		kw_hist_add(&r->latency, r->clock.now - w->ep.deliverable);
	if (r->tape)
		kw_tape_wait(r, v, latency);
	kw_room_for_episodes(r, r->nr_episodes + 1);
	r->episodes[r->nr_episodes++] = w->ep;
}

static void spec_true(struct kw_runner *r, unsigned v)
{
	struct kw_watch *w = &r->watch[v];

	if (!w->active || w->ep.deliverable != KW_NEVER_NS)
		return;
	w->ep.deliverable = r->clock.now;
	if (r->tape)
		kw_tape_stamp(r, v, KW_EP_DELIVERABLE);
	w->ep.cause = r->oracle->vcpus[v].cause;
	w->ok = true;
	w->fruitless = 0;
	r->counts.exposures++;
}

/* Follows what the oracle now says of vCPU v. */
static void follow(struct kw_runner *r, unsigned v)
{
	const struct kw_oracle_vcpu *o = &r->oracle->vcpus[v];
	struct kw_watch *w = &r->watch[v];
	unsigned thread = r->thread_of[v];
	bool inside = thread != KW_NOBODY &&
		      r->st[thread]->run == KW_IN_GUEST;

	if (!w->active && o->waits != KW_WAITS_NOT)
		begin(r, v);
	if (!w->active)
		return;
	if (inside && o->waits == KW_WAITS_NOT) {
		w->active = false;	/* it never left the guest */
		return;
	}
	if (o->spec)
		spec_true(r, v);
	else
		w->ep.deliverable = KW_NEVER_NS;
}

void kw_watch_reset(struct kw_runner *r)
{
	unsigned v;

	kw_oracle_go_back(r->oracle);
	for (v = 0; v < r->oracle->nr_vcpus; v++) {
		r->watch[v].active = false;
		r->watch[v].fruitless = 0;
		follow(r, v);
	}
}

void kw_watch_arch(struct kw_runner *r, unsigned addr, bool all)
{
	const struct kw_oracle *o = r->oracle;
	unsigned i;

	kw_oracle_touch(r->oracle, r->s, addr, all);
	for (i = 0; i < o->nr_changed; i++)
		follow(r, o->changed[i]);
}

static struct kw_watch *watch_at(struct kw_runner *r, unsigned addr,
				 unsigned *v)
{
	const struct kw_program *p = r->p;
	const struct kw_object *o = &p->objects[p->object_at[addr >> 3]];

	if (!r->oracle->nr_vcpus || o->kind != p->oracle.vcpu_kind)
		return NULL;
	*v = o->index;
	return r->watch[*v].active ? &r->watch[*v] : NULL;
}

void kw_watch_mark(struct kw_runner *r, unsigned mark, unsigned addr)
{
	struct kw_watch *w;
	unsigned v;

	r->marks[mark]++;
	if ((int)mark != r->mark_verdict && (int)mark != r->mark_signal)
		return;
	w = watch_at(r, addr, &v);
	if (!w)
		return;
	if ((int)mark == r->mark_signal) {
		w->signal = true;
		return;
	}
	w->ep.left = r->clock.now;
	if (r->tape)
		kw_tape_stamp(r, v, KW_EP_LEFT);
	w->ok = r->oracle->vcpus[v].spec;
}

static void fruitless(struct kw_runner *r, struct kw_watch *w)
{
	if (++w->fruitless == STORM_WAKEUPS)
		r->counts.storm++;
}

void kw_watch_sleep(struct kw_runner *r, unsigned thread)
{
	int v = r->vcpu_of[thread];
	struct kw_watch *w;

	r->counts.sleeps++;
	if (v < 0 || !r->watch[v].active)
		return;
	w = &r->watch[v];
	w->ep.sleeps++;
	w->ep.left = KW_NEVER_NS;
	if (w->woken_since) {
		w->ep.futile++;
		fruitless(r, w);
	}
	w->woken_since = false;
}

void kw_watch_wake(struct kw_runner *r, unsigned thread)
{
	int v = r->vcpu_of[thread];

	r->counts.wakes++;
	if (v < 0 || !r->watch[v].active)
		return;
	r->watch[v].woken_since = true;
	r->watch[v].ep.woken = r->clock.now;
	if (r->tape)
		kw_tape_stamp(r, (unsigned)v, KW_EP_WOKEN);
}

/* SPEC is true, and was for longer than the deadline at left, or now. */
static bool past_deadline(struct kw_runner *r, unsigned v, uint64_t left)
{
	uint64_t since = r->watch[v].ep.deliverable;
	bool late = left > since && left - since > r->opts.deadline_ns;

	if (r->tape)
		kw_tape_late(r, v, left, late);
	return late;
}

static enum kw_class judge(struct kw_runner *r, unsigned v)
{
	const struct kw_watch *w = &r->watch[v];
	uint64_t left = w->ep.left == KW_NEVER_NS ? r->clock.now : w->ep.left;

	if (w->signal)
		return KW_CLASS_SIGNAL;
	if (w->ep.left == KW_NEVER_NS ? !r->oracle->vcpus[v].spec : !w->ok)
		return KW_CLASS_SPURIOUS;
	if (w->ep.deliverable != KW_NEVER_NS && past_deadline(r, v, left))
		return KW_CLASS_LATE;
	return KW_FINE;
}

void kw_watch_enter(struct kw_runner *r, unsigned thread)
{
	int v = r->vcpu_of[thread];
	struct kw_watch *w;
	enum kw_class c;

	if (v < 0 || !r->watch[v].active)
		return;
	w = &r->watch[v];
	c = judge(r, (unsigned)v);
	if (c == KW_CLASS_SPURIOUS)
		fruitless(r, w);
	close_episode(r, (unsigned)v, c, w->ep.deliverable != KW_NEVER_NS &&
					 c != KW_CLASS_SIGNAL);
}

void kw_watch_finish(struct kw_runner *r, bool quiescent)
{
	struct kw_watch *w;
	unsigned v;
	bool missed;

	for (v = 0; v < r->oracle->nr_vcpus; v++) {
		w = &r->watch[v];
		if (!w->active)
			continue;
		missed = w->ep.deliverable != KW_NEVER_NS &&
			 r->thread_of[v] != KW_NOBODY &&
			 r->st[r->thread_of[v]]->run ==
				 KW_ASLEEP &&
			 (quiescent || past_deadline(r, v, r->clock.now));
		close_episode(r, v, missed ? KW_CLASS_MISSED : KW_CLASS_OPEN,
			      false);
	}
}
