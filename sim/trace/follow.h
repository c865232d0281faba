/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the vCPU threads of a recording did, reconstructed in one pass.
 *
 *	static const struct kw_follow_ops ops = { .sleep = on_sleep };
 *	struct kw_follow *f = kw_follow_new();
 *	kw_follow_add(f, &ops, arg);		as often as there are consumers
 *	if (!kw_follow_file(f, path, &err))	a recording's parts, in order
 *		...
 *	kw_follow_end(f);			sleeps that are still open
 *	kw_follow_vcpu(f, i), kw_follow_totals(f)
 *	kw_follow_free(f);
 *
 * Promises:
 *  - memory does not depend on the length of the recording: what a callback
 *    is given lives until it returns, vCPUs live until kw_follow_free();
 *  - callbacks come in the order in which things ended: a span or a sleep
 *    when its last event has been read, a kick when its effect is known;
 *  - spans of one vCPU follow each other without a gap; a sleep lies between
 *    the events that its marks name, and a mark of line 0 is an event that
 *    the recording does not hold (not recorded, lost, or before its begin);
 *  - what was concluded and not read says so: `inferred`, `guess` or a
 *    missing mark; nothing is reported as a fact that another explanation
 *    fits, too;
 *  - any subset of events is read, with kprobes or without; damaged lines
 *    are told (ops.damaged) and skipped, after lost events no sleep joins
 *    what was before with what is after.
 */
#ifndef KW_FOLLOW_H
#define KW_FOLLOW_H

#include "trace.h"

struct kw_mark {		/* an event's place; line 0: not seen */
	uint64_t ns;		/* as recorded */
	uint64_t line;
	unsigned file;		/* of kw_follow_file(), from 0 */
};

#define KW_VCPU_STATES(X) \
	X(UNKNOWN,	"unknown")	/* nothing seen of it yet */ \
	X(GUEST,	"guest")	/* kvm_entry .. kvm_exit */ \
	X(HOST,		"host")	/* in KVM, running */ \
	X(POLL,		"poll")		/* in a WFI, running */ \
	X(BLOCKED,	"blocked")	/* in a WFI, switched out */ \
	X(OFF,		"off")		/* asleep since PSCI CPU_OFF */ \
	X(PAUSED,	"paused")	/* asleep in KVM, no WFI, not off */ \
	X(USER,		"user")		/* out in user space */ \
	X(PREEMPTED,	"preempted")	/* switched out in no wait */
enum kw_vcpu_state {
#define X(id, name) KW_VCPU_##id,
	KW_VCPU_STATES(X)
#undef X
	KW_NR_VCPU_STATES
};
extern const char *const kw_vcpu_state_names[KW_NR_VCPU_STATES];

struct kw_thread {		/* of a vCPU */
	unsigned index;		/* order of discovery */
	int tid, id;		/* id: KVM's vcpu_id, -1 if nothing tells */
	unsigned vm;		/* may still change until kw_follow_end() */
	int tgid;		/* -1: not recorded (record-tgid) */
	int cpu;		/* seen last on */
	char comm[16];
	enum kw_vcpu_state state;
	struct kw_mark since;	/* its first event in this state */
};

struct kw_vcpu_span {		/* one vCPU in one state */
	const struct kw_thread *vcpu;
	enum kw_vcpu_state state;
	struct kw_mark from, to;
	bool inferred;		/* an event that should begin it is missing */
};

#define KW_WAKE_CAUSES(X) \
	X(UNKNOWN,	"unknown") \
	X(TIMER,	"timer")	/* the vCPU's background timer */ \
	X(SGI,		"SGI") \
	X(PPI,		"PPI")		/* also the PMU's, and a timer's line \
					   raised by its own handler */ \
	X(SPI,		"SPI") \
	X(LPI,		"LPI") \
	X(DOORBELL,	"doorbell")	/* GICv4 */ \
	X(KICK,		"kick")		/* a kick without an interrupt */ \
	X(RESUME,	"resume")	/* kvm_arm_resume_guest() */ \
	X(PSCI,		"PSCI")		/* CPU_ON by another vCPU */ \
	X(SIGNAL,	"signal") \
	X(NONE,		"none")		/* nobody had to: true at once */
enum kw_wake_cause {
#define X(id, name) KW_WAKE_##id,
	KW_WAKE_CAUSES(X)
#undef X
	KW_NR_WAKE_CAUSES
};
extern const char *const kw_wake_cause_names[KW_NR_WAKE_CAUSES];

/* One waking of a thread that was asleep. */
struct kw_wake {
	struct kw_mark waking;	/* sched_waking, in the waker's context */
	struct kw_mark wakeup;	/* sched_wakeup: queued on the target's CPU */
	struct kw_mark in;	/* switched in */
	struct kw_mark origin;	/* the event that tells the cause */
	enum kw_wake_cause cause;
	bool inferred;		/* the cause, from circumstances */
	bool hardirq;		/* the waker was a hard interrupt handler */
	bool in_sync;		/* a vCPU's thread after its guest's exit, in
				   kvm_vgic_sync_hwstate(): moves interrupts */
	bool listed;		/* the interrupt was on a list before */
	int intid;		/* -1: none, or not known */
	int waker_tid;
	const struct kw_thread *waker;	/* a vCPU, or NULL */
	char waker_comm[16];
	int8_t runnable;	/* the predicate's next value; -1: not seen */
	struct kw_mark verdict;	/* where it was seen */
	struct kw_mark out;	/* switched out again: it was woken in vain */
};

/* An interrupt that was made pending for a vCPU in a WFI. */
enum kw_due_kind {
	KW_DUE_QUEUED,		/* vgic_queue_irq, enabled, not active */
	KW_DUE_LINE,		/* a line went up: timer, PMU, PPI; without
				   the probe an SPI's, maybe for it */
	KW_DUE_OVERFLOW,	/* PMU overflow handled at the WFI's exit */
	KW_DUE_SGI,		/* another vCPU sent an SGI, maybe to it */
};
struct kw_due {
	enum kw_due_kind kind;
	int intid;		/* -1: not known */
	struct kw_mark at;
	int by_tid;		/* the task in whose context it was */
	bool line;		/* only its line is up, nothing is latched */
	bool listed;		/* it was on a list (an ap_list) before */
	bool inferred;		/* of an overflow: no probe, but the PMU's
				   handler ran at the exit */
	bool kicked;		/* its kick followed */
	bool woke;		/* the waking followed from its context */
	struct kw_mark over;	/* queueing and kick were done by then */
	bool denied;		/* the predicate, begun after that, was false */
	bool gone;		/* its line went down again */
	bool awake;		/* the vCPU was running, or on its way */
};

#define KW_SLEEP_KINDS(X) \
	X(WFI,		"WFI") \
	X(SUSPEND,	"suspend")	/* as a WFI, by another exit */ \
	X(OFF,		"off")		/* PSCI CPU_OFF, or not yet on */ \
	X(PAUSED,	"paused")	/* in KVM, neither */ \
	X(USER,		"user")		/* in the VMM's own code */ \
	X(UNKNOWN,	"unknown")	/* where it was is not recorded */
enum kw_sleep_kind {
#define X(id, name) KW_SLEEP_##id,
	KW_SLEEP_KINDS(X)
#undef X
	KW_NR_SLEEP_KINDS
};
extern const char *const kw_sleep_kind_names[KW_NR_SLEEP_KINDS];

enum kw_sleep_end {
	KW_END_ENTRY,		/* back in the guest */
	KW_END_USER,		/* out to user space */
	KW_END_OTHER,		/* running again, what for is not recorded */
	KW_END_LOST,		/* events were lost, the end among them */
	KW_END_OPEN,		/* the recording ended first */
};

#define KW_MAX_WAKES 8
#define KW_MAX_DUE 16

/*
 * One sleep: of kind WFI from the exit of the WFI to the next guest entry,
 * whether it blocked, polled, or passed; of another kind from switching out.
 *
 *	exit  check.. out        waking wakeup  in  verdict report   entry
 *	|-----|-------|~~~~~~~~~~|------|-------|---|-------|--------|
 *	 poll, predicate  asleep   waking running predicate   entry
 */
struct kw_sleep {
	const struct kw_thread *vcpu;
	uint64_t number;	/* of the vCPU's sleeps, from 0 */
	enum kw_sleep_kind kind;
	bool inferred;		/* the kind, from circumstances */
	bool blocked;		/* it was switched out */
	bool begun_before;	/* the recording begins in it */
	bool damaged;		/* a damaged or misplaced line lies in it */
	enum kw_sleep_end how;

	struct kw_mark exit;	/* kvm_exit that led to it */
	struct kw_mark check;	/* first evaluation of the predicate */
	struct kw_mark out;	/* first switched out, asleep */
	struct kw_mark false_;	/* the predicate was first false */
	struct kw_mark true_;	/* it was first true */
	struct kw_mark report;	/* kvm_vcpu_wakeup */
	struct kw_mark user;	/* kvm_userspace_exit */
	struct kw_mark end;	/* what `how` says; LOST, OPEN: seen last */

	unsigned nr_checks;	/* evaluations seen (polling: many) */
	unsigned nr_true;
	int8_t runnable;	/* the last one's value; -1: none seen */
	int check_ret;		/* kvm_vcpu_check_block(); 0 or -EINTR (-4);
				   KW_NO_RET if it is not recorded */
	uint64_t requests;	/* pending at the first check */
	struct kw_mark queued;	/* an interrupt was last queued for it, since
				   the wait before this one began */
	int8_t reported;	/* kvm_vcpu_wakeup: 1 wait, 0 poll, -1 none */
	uint64_t reported_ns;
	int8_t polled;		/* halt polling was on for it; -1 not known */
	bool restart;		/* kvm_userspace_exit: restart (a signal) */

	enum kw_wake_cause cause;	/* of its end */
	bool guess;			/* the cause, from circumstances */
	int intid;			/* -1: none, or not known */

	unsigned nr_wakes;	/* beyond KW_MAX_WAKES the last one stays */
	struct kw_wake wakes[KW_MAX_WAKES];
	unsigned nr_due;	/* beyond KW_MAX_DUE they are only counted */
	struct kw_due due[KW_MAX_DUE];
};
#define KW_NO_RET INT_MAX

/* The last wake, or NULL. */
const struct kw_wake *kw_sleep_last_wake(const struct kw_sleep *s);

enum kw_latency {
	KW_LATENCY_WAKING,	/* sched_waking .. sched_wakeup */
	KW_LATENCY_RUNNING,	/* .. switched in */
	KW_LATENCY_PREDICATE,	/* .. the predicate's verdict */
	KW_LATENCY_ENTRY,	/* .. kvm_entry */
	KW_LATENCY_ALL,		/* sched_waking .. kvm_entry */
	KW_NR_LATENCIES
};
extern const char *const kw_latency_names[KW_NR_LATENCIES];
/* Of the last wake; false where a mark is missing, or it was in vain. */
bool kw_sleep_latency(const struct kw_sleep *s, enum kw_latency part,
		      uint64_t *ns);

enum kw_kick_effect {
	KW_KICK_NOTHING,	/* neither asleep nor in the guest */
	KW_KICK_WOKE,
	KW_KICK_IPI,
	KW_NR_KICK_EFFECTS
};
enum kw_kick_caller {
	KW_CALLER_SELF,		/* the vCPU's own thread */
	KW_CALLER_VCPU,		/* another vCPU's thread */
	KW_CALLER_TASK,		/* a thread of the VMM or the kernel */
	KW_CALLER_HARDIRQ,	/* a hard interrupt handler, on any thread */
	KW_NR_KICK_CALLERS
};
extern const char *const kw_kick_effect_names[KW_NR_KICK_EFFECTS];
extern const char *const kw_kick_caller_names[KW_NR_KICK_CALLERS];

struct kw_kick {		/* needs the probe vcpu_kick */
	struct kw_mark at;
	const struct kw_thread *target;	/* NULL: its thread is not known */
	int target_id;
	enum kw_kick_caller caller;
	enum kw_kick_effect effect;
	int intid;		/* queued with it; -1: none seen */
};

struct kw_follow_totals {
	uint64_t nr_lines, nr_events, nr_damaged, nr_unknown, nr_misfit;
	uint64_t nr_lost, nr_lost_places, nr_backwards;
	uint64_t nr_no_flags;	/* events that do not say in which context
				   they were (perf script, noirq-info) */
	uint64_t first_ns, last_ns;
	uint64_t by_id[KW_TRACE_NR_IDS];
	uint64_t entries_written; /* the header's; 0: it has none */
};

struct kw_follow_ops {		/* each may be NULL */
	/* Every event, after it took effect.  vcpu: of its task, or NULL. */
	void (*event)(void *arg, const struct kw_trace_event *ev,
		      const struct kw_mark *at, const struct kw_thread *vcpu);
	void (*span)(void *arg, const struct kw_vcpu_span *span);
	void (*sleep)(void *arg, const struct kw_sleep *sleep);
	void (*kick)(void *arg, const struct kw_kick *kick);
	/* A damaged line, lost events, or text that does not fit its event. */
	void (*damaged)(void *arg, const struct kw_mark *at,
			const char *message);
};

struct kw_follow;

struct kw_follow *kw_follow_new(void);
/* Another consumer, called after those that were added before it. */
#define KW_MAX_CONSUMERS 8
void kw_follow_add(struct kw_follow *f, const struct kw_follow_ops *ops,
		   void *arg);
/*
 * Reads a file to its end.  False only if it cannot be read at all; what is
 * damaged in it goes to ops.damaged.  Further files go on where the last
 * one ended: parts of one recording.
 */
bool kw_follow_file(struct kw_follow *f, const char *path, GError **err);
/* The same, event by event, for one who reads himself. */
void kw_follow_event(struct kw_follow *f, const struct kw_trace_event *ev,
		     uint64_t line);
void kw_follow_lost(struct kw_follow *f, const struct kw_trace_event *ev,
		    uint64_t line);
void kw_follow_end(struct kw_follow *f);
void kw_follow_free(struct kw_follow *f);

unsigned kw_follow_nr_vcpus(const struct kw_follow *f);
struct kw_thread *kw_follow_vcpu(const struct kw_follow *f, unsigned i);
const struct kw_follow_totals *kw_follow_totals(const struct kw_follow *f);
/* Was an event of this kind recorded so far? */
bool kw_follow_has(const struct kw_follow *f, enum kw_trace_id id);

#endif
