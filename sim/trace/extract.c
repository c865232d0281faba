/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what each event means for the vCPU threads of a recording.
 *
 * A vCPU thread is one that enters the guest, or loads a vCPU's timers on its
 * own account; it is known from its first such event on.  Its number is KVM's
 * vcpu_id where an event of its own names it, else what its name says
 * ("kvm-vcpu-1", "CPU 1/KVM"), else the next free one.
 *
 * Invariants: time does not go backwards; after the window's end the steps,
 * arrivals and samples do not change, only the counts of events do.
 */
#include <stdio.h>
#include <string.h>

#include "extract.h"

static void free_vcpu(void *p)
{
	struct kw_vcpu *v = p;

	g_array_free(v->steps, TRUE);
	g_free(v);
}

static void free_source(void *p)
{
	struct kw_source *s = p;

	g_array_free(s->at, TRUE);
	g_free(s);
}

struct kw_extract *kw_extract_new(unsigned limit, GArray *only)
{
	struct kw_extract *x = g_new0(struct kw_extract, 1);
	unsigned i;

	x->limit = limit;
	x->only = only;
	x->line_tid = -1;
	x->max_cpu = -1;
	x->vcpus = g_ptr_array_new_with_free_func(free_vcpu);
	x->by_tid = g_hash_table_new(NULL, NULL);
	x->sources = g_ptr_array_new_with_free_func(free_source);
	x->unknown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   NULL);
	x->wakings = g_array_new(FALSE, FALSE, sizeof(struct kw_early));
	for (i = 0; i < KW_NR_SAMPLES; i++)
		x->samples[i] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	return x;
}

void kw_extract_free(struct kw_extract *x)
{
	unsigned i;

	if (!x)
		return;
	for (i = 0; i < KW_NR_SAMPLES; i++)
		g_array_free(x->samples[i], TRUE);
	g_array_free(x->wakings, TRUE);
	g_hash_table_unref(x->unknown);
	g_ptr_array_free(x->sources, TRUE);
	g_hash_table_unref(x->by_tid);
	g_ptr_array_free(x->vcpus, TRUE);
	g_free(x);
}

void kw_extract_stop(struct kw_extract *x)
{
	if (x->stopped)
		return;
	x->stopped = true;
	x->end_ns = x->now_ns;
}

void kw_extract_sample(struct kw_extract *x, enum kw_sample s, uint64_t ns)
{
	if (!x->stopped && x->samples[s]->len < x->limit * 4)
		g_array_append_val(x->samples[s], ns);
}

struct kw_vcpu *kw_extract_vcpu(const struct kw_extract *x, int id)
{
	struct kw_vcpu *v;
	unsigned i;

	for (i = 0; i < x->vcpus->len; i++) {
		v = x->vcpus->pdata[i];
		if (v->id == id)
			return v;
	}
	return NULL;
}

struct kw_vcpu *kw_extract_thread(struct kw_extract *x, int tid)
{
	if (!x->last || x->last->tid != tid)
		x->last = g_hash_table_lookup(x->by_tid, GINT_TO_POINTER(tid));
	return x->last;
}

static bool is_selected(const struct kw_extract *x, int tid)
{
	unsigned i;

	for (i = 0; i < x->only->len; i++)
		if (g_array_index(x->only, int, i) == tid)
			return true;
	return !x->only->len;
}

void kw_extract_comm(char to[16], const struct kw_trace_event *ev)
{
	unsigned i, n = MIN(ev->comm_len, 15u);

	for (i = 0; i < n; i++)
		to[i] = g_ascii_isprint(ev->comm[i]) ? ev->comm[i] : '?';
	to[n] = '\0';
}

/* "kvm-vcpu-1" (kvmtool), "CPU 1/KVM" (QEMU); else -1 */
static int id_of_comm(const char *comm)
{
	char rest[8];
	int id;

	if (sscanf(comm, "kvm-vcpu-%d", &id) == 1 && id >= 0)
		return id;
	if (sscanf(comm, "CPU %d/%3s", &id, rest) == 2 && id >= 0 &&
	    !strcmp(rest, "KVM"))
		return id;
	return -1;
}

static void set_id(struct kw_vcpu *v, int64_t id)
{
	if (v->id < 0 && id >= 0 && id < KW_MAX_VCPUS)
		v->id = (int)id;
}

/* The vCPU whose thread ev's task is; makes it one that is seen first. */
static struct kw_vcpu *make_thread(struct kw_extract *x,
				   const struct kw_trace_event *ev)
{
	struct kw_vcpu *v = kw_extract_thread(x, ev->pid);

	if (v || ev->pid == 0 || x->vcpus->len >= KW_MAX_VCPUS ||
	    !is_selected(x, ev->pid))
		return v;
	v = g_new0(struct kw_vcpu, 1);
	v->tid = ev->pid;
	v->id = -1;
	v->cpu = ev->cpu;
	kw_extract_comm(v->comm, ev);
	set_id(v, id_of_comm(v->comm));
	v->steps = g_array_new(FALSE, FALSE, sizeof(struct kw_step));
	v->out_ns = v->waking_ns = v->in_ns = v->fired_ns = KW_NO_TIME;
	g_ptr_array_add(x->vcpus, v);
	g_hash_table_insert(x->by_tid, GINT_TO_POINTER(v->tid), v);
	x->last = v;
	return v;
}

static bool is_word(const struct kw_trace_args *a, unsigned i, const char *word)
{
	return a->s[i].len == strlen(word) &&
	       !strncmp(a->s[i].p, word, a->s[i].len);
}

/*
 * TYPE: HSR_EC: EC (class): up to 4.19 the class of an interrupt's exit is a
 * stale one, and a trap prints as 0x2.
 */
static void on_guest_exit(struct kw_extract *x, struct kw_vcpu *v,
		    const struct kw_trace_args *a)
{
	bool trap = is_word(a, 0, "TRAP") || is_word(a, 0, "0x2");

	kw_vcpu_exit(x, v, trap && a->n[0] == 1,
		     trap ? (unsigned)a->n[0] & 0xff : 0);
}

/* A timer's line: up, and it was not, or in a handler or a wait. */
static void on_timer(struct kw_extract *x, const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	bool hardirq = kw_trace_in_hardirq(ev), up = a->n[2] != 0;
	struct kw_vcpu *v;

	v = hardirq ? kw_extract_thread(x, ev->pid) : make_thread(x, ev);
	if (!v)
		return;
	set_id(v, a->n[0]);
	if (v->id != a->n[0] || (a->n[1] != 27 && a->n[1] != 30))
		return;
	if (up && (!v->timer_level || hardirq || (v->wait && !v->explained)))
		kw_step_timer(x, v);
	if (a->n[1] == 27 || up)
		v->timer_level = up;
}

static void on_switch(struct kw_extract *x, const struct kw_trace_event *ev,
		      const struct kw_trace_args *a)
{
	struct kw_vcpu *prev = kw_extract_thread(x, (int)a->n[0]), *next;
	const char *state = a->s[1].p;

	if (prev) {
		prev->cpu = ev->cpu;
		kw_vcpu_switch_out(x, prev, *state != 'R');
	}
	next = kw_extract_thread(x, (int)a->n[2]);
	if (next) {
		next->cpu = ev->cpu;
		kw_vcpu_switch_in(x, next);
	}
}

static void on_sys_access(struct kw_extract *x, struct kw_vcpu *v,
			  const struct kw_trace_args *a)
{
	if (x->seen[KW_TRACE_QUEUE_IRQ] || !is_word(a, 1, "write"))
		return;
	if (is_word(a, 0, "SYS_ICC_SGI1R_EL1") ||
	    is_word(a, 0, "ICC_SGI1R_EL1") || is_word(a, 0, "ICC_SGI1R"))
		v->sgi = KW_SGI_OPEN;
}

/* Events of a vCPU's own thread; v may be NULL for those that find it. */
static void on_own(struct kw_extract *x, const struct kw_trace_event *ev,
		   const struct kw_trace_args *a)
{
	struct kw_vcpu *v = make_thread(x, ev);

	if (!v)
		return;
	v->cpu = ev->cpu;
	switch (ev->id) {
	case KW_TRACE_KVM_ENTRY:
		kw_vcpu_entry(x, v);
		break;
	case KW_TRACE_KVM_EXIT:
		on_guest_exit(x, v, a);
		break;
	case KW_TRACE_KVM_WAKEUP:
		kw_vcpu_wakeup(x, v, is_word(a, 0, "wait"));
		break;
	default:
		break;
	}
}

static void on_thread(struct kw_extract *x, const struct kw_trace_event *ev,
		      const struct kw_trace_args *a)
{
	struct kw_vcpu *v = kw_extract_thread(x, ev->pid);

	if (!v)
		return;
	switch (ev->id) {
	case KW_TRACE_KVM_WFX:
		if (is_word(a, 0, "e"))
			kw_vcpu_not_wfi(x, v);
		break;
	case KW_TRACE_KVM_USERSPACE:
		v->signal = v->wait && is_word(a, 0, "restart");
		break;
	case KW_TRACE_KVM_SYS_ACCESS:
		on_sys_access(x, v, a);
		break;
	case KW_TRACE_IPI_SEND_CPU:
		if (g_str_has_prefix(a->s[0].p, "vgic_queue_irq"))
			kw_arrival_ipi(x, v, (int)a->n[0]);
		break;
	case KW_TRACE_IPI_RAISE:
		kw_arrival_ipis(x, v, a);
		break;
	case KW_TRACE_PMU_OVERFLOW:
		kw_step_pmi(x, v);
		break;
	default:		/* probes with vcpu= of the own thread */
		set_id(v, a->n[0]);
		break;
	}
}

static void on_any(struct kw_extract *x, const struct kw_trace_event *ev,
		   const struct kw_trace_args *a)
{
	struct kw_vcpu *v;

	switch (ev->id) {
	case KW_TRACE_KVM_IRQ_LINE:
		kw_arrival_irq_line(x, ev, a);
		break;
	case KW_TRACE_VGIC_UPDATE:
		kw_arrival_vgic(x, ev, a);
		if (a->n[1] < 32 && !x->seen[KW_TRACE_TIMER_UPDATE])
			on_timer(x, ev, a);
		break;
	case KW_TRACE_TIMER_UPDATE:
		on_timer(x, ev, a);
		break;
	case KW_TRACE_QUEUE_IRQ:
		kw_arrival_queue(x, ev, a);
		break;
	case KW_TRACE_SCHED_WAKING:
		v = kw_extract_thread(x, (int)a->n[0]);
		if (v)
			kw_arrival_waking(x, ev, v);
		else
			kw_arrival_waking_unknown(x, ev, (int)a->n[0]);
		break;
	case KW_TRACE_SCHED_SWITCH:
		on_switch(x, ev, a);
		break;
	case KW_TRACE_KVM_HALT_POLL:
		if (a->n[1] > 0 && (uint64_t)a->n[1] > x->halt_poll_ns)
			x->halt_poll_ns = (uint64_t)a->n[1];
		break;
	default:
		break;
	}
}

static void dispatch(struct kw_extract *x, const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	switch (ev->id) {
	case KW_TRACE_KVM_ENTRY:
	case KW_TRACE_KVM_EXIT:
	case KW_TRACE_KVM_WAKEUP:
		on_own(x, ev, a);
		break;
	case KW_TRACE_KVM_WFX:
	case KW_TRACE_KVM_USERSPACE:
	case KW_TRACE_KVM_SYS_ACCESS:
	case KW_TRACE_IPI_SEND_CPU:
	case KW_TRACE_IPI_RAISE:
	case KW_TRACE_PMU_OVERFLOW:
	case KW_TRACE_CHECK_BLOCK:
	case KW_TRACE_VCPU_WFI:
		on_thread(x, ev, a);
		break;
	default:
		on_any(x, ev, a);
		break;
	}
}

static void count_unknown(struct kw_extract *x, const struct kw_trace_event *ev)
{
	char name[64];
	unsigned n = MIN(ev->name_len, sizeof(name) - 1u), count;

	x->nr_unknown++;
	memcpy(name, ev->name, n);
	name[n] = '\0';
	count = GPOINTER_TO_UINT(g_hash_table_lookup(x->unknown, name));
	if (count || g_hash_table_size(x->unknown) < KW_MAX_UNKNOWN)
		g_hash_table_insert(x->unknown, g_strdup(name),
				    GUINT_TO_POINTER(count + 1));
}

bool kw_extract_event(struct kw_extract *x, const struct kw_trace_event *ev)
{
	struct kw_trace_args args = { .nr_n = 0 };

	if (ev->id == KW_TRACE_UNKNOWN) {
		count_unknown(x, ev);
	} else if (!kw_trace_decode(ev, &args)) {
		if (!kw_trace_is_probe(ev->id))
			return false;
		x->nr_probe_args++;
		return true;
	}
	if (!x->nr_events++)
		x->first_ns = ev->time_ns;
	if (ev->time_ns < x->first_ns + x->now_ns)
		x->nr_backwards++;
	else
		x->now_ns = ev->time_ns - x->first_ns;
	x->max_cpu = MAX(x->max_cpu, ev->cpu);
	if (ev->id == KW_TRACE_UNKNOWN)
		return true;
	x->seen[ev->id] = true;
	dispatch(x, ev, &args);
	return true;
}

/* Whatever ran on that CPU may have entered, left or slept unseen. */
void kw_extract_lost(struct kw_extract *x, const struct kw_trace_event *ev)
{
	struct kw_vcpu *v;
	unsigned i;

	x->nr_lost_lines++;
	x->nr_lost += ev->lost;
	for (i = 0; i < x->vcpus->len; i++) {
		v = x->vcpus->pdata[i];
		if (v->cpu != ev->cpu)
			continue;
		v->where = KW_WHERE_UNKNOWN;
		v->wait = v->blocked = v->slept = false;
		v->sgi = KW_SGI_NONE;
		v->since_ns = x->now_ns;
		v->waking_ns = v->in_ns = v->out_ns = KW_NO_TIME;
	}
}
