/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a recording looks like on tracks.
 *
 * A vCPU's track holds its states, one after the other, and the interrupts
 * that were made pending for it; "waits" each of its sleeps, named after what
 * ended it; a CPU's track the tasks that ran there, as far as switches and
 * the tasks of events tell.  Arrows: a wake-up from sched_waking to the
 * switch to that vCPU, an IPI from ipi_raise to the next event of the CPU
 * that it went to, a kick from its caller to its vCPU at the same moment.
 */
#include <string.h>
#include "perfetto.h"
#include "trace.h"

#define NR_KICKS 64		/* whose effect is not yet known */
#define NR_EARLY 64

struct cpu {
	unsigned track;
	int tid;		/* -1: nothing seen yet */
	int left;		/* who was switched out last; -1: long ago */
	char comm[16];
	uint64_t since;
	struct kw_tracks_point ipi;
	const char *ipi_name;	/* NULL: none is under way */
};

struct walk {
	struct kw_tracks *t;
	struct kw_follow *f;
	GPtrArray *cpus;	/* struct cpu, by number */
	GHashTable *wakes;	/* tid -> struct kw_tracks_point */
	struct early {		/* woken before it was known as a vCPU */
		int tid;
		struct kw_tracks_point from;
		uint64_t ns;
	} early[NR_EARLY];
	unsigned nr_early;
	struct { uint64_t line; unsigned track; } kicks[NR_KICKS];
	unsigned nr_kicks;
	uint64_t last_ns;
	const struct kw_cli *cli;	/* NULL: the window is known */
	GError *error;			/* of its --from and --to */
};

static void end_task(struct walk *w, const struct cpu *c, uint64_t ns)
{
	char *name;

	if (c->tid < 0)
		return;
	name = c->tid ? g_strdup_printf("%s-%d", c->comm, c->tid) :
		g_strdup("idle");
	kw_tracks_span(w->t, c->track, c->since, ns, name);
	g_free(name);
}

static void run_task(struct walk *w, struct cpu *c, int tid,
		     const char *comm, size_t comm_len, uint64_t ns)
{
	if (c->tid == tid)
		return;
	end_task(w, c, ns);
	c->tid = tid;
	c->since = ns;
	g_strlcpy(c->comm, comm, MIN(comm_len + 1, sizeof(c->comm)));
}

/* Tracks of CPUs are in the order of their numbers. */
static struct cpu *cpu_of(struct walk *w, unsigned number)
{
	struct cpu *c;
	char name[24];

	while (w->cpus->len <= number) {
		c = g_new0(struct cpu, 1);
		g_snprintf(name, sizeof(name), "CPU %u", w->cpus->len);
		c->track = kw_track(w->t, "CPUs", name);
		c->tid = c->left = -1;
		g_ptr_array_add(w->cpus, c);
	}
	return w->cpus->pdata[number];
}

static unsigned track_of(struct walk *w, const char *group,
			 const struct kw_thread *vcpu)
{
	char name[40];

	g_snprintf(name, sizeof(name), "%s-%d", vcpu->comm, vcpu->tid);
	return kw_track(w->t, group, name);
}

static const struct kw_thread *thread_of(const struct walk *w, int tid)
{
	unsigned i;

	for (i = 0; i < kw_follow_nr_vcpus(w->f); i++)
		if (kw_follow_vcpu(w->f, i)->tid == tid)
			return kw_follow_vcpu(w->f, i);
	return NULL;
}

/* KVM's vcpu_id says which vCPU only while there is one VM. */
static const struct kw_thread *vcpu_of_id(const struct walk *w, int64_t id)
{
	const struct kw_thread *found = NULL, *v;
	unsigned i;

	for (i = 0; i < kw_follow_nr_vcpus(w->f); i++) {
		v = kw_follow_vcpu(w->f, i);
		if (v->id != id)
			continue;
		if (found)
			return NULL;
		found = v;
	}
	return found;
}

static void switched(struct walk *w, struct cpu *c,
		     const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	int tid = (int)a->n[2];
	const struct kw_thread *v = thread_of(w, tid);
	struct kw_tracks_point *from;

	run_task(w, c, tid, a->s[2].p, a->s[2].len, ev->time_ns);
	c->left = ev->pid;
	from = g_hash_table_lookup(w->wakes, GINT_TO_POINTER(tid));
	if (from && v)
		kw_tracks_arrow(w->t, *from, (struct kw_tracks_point){
				track_of(w, "vCPUs", v), ev->time_ns }, "wake");
	else if (from && w->nr_early < NR_EARLY)
		w->early[w->nr_early++] = (struct early){ tid, *from,
							  ev->time_ns };
	g_hash_table_remove(w->wakes, GINT_TO_POINTER(tid));
}

static void waking(struct walk *w, const struct cpu *c,
		   const struct kw_trace_event *ev,
		   const struct kw_trace_args *a)
{
	struct kw_tracks_point *from = g_new(struct kw_tracks_point, 1);

	from->track = c->track;
	from->ns = ev->time_ns;
	g_hash_table_replace(w->wakes, GINT_TO_POINTER((int)a->n[0]), from);
}

/* "00000000,00000006": groups of 32 CPUs, the highest first. */
static void ipis(struct walk *w, const struct cpu *from,
		 const struct kw_trace_event *ev,
		 const struct kw_trace_args *a)
{
	const char *mask = a->s[0].p, *end = mask + a->s[0].len;
	bool resched = !strncmp(a->s[1].p, "Resched", 7);
	unsigned number = 0, bit, digit;
	struct cpu *c;

	while (end > mask) {
		if (*--end == ',')
			continue;
		if (!g_ascii_isxdigit(*end) || number > 65535)
			return;
		digit = (unsigned)g_ascii_xdigit_value(*end);
		for (bit = 0; bit < 4; bit++, number++) {
			if (!(digit >> bit & 1))
				continue;
			c = cpu_of(w, number);
			c->ipi.track = from->track;
			c->ipi.ns = ev->time_ns;
			c->ipi_name = resched ? "IPI: reschedule" :
				"IPI: function call";
		}
	}
}

static void pending(struct walk *w, const struct kw_trace_event *ev,
		    int64_t vcpu_id, int64_t irq)
{
	const struct kw_thread *v = vcpu_of_id(w, vcpu_id);
	char name[32];

	if (!v)
		return;
	g_snprintf(name, sizeof(name), "IRQ %d", (int)irq);
	kw_tracks_instant(w->t, track_of(w, "vCPUs", v), ev->time_ns, name);
}

static void decoded(struct walk *w, struct cpu *c,
		    const struct kw_trace_event *ev,
		    const struct kw_trace_args *a)
{
	switch (ev->id) {
	case KW_TRACE_SCHED_SWITCH:
		switched(w, c, ev, a);
		break;
	case KW_TRACE_SCHED_WAKING:
		waking(w, c, ev, a);
		break;
	case KW_TRACE_IPI_RAISE:
		ipis(w, c, ev, a);
		break;
	case KW_TRACE_VGIC_UPDATE:
		if (a->n[2] == 1)
			pending(w, ev, a->n[0], a->n[1]);
		break;
	case KW_TRACE_QUEUE_IRQ:
		pending(w, ev, a->n[5], a->n[0]);
		break;
	}
}

/* It may count from the first event. */
static void set_window(struct walk *w, uint64_t first_ns)
{
	uint64_t from, to;

	if (kw_trace_window(w->cli, first_ns, &from, &to, &w->error))
		kw_tracks_window(w->t, from, to);
	w->cli = NULL;
}

static void on_event(void *arg, const struct kw_trace_event *ev,
		     const struct kw_mark *at, const struct kw_thread *vcpu)
{
	struct walk *w = arg;
	struct cpu *c = cpu_of(w, (unsigned)ev->cpu);
	struct kw_trace_args a;

	(void)vcpu;
	if (w->cli)
		set_window(w, ev->time_ns);
	w->last_ns = MAX(w->last_ns, ev->time_ns);
	/* What a task does while it is switched out comes after the event. */
	if (ev->pid != c->left) {
		run_task(w, c, ev->pid, ev->comm, ev->comm_len, ev->time_ns);
		c->left = -1;
	}
	if (c->ipi_name)
		kw_tracks_arrow(w->t, c->ipi, (struct kw_tracks_point){
				c->track, ev->time_ns }, c->ipi_name);
	c->ipi_name = NULL;
	if (ev->id == KW_TRACE_VCPU_KICK) {
		w->kicks[w->nr_kicks % NR_KICKS].line = at->line;
		w->kicks[w->nr_kicks++ % NR_KICKS].track = c->track;
	} else if (ev->id == KW_TRACE_IRQ_ENTRY) {
		kw_tracks_instant(w->t, c->track, ev->time_ns, ev->args);
	} else if (kw_trace_decode(ev, &a)) {
		decoded(w, c, ev, &a);
	}
}

static void on_span(void *arg, const struct kw_vcpu_span *s)
{
	struct walk *w = arg;

	kw_tracks_span(w->t, track_of(w, "vCPUs", s->vcpu), s->from.ns,
		       s->to.ns, kw_vcpu_state_names[s->state]);
}

static void on_sleep(void *arg, const struct kw_sleep *s)
{
	struct walk *w = arg;
	const struct kw_mark *from = s->exit.line ? &s->exit : &s->out;
	char *name, irq[24] = "";

	if (s->intid >= 0)
		g_snprintf(irq, sizeof(irq), " %d", s->intid);
	name = g_strdup_printf("%s%s: %s%s%s", kw_sleep_kind_names[s->kind],
			       s->blocked ? "" : ", awake",
			       s->guess ? "possibly " : "",
			       kw_wake_cause_names[s->cause], irq);
	if (from->line)
		kw_tracks_span(w->t, track_of(w, "waits", s->vcpu), from->ns,
			       s->end.ns, name);
	g_free(name);
}

static void on_kick(void *arg, const struct kw_kick *k)
{
	struct walk *w = arg;
	struct kw_tracks_point from = { 0, k->at.ns };
	char name[40];
	unsigned i;

	for (i = 0; i < NR_KICKS; i++)
		if (w->kicks[i].line && w->kicks[i].line == k->at.line)
			break;
	if (i == NR_KICKS || !k->target)
		return;
	from.track = w->kicks[i].track;
	g_snprintf(name, sizeof(name), "kick: %s",
		   kw_kick_effect_names[k->effect]);
	kw_tracks_instant(w->t, from.track, from.ns, name);
	if (k->effect == KW_KICK_NOTHING)
		return;
	kw_tracks_arrow(w->t, from, (struct kw_tracks_point){
			track_of(w, "vCPUs", k->target), from.ns }, "kick");
}

static void put_early(struct walk *w)
{
	const struct kw_thread *v;
	unsigned i;

	for (i = 0; i < w->nr_early; i++) {
		v = thread_of(w, w->early[i].tid);
		if (v)
			kw_tracks_arrow(w->t, w->early[i].from,
				(struct kw_tracks_point){
				track_of(w, "vCPUs", v), w->early[i].ns },
				"wake");
	}
}

bool kw_perfetto_trace(struct kw_cli *cli, unsigned first,
		       struct kw_tracks *t, bool windowed, GError **err)
{
	static const struct kw_follow_ops ops = {
		.event = on_event, .span = on_span, .sleep = on_sleep,
		.kick = on_kick,
	};
	struct walk w = {
		.t = t, .f = kw_follow_new(), .cli = windowed ? NULL : cli,
		.cpus = g_ptr_array_new_with_free_func(g_free),
		.wakes = g_hash_table_new_full(NULL, NULL, NULL, g_free),
	};
	bool ok;
	unsigned i;

	kw_follow_add(w.f, &ops, &w);
	ok = kw_trace_read(cli, w.f, (const char *const *)cli->args->pdata +
			   first, cli->args->len - first, err);
	put_early(&w);
	for (i = 0; i < w.cpus->len; i++)
		end_task(&w, w.cpus->pdata[i], w.last_ns + 1);
	if (w.error) {
		g_propagate_error(err, w.error);
		ok = false;
	} else if (ok && !kw_follow_nr_vcpus(w.f)) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: no vCPU in it: no kvm_entry or kvm_exit",
			    (char *)cli->args->pdata[first]);
		ok = false;
	}
	kw_follow_free(w.f);
	g_ptr_array_free(w.cpus, TRUE);
	g_hash_table_destroy(w.wakes);
	return ok;
}
