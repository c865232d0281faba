/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the registers of an actor hold at each node where it may stand: an
 * object's or a field's address where it is the same whenever it is there.
 */
#ifndef KW_REGISTERS_H
#define KW_REGISTERS_H

#include "../program/paths.h"

enum { KW_REG_UNSET = -1, KW_REG_VARIES = -2 };

struct kw_registers {
	const struct kw_program *p;
	const struct kw_paths *paths;
	const bool *stored;	/* [address]: a reference is stored there */
	bool any_stored;	/* ... somewhere that is not known */
	uint64_t (*writes)[4];	/* [entry]: registers that its path writes */
	/* of one actor: */
	const GArray *nodes;	/* uint16_t: where it may stand */
	const uint16_t *index;	/* [node] + 1 */
	unsigned nr_regs;
	int *in;		/* [index * nr_regs + register] */
};

void kw_registers_init(struct kw_registers *r, const struct kw_program *p,
		       const struct kw_paths *paths);
void kw_registers_free(struct kw_registers *r);
/* Of another actor. */
void kw_registers_find(struct kw_registers *r, const struct kw_actor *ac,
		       const GArray *nodes, const uint16_t *index);

/* What reg holds when the actor stands at its i-th node. */
static inline int kw_register_at(const struct kw_registers *r, unsigned i,
				 unsigned reg)
{
	if (!reg)
		return 0;
	return reg < r->nr_regs ? r->in[i * r->nr_regs + reg] : KW_REG_VARIES;
}

#endif
