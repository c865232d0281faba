/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which sleeps should not have been, and keeps the lines that show
 * it.
 *
 * Overlooked overflow: the PMU's interrupt was handled between the exit of a
 * WFI and its kvm_exit event, after kvm_pmu_sync_hwstate(): the vgic does not
 * know, the predicate does not look, the vCPU waits.  It is a fact when the
 * probes show all of it: the overflow, the kick of the own vCPU (which is
 * made only if the counter's interrupt is enabled), the predicate false or
 * the thread switched out, and the line of the PMU's interrupt going up, and
 * enabled in the vgic, only after the wait.  Guest counters do not run
 * outside of the guest, so that line was due before.
 *
 * Queued, not woken: vgic_queue_irq for a vCPU asleep, no waking from that
 * context, and a later waking from another.  Denied: the predicate was false
 * though it began to be evaluated after the interrupt had been queued.  Both
 * are possible only: priority mask and group enables are not recorded.
 *
 * Invariants: a sleep is judged when it has ended, once; lines are kept of
 * open sleeps alone, a fixed number a vCPU.
 */
#include <string.h>

#include "find.h"

#define PMU_INTID 23		/* kvmtool's and QEMU's */
#define TEXT	256		/* bytes of a line that are kept */
#define OWN	32		/* lines a vCPU */
#define ORIGINS	256		/* lines that may tell a waker's cause */
#define CHECKS	6		/* evaluations of one sleep, then the last */

const char *const kw_found_names[KW_NR_FOUND_KINDS] = {
	[KW_FIND_OVERFLOW] = "overlooked PMU overflow",
	[KW_FIND_QUEUED] = "interrupt without a wake-up",
	[KW_FIND_DENIED] = "interrupt that the predicate did not see",
	[KW_FIND_VAIN] = "wake-up for nothing",
};

struct saved {
	struct kw_mark at;
	char text[TEXT];
};

struct own {
	struct saved ring[OWN];
	unsigned next, nr_checks;
};

struct kw_find {
	const struct kw_follow *follow;
	kw_find_fn *found;
	void *arg;
	GPtrArray *own;		/* struct own, by the vCPU's index */
	struct saved origins[ORIGINS];
	unsigned next_origin;
	struct kw_sleep ended;	/* waits for the text of its last event */
	bool waits;
};

struct kw_find *kw_find_new(const struct kw_follow *f, kw_find_fn *found,
			    void *arg)
{
	struct kw_find *find = g_new0(struct kw_find, 1);

	find->follow = f;
	find->found = found;
	find->arg = arg;
	find->own = g_ptr_array_new_with_free_func(g_free);
	return find;
}

void kw_find_free(struct kw_find *find)
{
	if (!find)
		return;
	g_ptr_array_free(find->own, TRUE);
	g_free(find);
}

static struct own *own_of(struct kw_find *find, const struct kw_thread *vcpu)
{
	while (find->own->len <= vcpu->index)
		g_ptr_array_add(find->own, g_new0(struct own, 1));
	return find->own->pdata[vcpu->index];
}

static void save(struct saved *s, const struct kw_trace_event *ev,
		 const struct kw_mark *at)
{
	s->at = *at;
	g_strlcpy(s->text, ev->comm, TEXT);
}

static void save_own(struct kw_find *find, const struct kw_thread *vcpu,
		     const struct kw_trace_event *ev, const struct kw_mark *at)
{
	struct own *o = own_of(find, vcpu);
	bool check = ev->id == KW_TRACE_CHECK_BLOCK ||
		     ev->id == KW_TRACE_RUNNABLE_RET;

	if (ev->id == KW_TRACE_KVM_EXIT || ev->id == KW_TRACE_SCHED_SWITCH)
		o->nr_checks = 0;
	if (check && o->nr_checks++ >= CHECKS)
		o->next += OWN - 1;	/* over the one before */
	save(&o->ring[o->next++ % OWN], ev, at);
}

static const char *text_of(struct kw_find *find, const struct kw_thread *vcpu,
			   const struct kw_mark *at)
{
	const struct own *o = own_of(find, vcpu);
	unsigned i;

	for (i = 0; i < OWN; i++)
		if (o->ring[i].at.line == at->line &&
		    o->ring[i].at.file == at->file)
			return o->ring[i].text;
	for (i = 0; i < ORIGINS; i++)
		if (find->origins[i].at.line == at->line &&
		    find->origins[i].at.file == at->file)
			return find->origins[i].text;
	return NULL;
}

static bool before(const struct kw_mark *a, const struct kw_mark *b)
{
	return a->file != b->file ? a->file < b->file : a->line < b->line;
}

/* In its place, once. */
static void add_line(struct kw_find *find, struct kw_found *g,
		     const struct kw_mark *at)
{
	unsigned i = g->nr_lines;

	if (!at->line || g->nr_lines == KW_MAX_LINES)
		return;
	while (i && before(at, &g->lines[i - 1].at))
		i--;
	if (i && g->lines[i - 1].at.line == at->line &&
	    g->lines[i - 1].at.file == at->file)
		return;
	memmove(&g->lines[i + 1], &g->lines[i],
		(g->nr_lines - i) * sizeof(g->lines[0]));
	g->lines[i].at = *at;
	g->lines[i].text = text_of(find, g->sleep->vcpu, at);
	g->nr_lines++;
}

static void tell(struct kw_find *find, struct kw_found *g)
{
	const struct kw_sleep *s = g->sleep;
	const struct kw_wake *w = g->wake;

	add_line(find, g, &s->exit);
	if (g->vain == KW_VAIN_LATE_KICK && w->in_sync)
		add_line(find, g, &s->queued);
	if (g->kind != KW_FIND_VAIN) {
		add_line(find, g, &s->check);
		add_line(find, g, &s->false_);
		add_line(find, g, &s->out);
		add_line(find, g, &g->due->at);
	}
	if (w) {
		add_line(find, g, &w->origin);
		add_line(find, g, &w->waking);
		add_line(find, g, &w->in);
		add_line(find, g, &w->verdict);
		add_line(find, g, &w->out);
	}
	if (g->kind != KW_FIND_VAIN || g->vain == KW_VAIN_SIGNAL) {
		add_line(find, g, &s->report);
		add_line(find, g, &s->end);
	}
	find->found(find->arg, g);
}

/* The due of this kind and number that came after m, or NULL. */
static const struct kw_due *due_after(const struct kw_sleep *s,
				      enum kw_due_kind kind, int intid,
				      const struct kw_mark *m)
{
	unsigned i, n = MIN(s->nr_due, KW_MAX_DUE);

	for (i = 0; i < n; i++)
		if (s->due[i].kind == kind && s->due[i].intid == intid &&
		    s->due[i].at.ns >= m->ns)
			return &s->due[i];
	return NULL;
}

/* Did it wait at all?  *missing: what would show that it did not. */
static bool waited(const struct kw_sleep *s, const char **missing)
{
	if (s->blocked || s->false_.line)
		return true;
	if (s->reported != 0 || s->polled != 1 || s->nr_checks)
		return false;
	*missing = "the predicate's value is not recorded (no probe "
		   "runnable_ret), so it may have been true at once";
	return true;
}

/* What would make an overflow a fact, and is not in the recording. */
static const char *overflow_lacks(const struct kw_find *find,
				  const struct kw_sleep *s,
				  const struct kw_due *d,
				  const struct kw_due *line)
{
	const struct kw_follow *f = find->follow;

	if (s->damaged)
		return "a damaged line lies in this sleep";
	if (d->inferred)
		return "no probe pmu_overflow in this recording: that the "
		       "overflow was a guest counter's is concluded from the "
		       "PMU's interrupt and the vgic's line";
	if (!kw_follow_has(f, KW_TRACE_VCPU_KICK))
		return "no probe vcpu_kick in this recording: whether the "
		       "counter's interrupt was enabled is not seen";
	if (!line && kw_follow_has(f, KW_TRACE_VGIC_UPDATE))
		return "the recording does not show the vgic being told of it "
		       "afterwards";
	if (!line)
		return "no vgic_update_irq_pending in this recording: that "
		       "the vgic was not told of it before is not seen";
	if (!kw_follow_has(f, KW_TRACE_QUEUE_IRQ))
		return "no probe vgic_queue_irq in this recording: whether "
		       "the guest had the interrupt enabled is not seen";
	return NULL;
}

/*
 * Neither the overflow nor its handler is recorded: a line that goes up after
 * a wait, before the guest has run again, was due when the wait began.
 */
static void judge_line(struct kw_find *find, const struct kw_sleep *s)
{
	struct kw_found g = {
		.kind = KW_FIND_OVERFLOW, .sleep = s, .possible = true,
		.wake = kw_sleep_last_wake(s),
		.missing = "neither pmu_overflow nor irq_handler_entry is "
			   "recorded: that the overflow came before the wait "
			   "is concluded, as guest counters do not run in it",
	};
	const struct kw_follow *f = find->follow;
	const char *lacks = NULL;

	if (kw_follow_has(f, KW_TRACE_PMU_OVERFLOW) ||
	    kw_follow_has(f, KW_TRACE_IRQ_ENTRY) || !s->exit.line ||
	    s->how != KW_END_ENTRY || !waited(s, &lacks))
		return;
	g.due = due_after(s, KW_DUE_LINE, PMU_INTID, &s->exit);
	if (!g.due)
		return;
	g.late_ns = s->end.ns - s->exit.ns;
	tell(find, &g);
}

static void judge_overflow(struct kw_find *find, const struct kw_sleep *s)
{
	const struct kw_due *d = &s->due[0], *line, *queued;
	struct kw_found g = { .kind = KW_FIND_OVERFLOW, .sleep = s };
	const struct kw_follow *f = find->follow;

	if (!s->nr_due || d->kind != KW_DUE_OVERFLOW || !s->exit.line ||
	    !waited(s, &g.missing))
		return;
	line = due_after(s, KW_DUE_LINE, d->intid, &s->exit);
	queued = due_after(s, KW_DUE_QUEUED, d->intid, &s->exit);
	if (s->how == KW_END_ENTRY && kw_follow_has(f, KW_TRACE_VGIC_UPDATE) &&
	    !line)
		return;		/* it was not due: the vgic is not told */
	if (!d->inferred && !d->kicked && !line &&
	    kw_follow_has(f, KW_TRACE_VCPU_KICK))
		return;		/* its interrupt was disabled */
	if (line && !queued && kw_follow_has(f, KW_TRACE_QUEUE_IRQ))
		return;		/* disabled in the vgic, or active */
	if (!g.missing)
		g.missing = overflow_lacks(find, s, d, line);
	g.possible = g.missing != NULL;
	g.due = d;
	g.wake = kw_sleep_last_wake(s);
	g.late_ns = s->end.ns - d->at.ns;
	if (line)
		add_line(find, &g, &line->at);
	tell(find, &g);
}

static void judge_queued(struct kw_find *find, const struct kw_sleep *s,
			 const struct kw_due *d)
{
	struct kw_found g = {
		.kind = KW_FIND_QUEUED, .possible = true, .sleep = s,
		.due = d, .wake = kw_sleep_last_wake(s),
		.missing = "the guest's priority mask and group enables are "
			   "not recorded, and a probe may miss a hit",
	};
	const struct kw_wake *w = g.wake;

	if (!kw_follow_has(find->follow, KW_TRACE_SCHED_WAKING) ||
	    kw_follow_totals(find->follow)->nr_no_flags ||
	    d->kind != KW_DUE_QUEUED || d->woke || d->gone || d->listed ||
	    !d->over.line || !s->blocked || (w && w->out.line))
		return;
	if (d->denied)
		g.kind = KW_FIND_DENIED;
	else if (d->awake)
		return;
	if (w && (w->waking.ns <= d->over.ns || w->runnable == 0))
		return;		/* on its way, or not deliverable at all */
	g.late_ns = s->end.ns - d->at.ns;
	tell(find, &g);
}

static void judge_vain(struct kw_find *find, const struct kw_sleep *s)
{
	unsigned i, n = MIN(s->nr_wakes, KW_MAX_WAKES);

	for (i = 0; i < n; i++) {
		struct kw_found g = {
			.kind = KW_FIND_VAIN, .sleep = s, .wake = &s->wakes[i],
		};

		g.vain = kw_wake_vain(s, i, &g.possible, &g.missing);
		if (g.vain == KW_VAIN_NOT)
			continue;
		tell(find, &g);
	}
}

static void judge(struct kw_find *find, const struct kw_sleep *s)
{
	unsigned i, n = MIN(s->nr_due, KW_MAX_DUE);

	if ((s->kind != KW_SLEEP_WFI && s->kind != KW_SLEEP_SUSPEND) ||
	    s->how == KW_END_LOST)
		return;
	judge_overflow(find, s);
	judge_line(find, s);
	for (i = 0; i < n; i++)
		judge_queued(find, s, &s->due[i]);
	judge_vain(find, s);
}

static void on_sleep(void *arg, const struct kw_sleep *s)
{
	struct kw_find *find = arg;

	if (s->how != KW_END_ENTRY && s->how != KW_END_USER) {
		judge(find, s);
		return;
	}
	find->ended = *s;
	find->waits = true;
}

/* A task that sched_* is about, by the number behind key. */
static const struct kw_thread *named(const struct kw_find *find,
				     const struct kw_trace_event *ev,
				     const char *key)
{
	const char *p = strstr(ev->args, key);
	struct kw_thread *v;
	unsigned i, n = kw_follow_nr_vcpus(find->follow);
	int tid = p ? (int)g_ascii_strtoll(p + strlen(key), NULL, 10) : -1;

	for (i = 0; i < n; i++) {
		v = kw_follow_vcpu(find->follow, i);
		if (v->tid == tid)
			return v;
	}
	return NULL;
}

static void keep(struct kw_find *find, const struct kw_trace_event *ev,
		 const struct kw_mark *at, const struct kw_thread *vcpu)
{
	const struct kw_thread *v;

	switch (ev->id) {
	case KW_TRACE_KVM_ENTRY:
	case KW_TRACE_KVM_EXIT:
	case KW_TRACE_KVM_WAKEUP:
	case KW_TRACE_KVM_USERSPACE:
	case KW_TRACE_CHECK_BLOCK:
	case KW_TRACE_RUNNABLE_RET:
	case KW_TRACE_PMU_OVERFLOW:
	case KW_TRACE_IRQ_ENTRY:
		if (vcpu)
			save_own(find, vcpu, ev, at);
		break;
	case KW_TRACE_VGIC_UPDATE:
		if (vcpu && strstr(ev->args, "IRQ 23, level: 1"))
			save_own(find, vcpu, ev, at);
		else if (!strstr(ev->args, "level: 0"))
			save(&find->origins[find->next_origin++ % ORIGINS], ev,
			     at);
		break;
	case KW_TRACE_SCHED_WAKING:
		v = named(find, ev, " pid=");
		if (v)
			save_own(find, v, ev, at);
		break;
	case KW_TRACE_SCHED_SWITCH:
		v = named(find, ev, " prev_pid=");
		if (v)
			save_own(find, v, ev, at);
		v = named(find, ev, " next_pid=");
		if (v)
			save_own(find, v, ev, at);
		break;
	case KW_TRACE_QUEUE_IRQ:
	case KW_TRACE_VCPU_KICK:
	case KW_TRACE_BG_TIMER:
	case KW_TRACE_PSCI_ON:
	case KW_TRACE_ALL_REQUEST:
	case KW_TRACE_KVM_SYS_ACCESS:
	case KW_TRACE_DISPATCH_SGI:
	case KW_TRACE_KVM_IRQ_LINE:
	case KW_TRACE_VCPU_WAKE_UP:
		save(&find->origins[find->next_origin++ % ORIGINS], ev, at);
		break;
	default:
		break;
	}
}

static void on_event(void *arg, const struct kw_trace_event *ev,
		     const struct kw_mark *at, const struct kw_thread *vcpu)
{
	struct kw_find *find = arg;

	keep(find, ev, at, vcpu);
	if (find->waits)
		judge(find, &find->ended);
	find->waits = false;
}

const struct kw_follow_ops kw_find_ops = {
	.event = on_event, .sleep = on_sleep,
};
