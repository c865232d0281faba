/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ground truth: does SPEC(v) hold, from the architectural state alone.
 *
 *	SPEC(v) = !W_u && (!W_i || I*)
 *
 * with I* = something of v's own pends, or an interrupt that the
 * architecture routes to v is deliverable, wherever a kernel has recorded
 * it.  The terms are the Lua paths of lua/kvmwake/oracle.lua; what this
 * layer adds is that each is evaluated again only when one of its fields
 * changed.
 *
 *	nr_deliverable[v] == number of irqs i with deliverable(i) and
 *	                     hw_target(i) == v
 */
#ifndef KW_ORACLE_H
#define KW_ORACLE_H

#include "../program/program.h"

enum kw_waits { KW_WAITS_NOT, KW_WAITS_IRQ, KW_WAITS_STOPPED };

struct kw_oracle {
	const struct kw_program *program;
	unsigned nr_irqs, nr_vcpus;
	uint16_t *irq_object, *vcpu_object;	/* object numbers by index */
	uint16_t *irq_vcpu;	/* [irq]: vCPU + 1 that it is deliverable to */
	struct kw_oracle_vcpu {
		uint16_t nr_deliverable;
		uint8_t pending, waits;
		uint8_t spec;
		uint16_t cause;	/* object that made SPEC true last */
	} *vcpus;
	struct kw_oracle_vcpu *kept_vcpus;	/* see kw_oracle_keep() */
	uint16_t *kept_irq_vcpu;
	uint16_t *changed;	/* vCPUs whose SPEC or waits changed in the
				   last touch, each at most twice */
	unsigned nr_changed;
};

struct kw_oracle *kw_oracle_new(const struct kw_program *p);
void kw_oracle_free(struct kw_oracle *o);
/* Everything anew, for state s. */
void kw_oracle_reset(struct kw_oracle *o, uint8_t *s);
/* Keeps what it says now: runs that begin alike go back to it. */
void kw_oracle_keep(struct kw_oracle *o);
void kw_oracle_go_back(struct kw_oracle *o);
/*
 * An architectural field of the object at addr changed (all: one that
 * concerns every interrupt); o->changed says what follows.
 */
void kw_oracle_touch(struct kw_oracle *o, uint8_t *s, unsigned addr, bool all);

#endif
