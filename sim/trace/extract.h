/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an import collects while it reads a recording (private to trace/).
 *
 * Times are ns since the window's start, which is the first event.  Memory
 * is bounded by the limit: the window ends when a vCPU has waited, or a
 * source has fired, `limit` times; later events are only counted.
 */
#ifndef KW_EXTRACT_H
#define KW_EXTRACT_H

#include "trace.h"

#define KW_NO_TIME UINT64_MAX
#define KW_MAX_VCPUS 512
#define KW_MAX_SOURCES 256
#define KW_MAX_UNKNOWN 64	/* names of events that are not in events.def */

/* What a vCPU's guest did, in order. */
enum kw_step_kind {
	KW_STEP_RUN,	/* was in the guest for ns */
	KW_STEP_SGI,	/* sent SGI irq to vCPU id `vcpu` */
	KW_STEP_PMI,	/* its PMU overflowed */
	KW_STEP_ON,	/* PSCI CPU_ON of vCPU id `vcpu` */
	KW_STEP_OFF,	/* did not run for ns and was not in WFI: off, paused,
			   or not yet there */
	KW_STEP_WFI,	/* waited; ns from here to the expiry of its timer, or
			   KW_NO_TIME */
};

struct kw_step {
	uint8_t kind;
	uint8_t irq;
	uint16_t vcpu;
	uint64_t ns;
	uint64_t at_ns;		/* when */
};

enum kw_where { KW_WHERE_UNKNOWN, KW_WHERE_GUEST, KW_WHERE_HOST };

/* ICC_SGI1R written since the last exit: no, yes, and its target is known */
enum kw_sgi { KW_SGI_NONE, KW_SGI_OPEN, KW_SGI_FOUND };

struct kw_vcpu {
	int tid;
	int id;			/* KVM's vcpu_id; -1: not known yet */
	int cpu;		/* seen last on */
	char comm[16];
	GArray *steps;		/* struct kw_step */

	uint8_t where;
	uint8_t ec;		/* class of the last exit */
	bool wait;		/* in WFI: WFx exit .. next entry */
	bool blocked;		/* in it: switched out sleeping */
	bool slept;		/* switched out sleeping, and not in WFI */
	bool explained;		/* an interrupt for it was seen in the wait */
	bool signal;		/* the wait ended with a signal */
	bool preempted;		/* since the last exit: no sample of it */
	bool timer_level;
	uint8_t sgi;		/* enum kw_sgi */
	bool pmi_seen;		/* since the last entry */
	bool waking_hardirq;
	uint64_t since_ns;	/* `where` began */
	uint64_t run_ns;	/* in the guest since the last step */
	uint64_t out_ns, waking_ns, in_ns;	/* of the wait */
	uint64_t fired_ns;	/* timer that fired outside a known wait */
	unsigned timer_from;	/* first step whose timer is not known */
	char waker_comm[16];
	int raiser_tid;		/* last raised an interrupt for it, when */
	uint64_t raised_ns;

	unsigned nr_entries, nr_waits, nr_blocked, nr_polled;
	unsigned nr_futile, nr_signals, nr_timer;
};

/* An interrupt from outside the vCPUs, to one vCPU. */
struct kw_source {
	int intid;		/* -1: only the wake-up was seen */
	int vcpu;		/* id of its target */
	bool level;		/* a vCPU lowers the line, not its raiser */
	char comm[16];		/* of the task that raised it first */
	GArray *at;		/* uint64_t */
};

/* An SPI whose target is not known yet. */
struct kw_open_spi {
	bool open;
	int tid, intid;
	uint64_t at_ns;
	char comm[16];
};

/* A vCPU woke a thread that was not known to be one. */
struct kw_early {
	int tid;
	struct kw_vcpu *from;
	unsigned step;		/* of from, without a target */
};

enum kw_sample {
	KW_SAMPLE_BLOCK,	/* WFx exit .. switched out */
	KW_SAMPLE_WAKE,		/* sched_waking .. switched in, by a task */
	KW_SAMPLE_TIMER_WAKE,	/* the same, from a hard interrupt */
	KW_SAMPLE_RESUME,	/* switched in .. guest entry */
	KW_SAMPLE_EXIT,		/* exit .. entry where nothing else happened */
	KW_NR_SAMPLES
};

struct kw_extract {
	unsigned limit;
	GArray *only;		/* int: thread ids to use; empty: all */
	uint64_t first_ns;	/* absolute; the window's start */
	uint64_t now_ns;	/* of the last event */
	uint64_t end_ns;	/* the window's end */
	bool stopped;		/* the window has ended */

	GPtrArray *vcpus;	/* struct kw_vcpu */
	GHashTable *by_tid;
	struct kw_vcpu *last;	/* found last */
	GPtrArray *sources;	/* struct kw_source */
	struct kw_open_spi spi;
	int line_tid, line_intid;	/* a kvm_irq_line that the next
					   vgic_update_irq_pending repeats */
	GArray *samples[KW_NR_SAMPLES];	/* uint64_t */

	uint64_t nr_events, nr_lost, nr_lost_lines, nr_probe_args;
	uint64_t nr_sgis_unknown, nr_sources_dropped, nr_backwards;
	uint64_t halt_poll_ns;	/* the largest seen */
	int max_cpu;
	bool seen[KW_TRACE_NR_IDS];
	bool early[KW_MAX_VCPUS]; /* an interrupt for it came before its
				     thread was known */
	GArray *wakings;	/* struct kw_early */
	GHashTable *unknown;	/* name -> count */
	uint64_t nr_unknown;
};

struct kw_extract *kw_extract_new(unsigned limit, GArray *only);
void kw_extract_free(struct kw_extract *x);
/* One event; false if its text is damaged (not in the form of events.def). */
bool kw_extract_event(struct kw_extract *x, const struct kw_trace_event *ev);
void kw_extract_lost(struct kw_extract *x, const struct kw_trace_event *ev);
/*
 * No more events: closes what is open, numbers and sorts the vCPUs.  False
 * when there is none, or two threads run the same vCPU.
 */
bool kw_extract_finish(struct kw_extract *x, GError **err);
/* The vCPU with KVM's number id, or NULL. */
struct kw_vcpu *kw_extract_vcpu(const struct kw_extract *x, int id);
struct kw_vcpu *kw_extract_thread(struct kw_extract *x, int tid);
/* The task's name, only of printable characters. */
void kw_extract_comm(char to[16], const struct kw_trace_event *ev);
void kw_extract_sample(struct kw_extract *x, enum kw_sample s, uint64_t ns);
void kw_extract_stop(struct kw_extract *x);

/* steps.c: what a vCPU did. */
void kw_step_push(struct kw_extract *x, struct kw_vcpu *v,
		  struct kw_step step);
void kw_step_flush_run(struct kw_extract *x, struct kw_vcpu *v);
void kw_step_timer(struct kw_extract *x, struct kw_vcpu *v);
void kw_step_pmi(struct kw_extract *x, struct kw_vcpu *v);
void kw_vcpu_entry(struct kw_extract *x, struct kw_vcpu *v);
void kw_vcpu_exit(struct kw_extract *x, struct kw_vcpu *v, bool wfx,
		  unsigned ec);
void kw_vcpu_not_wfi(struct kw_extract *x, struct kw_vcpu *v);
void kw_vcpu_wakeup(struct kw_extract *x, struct kw_vcpu *v, bool waited);
void kw_vcpu_switch_out(struct kw_extract *x, struct kw_vcpu *v, bool asleep);
void kw_vcpu_switch_in(struct kw_extract *x, struct kw_vcpu *v);

/* arrivals.c: interrupts that reach a vCPU. */
void kw_arrival_irq_line(struct kw_extract *x, const struct kw_trace_event *ev,
			 const struct kw_trace_args *a);
void kw_arrival_vgic(struct kw_extract *x, const struct kw_trace_event *ev,
		     const struct kw_trace_args *a);
void kw_arrival_queue(struct kw_extract *x, const struct kw_trace_event *ev,
		      const struct kw_trace_args *a);
void kw_arrival_waking(struct kw_extract *x, const struct kw_trace_event *ev,
		       struct kw_vcpu *v);
void kw_arrival_waking_unknown(struct kw_extract *x,
			       const struct kw_trace_event *ev, int tid);
void kw_arrival_resolve(struct kw_extract *x);
/* Was there an interrupt for v before its thread was known? */
bool kw_arrival_was_early(const struct kw_extract *x, const struct kw_vcpu *v);
void kw_arrival_ipi(struct kw_extract *x, struct kw_vcpu *from, int cpu);
void kw_arrival_ipis(struct kw_extract *x, struct kw_vcpu *from,
		     const struct kw_trace_args *a);
void kw_arrival_sgi_end(struct kw_extract *x, struct kw_vcpu *from);
void kw_arrival_unexplained(struct kw_extract *x, struct kw_vcpu *v);
/* The SPI that task tid raised (-1: any) has no target that can be seen. */
void kw_arrival_flush(struct kw_extract *x, int tid);

#endif
