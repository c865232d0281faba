/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the reconstruction share (private to trace/).
 *
 * An execution context is where calls nest: a task, or the hard or soft
 * interrupt handlers of a CPU.  What a kick or a waking is for is told by the
 * events just before it in its own context.  Contexts are kept in a table of
 * fixed size; one that is thrown out has nothing open but what is stale.
 */
#ifndef KW_FOLLOW_INSIDE_H
#define KW_FOLLOW_INSIDE_H

#include "follow.h"

#define KW_MAX_THREADS 1024
#define KW_NR_CONTEXTS 1024	/* a power of two */
#define KW_CONTEXT_WAYS 8	/* slots in which one may be */

struct kw_context {
	int key;
	uint64_t used;		/* number of its last event; 0: never */
	/* the chain of calls that is open; each mark's line 0: it is not */
	struct kw_mark kick, queue, wake_up, bg_timer, psci_on, resume, sgi;
	struct kw_mark line_up, doorbell, overflow;
	struct kw_kick kicked;		/* of `kick` */
	int queue_intid;		/* of `queue` */
	bool queue_listed;
	struct kw_followed *queue_for;	/* whose due it is, or NULL */
	int wake_up_id;			/* of `wake_up` */
	int line_intid;			/* of `line_up` */
};

struct kw_followed {		/* a vCPU's thread, and what is open of it */
	struct kw_thread t;
	bool known;		/* else it only has a vCPU thread's name */
	bool id_told;		/* by an event, not by its name */
	enum kw_vcpu_state under; /* PREEMPTED: what it goes back to */
	bool inferred;		/* the state, by what is missing */
	bool asleep;		/* switched out, not back yet */
	bool open;		/* in a sleep: s */
	struct kw_sleep s;
	uint64_t nr_sleeps;
	struct kw_mark exit;	/* the last one */
	unsigned exit_class;
	bool off;		/* PSCI CPU_OFF since the last entry */
	bool suspend;		/* PSCI CPU_SUSPEND since the exit */
	bool cpu_on;		/* it called CPU_ON since the exit */
	int checking;		/* vCPU whose predicate it evaluates */
	struct kw_mark evaluating; /* since when */
	bool evaluated;		/* the predicate, in this check_block */
	struct kw_mark overflow; /* of its PMU, since the last entry */
	bool overflow_kicked, overflow_inferred;
	struct kw_mark queued;	/* for it, since its last wait began */
	int64_t halt_poll_ns;	/* -1: not known */
};

struct kw_follow {
	struct {
		const struct kw_follow_ops *ops;
		void *arg;
	} to[KW_MAX_CONSUMERS];
	unsigned nr_to;
	struct kw_follow_totals totals;
	struct kw_mark now;
	unsigned nr_files;
	GPtrArray *threads;	/* struct kw_followed */
	GHashTable *by_tid;
	struct kw_followed *last;
	unsigned nr_vms;
	struct kw_context contexts[KW_NR_CONTEXTS];
};

/* threads.c */
struct kw_followed *kw_followed_find(struct kw_follow *f, int tid);
/* ev's task as a vCPU's thread, from now on. */
struct kw_followed *kw_followed_make(struct kw_follow *f,
				     const struct kw_trace_event *ev);
/* A task that sched_* names: only where its name is that of a vCPU. */
struct kw_followed *kw_followed_named(struct kw_follow *f, int tid,
				      const char *comm, unsigned len);
/* Those that only have such a name. */
void kw_followed_forget(struct kw_follow *f);
void kw_followed_id(struct kw_follow *f, struct kw_followed *v, int64_t id);
/* The vCPU with KVM's number id, as seen from a task; NULL: ambiguous. */
struct kw_followed *kw_followed_by_id(struct kw_follow *f, int from_tid,
				      int64_t id);
struct kw_context *kw_context_of(struct kw_follow *f,
				 const struct kw_trace_event *ev);

/* state.c */
void kw_state_set(struct kw_follow *f, struct kw_followed *v,
		  enum kw_vcpu_state state, bool inferred);
void kw_state_entry(struct kw_follow *f, struct kw_followed *v);
void kw_state_exit(struct kw_follow *f, struct kw_followed *v, bool wfx,
		   unsigned exit_class);
void kw_state_user(struct kw_follow *f, struct kw_followed *v, bool restart);
void kw_state_out(struct kw_follow *f, struct kw_followed *v, char task);
void kw_state_in(struct kw_follow *f, struct kw_followed *v);
/* Whatever it did now is not known. */
void kw_state_lose(struct kw_follow *f, struct kw_followed *v);

/* sleep.c */
void kw_sleep_begin(struct kw_followed *v, enum kw_sleep_kind kind);
void kw_sleep_end(struct kw_follow *f, struct kw_followed *v,
		  enum kw_sleep_end how);
void kw_sleep_drop(struct kw_followed *v);
void kw_sleep_check(struct kw_follow *f, struct kw_followed *v,
		    const struct kw_trace_args *a);
void kw_sleep_runnable(struct kw_follow *f, struct kw_followed *v,
		       int64_t value);
void kw_sleep_report(struct kw_follow *f, struct kw_followed *v, bool waited,
		     uint64_t ns);
struct kw_due *kw_sleep_due(struct kw_follow *f, struct kw_followed *v,
			    enum kw_due_kind kind, int intid);
/* The wake that is under way, or a new one. */
struct kw_wake *kw_sleep_wake(struct kw_followed *v);

/* wake.c */
void kw_wake_queue(struct kw_follow *f, struct kw_context *c,
		   const struct kw_trace_event *ev,
		   const struct kw_trace_args *a);
void kw_wake_queued(struct kw_follow *f, struct kw_context *c,
		    const struct kw_trace_args *a);
void kw_wake_kick(struct kw_follow *f, struct kw_context *c,
		  const struct kw_trace_event *ev, int64_t id);
void kw_wake_waking(struct kw_follow *f, struct kw_context *c,
		    const struct kw_trace_event *ev, struct kw_followed *v);
void kw_wake_ipi(struct kw_context *c);
void kw_wake_returns(struct kw_follow *f, struct kw_context *c,
		     const struct kw_trace_event *ev,
		     const struct kw_trace_args *a);
void kw_wake_sgi(struct kw_follow *f, const struct kw_trace_event *ev);
/* Calls that the context has open are over. */
void kw_wake_close(struct kw_follow *f, struct kw_context *c);
void kw_wake_close_kick(struct kw_follow *f, struct kw_context *c);
void kw_wake_conclude(struct kw_sleep *s);

/* Tells every consumer that wants to know. */
#define kw_tell(f, op, ...) do { \
	unsigned to_; \
	for (to_ = 0; to_ < (f)->nr_to; to_++) \
		if ((f)->to[to_].ops->op) \
			(f)->to[to_].ops->op((f)->to[to_].arg, __VA_ARGS__); \
} while (0)

static inline bool kw_seen(const struct kw_mark *m)
{
	return m->line != 0;
}

#endif
