/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is counted of a recording, per vCPU and in all; and which wake-ups
 * were for nothing.  kw_follow_add(f, &kw_stat_ops, stat) counts.
 */
#ifndef KW_TRACE_STAT_H
#define KW_TRACE_STAT_H

#include "../base/hist.h"
#include "follow.h"

/* How a wake-up was for nothing. */
#define KW_VAINS(X) \
	X(NOT,		"not")		/* or nothing shows that it was */ \
	X(LATE_KICK,	"late kick")	/* for an interrupt that was taken \
					   before this wait began */ \
	X(RESUME,	"resume_guest")	/* kvm_arm_resume_guest() */ \
	X(SIGNAL,	"signal")	/* ended the wait, predicate false */ \
	X(OTHER,	"other")
enum kw_vain {
#define X(id, name) KW_VAIN_##id,
	KW_VAINS(X)
#undef X
	KW_NR_VAINS
};
extern const char *const kw_vain_names[KW_NR_VAINS];
/*
 * Wake i of the sleep.  *possible: the kind is not a fact; what evidence is
 * missing for it is in *missing then.
 */
enum kw_vain kw_wake_vain(const struct kw_sleep *s, unsigned i,
			  bool *possible, const char **missing);

struct kw_vcpu_stat {
	const struct kw_thread *vcpu;	/* NULL: of all */
	uint64_t nr_entries, nr_exits, nr_wfx_exits, nr_wfi, nr_wfe;
	uint64_t nr_signal_exits;	/* kvm_userspace_exit: restart */
	uint64_t nr_waits;		/* sleeps of kind WFI and SUSPEND */
	uint64_t nr_blocked;		/* of them: switched out */
	uint64_t nr_report_wait, nr_report_poll;	/* kvm_vcpu_wakeup */
	uint64_t nr_polled, nr_polled_ok;	/* halt polling attempted */
	uint64_t nr_poll_unknown;	/* before the first kvm_halt_poll_ns */
	uint64_t reported_wait_ns;
	uint64_t nr_sleeps[KW_NR_SLEEP_KINDS];
	uint64_t nr_causes[KW_NR_WAKE_CAUSES], nr_guesses[KW_NR_WAKE_CAUSES];
	uint64_t nr_vain[KW_NR_VAINS], nr_vain_possible[KW_NR_VAINS];
	uint64_t nr_kicks[KW_NR_KICK_CALLERS][KW_NR_KICK_EFFECTS];
	uint64_t nr_sgis;		/* sent: ICC_SGI1R_EL1 writes */
	uint64_t state_ns[KW_NR_VCPU_STATES];
	struct kw_hist latency[KW_NR_LATENCIES], wait;
};

struct kw_stat {
	GPtrArray *vcpus;		/* struct kw_vcpu_stat, by index */
	struct kw_vcpu_stat all;
	/* ipi_raise, of all CPUs: by their reason */
	uint64_t nr_ipi_resched, nr_ipi_call, nr_ipi_other;
};

struct kw_stat *kw_stat_new(void);
void kw_stat_free(struct kw_stat *st);
extern const struct kw_follow_ops kw_stat_ops;
/* Of the thread; never NULL. */
struct kw_vcpu_stat *kw_stat_vcpu(struct kw_stat *st,
				  const struct kw_thread *vcpu);

#endif
