/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which interrupt arrived, for whom, and from where.
 *
 * Nothing records an interrupt from the guest's side, and SGIs and MSIs have
 * no tracepoint at all.  In order of trust:
 *	the kprobe on vgic_queue_irq_unlock(): any interrupt, with its target;
 *	vgic_update_irq_pending, kvm_irq_line: SPIs, PPIs; the target of an SPI
 *		is the vCPU that the same task wakes next, or the one before;
 *	ICC_SGI1R_EL1 written and a vCPU woken or kicked before re-entry: SGI;
 *	a wake-up that nothing explains: an interrupt of unknown number.
 *
 * Invariants: an interrupt is counted once, however many of these show it;
 * a source has one target (an SPI whose affinity changes is two sources).
 */
#include <string.h>

#include "extract.h"

#define PMU_PPI		23
#define EC_HVC64	0x16
#define EC_SMC64	0x17
#define EC_HVC32	0x12
#define RAISE_NS	10000000u	/* from raising to waking, at most */

static struct kw_source *find_source(struct kw_extract *x, int intid,
				     int vcpu, const char *comm)
{
	struct kw_source *s;
	unsigned i;

	for (i = 0; i < x->sources->len; i++) {
		s = x->sources->pdata[i];
		if (s->intid == intid && s->vcpu == vcpu &&
		    (intid >= 0 || !strcmp(s->comm, comm)))
			return s;
	}
	if (x->sources->len >= KW_MAX_SOURCES) {
		x->nr_sources_dropped++;
		return NULL;
	}
	s = g_new0(struct kw_source, 1);
	s->intid = intid;
	s->vcpu = vcpu;
	g_strlcpy(s->comm, comm, sizeof(s->comm));
	s->at = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_ptr_array_add(x->sources, s);
	return s;
}

static void arrive(struct kw_extract *x, int intid, int vcpu, uint64_t at_ns,
		   const char *comm)
{
	struct kw_source *s;

	if (x->stopped)
		return;
	s = find_source(x, intid, vcpu, comm);
	if (!s)
		return;
	g_array_append_val(s->at, at_ns);
	if (s->at->len >= x->limit)
		kw_extract_stop(x);
}

/* The target of the SPI's last arrival, or vCPU 0. */
static int last_target(const struct kw_extract *x, int intid)
{
	const struct kw_source *s;
	uint64_t best = 0, at;
	int target = 0;
	unsigned i;

	for (i = 0; i < x->sources->len; i++) {
		s = x->sources->pdata[i];
		if (s->intid != intid || !s->at->len)
			continue;
		at = g_array_index(s->at, uint64_t, s->at->len - 1);
		if (at >= best) {
			best = at;
			target = s->vcpu;
		}
	}
	return target;
}

/* What task tid wakes vCPU `vcpu` for is known. */
static void explain(struct kw_extract *x, int vcpu, int tid)
{
	struct kw_vcpu *v = kw_extract_vcpu(x, vcpu);

	if (!v) {
		if (vcpu >= 0 && vcpu < KW_MAX_VCPUS)
			x->early[vcpu] = true;
		return;
	}
	v->explained = true;
	if (tid == v->tid)
		return;
	v->raiser_tid = tid;
	v->raised_ns = x->now_ns;
}

static void close_spi(struct kw_extract *x, int target)
{
	struct kw_open_spi *o = &x->spi;

	o->open = false;
	explain(x, target, o->tid);
	arrive(x, o->intid, target, o->at_ns, o->comm);
}

void kw_arrival_flush(struct kw_extract *x, int tid)
{
	if (x->spi.open && (tid < 0 || x->spi.tid == tid))
		close_spi(x, last_target(x, x->spi.intid));
}

static void open_spi(struct kw_extract *x, const struct kw_trace_event *ev,
		     int intid)
{
	kw_arrival_flush(x, -1);
	x->spi.open = true;
	x->spi.tid = ev->pid;
	x->spi.intid = intid;
	x->spi.at_ns = x->now_ns;
	kw_extract_comm(x->spi.comm, ev);
}

/* A line went down: by the task that pulses it, or by a vCPU's access. */
static void lower_spi(struct kw_extract *x, const struct kw_trace_event *ev,
		      int intid)
{
	struct kw_source *s;
	unsigned i;

	kw_arrival_flush(x, x->spi.intid == intid ? -1 : ev->pid);
	if (!kw_extract_thread(x, ev->pid))
		return;
	for (i = 0; i < x->sources->len; i++) {
		s = x->sources->pdata[i];
		if (s->intid == intid)
			s->level = true;
	}
}

static void spi_line(struct kw_extract *x, const struct kw_trace_event *ev,
		     int intid, bool level)
{
	if (level)
		open_spi(x, ev, intid);
	else
		lower_spi(x, ev, intid);
}

/* Inject %_interrupt (type), vcpu->idx, num, level */
void kw_arrival_irq_line(struct kw_extract *x, const struct kw_trace_event *ev,
			 const struct kw_trace_args *a)
{
	if (a->n[0] != 1)	/* the vgic's event tells of PPIs */
		return;
	x->line_tid = ev->pid;
	x->line_intid = (int)a->n[2];
	spi_line(x, ev, (int)a->n[2], a->n[3] != 0);
}

/* VCPU, IRQ, level: at the entry of kvm_vgic_inject_irq() */
void kw_arrival_vgic(struct kw_extract *x, const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	int intid = (int)a->n[1];
	bool repeated = x->line_tid == ev->pid && x->line_intid == intid;
	struct kw_vcpu *v;

	x->line_tid = -1;
	if (intid >= 32) {
		if (!repeated)
			spi_line(x, ev, intid, a->n[2] != 0);
	} else if (intid == PMU_PPI && a->n[2]) {
		v = kw_extract_thread(x, ev->pid);
		if (v && v->id == a->n[0])
			kw_step_pmi(x, v);
	}
}

static void send_sgi(struct kw_extract *x, struct kw_vcpu *from, int vcpu,
		     int intid)
{
	kw_step_flush_run(x, from);
	kw_step_push(x, from, (struct kw_step){
		.kind = KW_STEP_SGI, .irq = (uint8_t)intid,
		.vcpu = (uint16_t)vcpu });
	if (from->sgi == KW_SGI_OPEN)
		from->sgi = KW_SGI_FOUND;
	explain(x, vcpu, from->tid);
}

/* The same, unless another event of this exit has told of it. */
static void send_sgi_once(struct kw_extract *x, struct kw_vcpu *from,
			  const struct kw_vcpu *to)
{
	if (to->raiser_tid != from->tid || to->raised_ns < from->since_ns)
		send_sgi(x, from, to->id, 0);
}

/*
 * intid, line, latch, active, enabled, target: vgic_queue_irq_unlock(), also
 * called when an interrupt is enabled or re-routed with nothing pending.
 */
void kw_arrival_queue(struct kw_extract *x, const struct kw_trace_event *ev,
		      const struct kw_trace_args *a)
{
	int intid = (int)a->n[0], target = (int)a->n[5];
	struct kw_vcpu *from = kw_extract_thread(x, ev->pid);
	char comm[16];

	if ((!a->n[1] && !a->n[2]) || intid < 0 || target < 0 ||
	    target >= KW_MAX_VCPUS)
		return;
	if (intid < 16) {
		if (from && a->n[2])
			send_sgi(x, from, target, intid);
	} else if (intid < 32) {
		explain(x, target, ev->pid);
	} else if (x->spi.open && x->spi.intid == intid) {
		close_spi(x, target);
	} else if (intid >= 8192 && a->n[2]) {
		kw_extract_comm(comm, ev);
		explain(x, target, ev->pid);
		arrive(x, intid, target, x->now_ns, comm);
	}
}

/* Of those, only PSCI's CPU_ON wakes another vCPU. */
static bool is_power_call(const struct kw_vcpu *v)
{
	return v->ec == EC_HVC64 || v->ec == EC_SMC64 || v->ec == EC_HVC32;
}

/* sched_waking of vCPU v by ev's task */
void kw_arrival_waking(struct kw_extract *x, const struct kw_trace_event *ev,
		       struct kw_vcpu *v)
{
	struct kw_vcpu *from = kw_extract_thread(x, ev->pid);
	bool hardirq = kw_trace_in_hardirq(ev);
	uint64_t recent = x->now_ns - MIN(x->now_ns, RAISE_NS);

	if (v->wait && v->waking_ns == KW_NO_TIME) {
		v->waking_ns = x->now_ns;
		v->waking_hardirq = hardirq;
		kw_extract_comm(v->waker_comm, ev);
		/* a kick may come late, when a first one has done its work */
		if (v->raiser_tid == ev->pid &&
		    v->raised_ns >= (from ? from->since_ns : recent))
			v->explained = true;
	}
	if (hardirq)
		return;
	if (x->spi.open && x->spi.tid == ev->pid) {
		close_spi(x, v->id >= 0 ? v->id : 0);
	} else if (from && from != v && from->where == KW_WHERE_HOST &&
		   !from->wait && v->id >= 0) {
		if (is_power_call(from)) {
			kw_step_flush_run(x, from);
			kw_step_push(x, from, (struct kw_step){
				.kind = KW_STEP_ON,
				.vcpu = (uint16_t)v->id });
		} else if (!x->seen[KW_TRACE_QUEUE_IRQ]) {
			send_sgi_once(x, from, v);
		}
	}
}

/*
 * sched_waking of thread tid, which is not known yet: maybe a vCPU's.  What
 * was done to it is a step without a target until the end.
 */
void kw_arrival_waking_unknown(struct kw_extract *x,
			       const struct kw_trace_event *ev, int tid)
{
	struct kw_vcpu *from = kw_extract_thread(x, ev->pid);
	struct kw_early early = { .tid = tid, .from = from };
	struct kw_step step = { .vcpu = KW_MAX_VCPUS };

	if (!from || from->where != KW_WHERE_HOST || from->wait ||
	    x->stopped || x->wakings->len >= KW_MAX_VCPUS ||
	    kw_trace_in_hardirq(ev))
		return;
	if (is_power_call(from))
		step.kind = KW_STEP_ON;
	else if (from->sgi == KW_SGI_OPEN)
		step.kind = KW_STEP_SGI;
	else
		return;
	from->sgi = from->sgi ? KW_SGI_FOUND : KW_SGI_NONE;
	kw_step_flush_run(x, from);
	kw_step_push(x, from, step);
	early.step = from->steps->len - 1;
	g_array_append_val(x->wakings, early);
}

/* At the end the threads are known: whose vCPU was it? */
void kw_arrival_resolve(struct kw_extract *x)
{
	const struct kw_early *e;
	struct kw_step *s;
	struct kw_vcpu *v;
	unsigned i;

	for (i = 0; i < x->wakings->len; i++) {
		e = &g_array_index(x->wakings, struct kw_early, i);
		s = &g_array_index(e->from->steps, struct kw_step, e->step);
		v = kw_extract_thread(x, e->tid);
		if (v)
			s->vcpu = (uint16_t)v->id;
		else if (s->kind == KW_STEP_SGI)
			x->nr_sgis_unknown++;
	}
}

bool kw_arrival_was_early(const struct kw_extract *x, const struct kw_vcpu *v)
{
	const struct kw_early *e;
	const struct kw_step *s;
	unsigned i;

	for (i = 0; i < x->wakings->len; i++) {
		e = &g_array_index(x->wakings, struct kw_early, i);
		s = &g_array_index(e->from->steps, struct kw_step, e->step);
		if (e->tid == v->tid && s->kind == KW_STEP_SGI)
			return true;
	}
	return v->id >= 0 && x->early[v->id];
}

/* A reschedule IPI from the vgic to a CPU, sent by a vCPU's thread. */
void kw_arrival_ipi(struct kw_extract *x, struct kw_vcpu *from, int cpu)
{
	struct kw_vcpu *v;
	unsigned i;

	if (!from->sgi)
		return;
	for (i = 0; i < x->vcpus->len; i++) {
		v = x->vcpus->pdata[i];
		if (v != from && v->cpu == cpu && v->id >= 0 &&
		    v->where == KW_WHERE_GUEST) {
			send_sgi_once(x, from, v);
			return;
		}
	}
}

/* The CPUs of "target_mask=00000000,00000004 (Rescheduling interrupts)" */
void kw_arrival_ipis(struct kw_extract *x, struct kw_vcpu *from,
		     const struct kw_trace_args *a)
{
	const char *p = a->s[0].p + a->s[0].len;
	int cpu = 0, digit, bit;

	if (!from->sgi || a->s[1].len < 5 ||
	    strncmp(a->s[1].p, "Resch", 5))
		return;
	while (p > a->s[0].p) {
		digit = g_ascii_xdigit_value(*--p);
		if (digit < 0)
			continue;
		for (bit = 0; bit < 4; bit++)
			if (digit >> bit & 1)
				kw_arrival_ipi(x, from, cpu + bit);
		cpu += 4;
	}
}

/*
 * An SGI was written and nobody was woken or kicked: it is for a vCPU that
 * polls, if there is exactly one; or for the sender itself, if every other
 * vCPU would have been woken or kicked.
 */
void kw_arrival_sgi_end(struct kw_extract *x, struct kw_vcpu *from)
{
	struct kw_vcpu *v, *found = NULL;
	unsigned i, polling = 0, silent = 0;

	if (from->sgi != KW_SGI_OPEN) {
		from->sgi = KW_SGI_NONE;
		return;
	}
	from->sgi = KW_SGI_NONE;
	for (i = 0; i < x->vcpus->len; i++) {
		v = x->vcpus->pdata[i];
		if (v == from || v->id < 0)
			continue;
		if (v->wait && !v->blocked) {
			found = v;
			polling++;
		} else if (v->where != KW_WHERE_GUEST && !v->wait) {
			silent++;
		}
	}
	if (polling == 1)
		send_sgi(x, from, found->id, 0);
	else if (!polling && !silent && from->id >= 0)
		send_sgi(x, from, from->id, 0);
	else if (!x->stopped)
		x->nr_sgis_unknown++;
}

/* The wait of v ended, woken, and no interrupt for it was seen. */
void kw_arrival_unexplained(struct kw_extract *x, struct kw_vcpu *v)
{
	if (v->waking_hardirq && !x->seen[KW_TRACE_TIMER_UPDATE] &&
	    !x->seen[KW_TRACE_VGIC_UPDATE])
		kw_step_timer(x, v);
	else if (v->id >= 0)
		arrive(x, -1, v->id, v->waking_ns,
		       v->waking_hardirq ? "interrupt" : v->waker_comm);
}
