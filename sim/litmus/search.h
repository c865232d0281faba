/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A search over a litmus test.  A state is: a position per thread, its
 * registers (numbers of values), then the words of weak/.
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
	unsigned regs, weak;		/* where they begin in a state */
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
/* The variable that t's instruction is about, or -1: no variable. */
int kw_lit_target(struct kw_lit_search *s, uint16_t *state, unsigned t);
uint16_t kw_lit_address_view(struct kw_lit_search *s, uint16_t *state,
			     unsigned t);
/* Executes what only t can notice, then makes the state canonical. */
bool kw_lit_settle(struct kw_lit_search *s, uint16_t *state);
/* Whether t can execute its instruction in its choice-th way, and does. */
enum kw_lit_did { KW_LIT_DID, KW_LIT_BLOCKED, KW_LIT_NO_CHOICE };
enum kw_lit_did kw_lit_exec(struct kw_lit_search *s, uint16_t *state,
			    unsigned t, unsigned choice);
void kw_lit_drain(struct kw_lit_search *s, uint16_t *state, unsigned t,
		  unsigned k);

#endif
