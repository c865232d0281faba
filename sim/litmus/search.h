/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A search over a litmus test.  A state is: a position per thread, its
 * registers (numbers of values), its late loads, then the words of weak/.
 */
#ifndef KW_LITMUS_SEARCH_H
#define KW_LITMUS_SEARCH_H

#include "code.h"
#include "table.h"

struct kw_lit_search {
	const struct kw_litmus *l;
	const struct kw_litmus_opts *opts;
	struct kw_litmus_result *r;
	struct kw_weak w;
	unsigned nr_regs;		/* per thread */
	unsigned regs, late, weak;	/* where they begin; late: or 0 */
	unsigned nr_words;
	GArray *values;			/* int64_t: what a number stands for */
	GHashTable *numbers;		/* int64_t: its number + 1 */
	struct kw_lit_table seen;
	GArray *todo;			/* uint32_t: states to go on from */
	GHashTable *ends;		/* GBytes: shown values, each once */
	uint16_t *now, *next;
};

static inline uint16_t *kw_lit_reg_at(const struct kw_lit_search *s,
				      uint16_t *state, unsigned t,
				      unsigned reg)
{
	return state + s->regs + t * s->nr_regs + reg;
}

static inline const struct kw_lit_insn *
kw_lit_at(const struct kw_lit_search *s, const uint16_t *state, unsigned t)
{
	return kw_lit_insn(s->l, t, state[t]);
}

/* exec.c */
uint16_t kw_lit_number(struct kw_lit_search *s, int64_t value);
int64_t kw_lit_value(const struct kw_lit_search *s, uint16_t number);
/* The variable that an instruction of t is about, or -1: no variable. */
int kw_lit_target(struct kw_lit_search *s, uint16_t *state, unsigned t,
		  const struct kw_lit_insn *insn);
/* The register becomes value, if it is one. */
void kw_lit_set_reg(struct kw_lit_search *s, uint16_t *state, unsigned t,
		    unsigned reg, int64_t value, uint16_t view);
/* Executes what only t can notice, then makes the state canonical. */
bool kw_lit_settle(struct kw_lit_search *s, uint16_t *state);
/* Whether t can execute its instruction in its choice-th way, and does. */
enum kw_lit_did { KW_LIT_DID, KW_LIT_BLOCKED, KW_LIT_NO_CHOICE };
enum kw_lit_did kw_lit_exec(struct kw_lit_search *s, uint16_t *state,
			    unsigned t, unsigned choice);
/* The same for its late load i, which has to be late. */
enum kw_lit_did kw_lit_exec_late(struct kw_lit_search *s, uint16_t *state,
				 unsigned t, unsigned i, unsigned choice);
void kw_lit_drain(struct kw_lit_search *s, uint16_t *state, unsigned t,
		  unsigned k);

/* late.c: t's next instruction is a load that may be late; make it so. */
bool kw_lit_may_be_late(struct kw_lit_search *s, const uint16_t *state,
			unsigned t);
void kw_lit_make_late(struct kw_lit_search *s, uint16_t *state, unsigned t);
/* Whether t cannot go on before a late load. */
bool kw_lit_waits_for_late(struct kw_lit_search *s, uint16_t *state,
			   unsigned t);
/* The i-th load of t that may be late, if it is; NULL: it is not. */
const struct kw_lit_insn *kw_lit_late_load(const struct kw_lit_search *s,
					   const uint16_t *state, unsigned t,
					   unsigned i);
/* What t's late loads are of, and the registers in their addresses. */
uint64_t kw_lit_late_vars(struct kw_lit_search *s, uint16_t *state,
			  unsigned t);
uint64_t kw_lit_late_regs(const struct kw_lit_search *s,
			  const uint16_t *state, unsigned t);

#endif
