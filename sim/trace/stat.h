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
	X(EARLY_KICK,	"early kick")	/* for an interrupt that was still on \
					   another vCPU's list */ \
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

#define KW_VCPU_COUNTS(X) \
	X(ENTRIES, "entries") /* kvm_entry */ \
	X(EXITS, "exits") /* kvm_exit */ \
	X(WFX_EXITS, "wfx_exits") /* of them: class WFx */ \
	X(WFI, "wfi") /* kvm_wfx_arm64 */ \
	X(WFE, "wfe") \
	X(SIGNAL_EXITS, "signal_exits") /* kvm_userspace_exit: restart */ \
	X(WAITS, "waits") /* sleeps of kind WFI and SUSPEND */ \
	X(BLOCKED, "blocked") /* of them: switched out */ \
	X(REPORT_WAIT, "report_wait") /* kvm_vcpu_wakeup: wait */ \
	X(REPORT_POLL, "report_poll") /* kvm_vcpu_wakeup: poll */ \
	X(POLLED, "polled") /* halt polling attempted */ \
	X(POLLED_OK, "polled_ok") /* ... and successful */ \
	X(POLL_UNKNOWN, "poll_unknown") /* not known whether attempted */ \
	X(POLL_UNKNOWN_OK, "poll_unknown_ok") \
	X(REPORTED_WAIT_NS, "reported_wait_ns") \
	X(SGIS, "sgis") /* probe dispatch_sgi */ \
	X(SGI_TRAPS, "sgi_traps") /* ICC_SGI1R written, kvm_sys_access */
enum kw_vcpu_count {
#define X(id, name) KW_COUNT_##id,
	KW_VCPU_COUNTS(X)
#undef X
	KW_NR_VCPU_COUNTS
};
extern const char *const kw_vcpu_count_names[KW_NR_VCPU_COUNTS];

struct kw_vcpu_stat {
	const struct kw_thread *vcpu;	/* NULL: of several, or of none */
	uint64_t counts[KW_NR_VCPU_COUNTS];
	uint64_t nr_sleeps[KW_NR_SLEEP_KINDS];
	uint64_t nr_causes[KW_NR_WAKE_CAUSES], nr_guesses[KW_NR_WAKE_CAUSES];
	uint64_t nr_vain[KW_NR_VAINS], nr_vain_possible[KW_NR_VAINS];
	uint64_t nr_kicks[KW_NR_KICK_CALLERS][KW_NR_KICK_EFFECTS];
	uint64_t state_ns[KW_NR_VCPU_STATES];
	struct kw_hist latency[KW_NR_LATENCIES], wait;
};

struct kw_stat {
	GPtrArray *vcpus;		/* struct kw_vcpu_stat, by index */
	struct kw_vcpu_stat nobody;	/* kicks of one that is not known */
	/* ipi_raise, of all CPUs: by their reason */
	uint64_t nr_ipi_resched, nr_ipi_call, nr_ipi_other;
};

struct kw_stat *kw_stat_new(void);
void kw_stat_free(struct kw_stat *st);
extern const struct kw_follow_ops kw_stat_ops;
/* Of the thread; never NULL. */
struct kw_vcpu_stat *kw_stat_vcpu(struct kw_stat *st,
				  const struct kw_thread *vcpu);
void kw_stat_add(struct kw_vcpu_stat *to, const struct kw_vcpu_stat *v);
/* It is known that halt polling was off. */
void kw_stat_no_polling(struct kw_stat *st);
/* Of all vCPUs together. */
void kw_stat_all(struct kw_stat *st, struct kw_vcpu_stat *all);

#endif
