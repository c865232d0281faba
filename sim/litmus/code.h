/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a litmus test is compiled to.
 *
 * A thread is a list of instructions; jumps go forward only, so that a
 * thread's length bounds its run.  Each instruction does at most one access.
 * A value is a 64-bit number; a variable's address is one, too.
 */
#ifndef KW_LITMUS_CODE_H
#define KW_LITMUS_CODE_H

#include "litmus.h"

#define KW_LIT_MAX_THREADS	16
#define KW_LIT_MAX_VARS		64
#define KW_LIT_MAX_REGS		64
#define KW_LIT_MAX_INSNS	4000
#define KW_LIT_MAX_MESSAGES	400
#define KW_LIT_MAX_READERS	15	/* in a thread */
#define KW_LIT_MAX_LATE	16
#define KW_LIT_NONE		0xffff

/* Addresses: &v is KW_LIT_ADDRESS + v * KW_LIT_STRIDE */
#define KW_LIT_ADDRESS		(INT64_C(1) << 40)
#define KW_LIT_STRIDE		4096

static inline int64_t kw_lit_address(unsigned var)
{
	return KW_LIT_ADDRESS + (int64_t)var * KW_LIT_STRIDE;
}

/* The variable at an address, or -1. */
static inline int kw_lit_variable(int64_t value, unsigned nr_vars)
{
	int64_t at = value - KW_LIT_ADDRESS;

	if (at < 0 || at % KW_LIT_STRIDE || at / KW_LIT_STRIDE >= nr_vars)
		return -1;
	return (int)(at / KW_LIT_STRIDE);
}

enum kw_lit_node_op {
	KW_N_CONST, KW_N_REG, KW_N_NOT, KW_N_INVERT, KW_N_NEGATE,
	KW_N_MUL, KW_N_DIV, KW_N_MOD, KW_N_ADD, KW_N_SUB, KW_N_SHL, KW_N_SHR,
	KW_N_LT, KW_N_GT, KW_N_LE, KW_N_GE, KW_N_EQ, KW_N_NE,
	KW_N_AND, KW_N_XOR, KW_N_OR, KW_N_LAND, KW_N_LOR,
	KW_N_SELECT,		/* a ? b : c */
	KW_N_COMMA,		/* b, which depends on a, too */
};

/* An expression over registers.  Operands have lower numbers. */
struct kw_lit_node {
	enum kw_lit_node_op op;
	uint16_t a, b, c;
	int64_t value;		/* CONST */
	uint64_t regs;		/* those that it depends on */
};

enum kw_lit_op {
	KW_I_LOAD, KW_I_STORE, KW_I_RMW, KW_I_LOCK, KW_I_MB, KW_I_RMB,
	KW_I_WMB, KW_I_SET, KW_I_JUMPZ, KW_I_JUMP, KW_I_RCU_LOCK,
	KW_I_RCU_UNLOCK,
	KW_I_RCU_UP,		/* ends the reader of another thread */
	KW_I_GP, KW_I_GP_WAIT, KW_I_END,
};

enum kw_lit_rmw {
	KW_RMW_XCHG, KW_RMW_CMPXCHG, KW_RMW_ADD_UNLESS, KW_RMW_ADD,
	KW_RMW_SUB, KW_RMW_AND, KW_RMW_OR, KW_RMW_XOR, KW_RMW_ANDNOT,
};

/* What an RMW's register becomes. */
enum kw_lit_returns {
	KW_RET_NONE, KW_RET_OLD, KW_RET_NEW, KW_RET_IS_ZERO,
	KW_RET_IS_NEGATIVE, KW_RET_DONE,
};

struct kw_lit_insn {
	enum kw_lit_op op;
	enum kw_lit_rmw rmw;
	enum kw_lit_returns returns;
	enum kw_weak_order order;
	unsigned flags;			/* enum kw_weak_flag */
	uint16_t addr, val, expected;	/* nodes */
	uint16_t domain;		/* of RCU: 0, or an srcu_struct's */
	uint16_t dst;			/* register, or KW_LIT_NONE */
	uint16_t target;
	uint16_t late;			/* its place in late[], from 1; 0 */
	unsigned line;
	/* live.c: what may happen from here on */
	uint64_t reads, writes;		/* variables */
	uint64_t ordered;		/* read after something that orders */
	uint64_t live;			/* registers whose value is used */
	bool loads_order, stores_order;
};

struct kw_lit_thread {
	GArray *insns;			/* struct kw_lit_insn */
	GPtrArray *regs;		/* char *: names; NULL: a temporary */
	int64_t init[KW_LIT_MAX_REGS];
	unsigned nr_stores;		/* at most so many are buffered */
	unsigned nr_messages;		/* ... and with its atomics */
	unsigned nr_readers;		/* at most so many nest */
	uint16_t late[KW_LIT_MAX_LATE];	/* loads that younger stores pass */
	unsigned nr_late;
	bool present;
};

/* A variable (thread -1), or a thread's register. */
struct kw_lit_loc {
	int thread;
	unsigned index;
};

enum kw_lit_cond_op {
	KW_C_TRUE, KW_C_FALSE, KW_C_EQ, KW_C_EQ_LOC, KW_C_NOT,
	KW_C_AND, KW_C_OR, KW_C_IMPLIES,
};

struct kw_lit_cond {
	enum kw_lit_cond_op op;
	uint16_t a, b;
	struct kw_lit_loc loc, other;
	int64_t value;
};

enum kw_lit_quantifier { KW_Q_EXISTS, KW_Q_NOT_EXISTS, KW_Q_FORALL };

struct kw_litmus {
	char *name;
	int documented;
	GPtrArray *vars;		/* char *: names */
	int64_t init[KW_LIT_MAX_VARS];
	GArray *nodes;			/* struct kw_lit_node, of all threads */
	struct kw_lit_thread threads[KW_LIT_MAX_THREADS];
	unsigned nr_threads;
	uint64_t escaped;		/* variables whose address is a value */
	int domains[KW_WEAK_MAX_DOMAINS];	/* srcu_structs: variables */
	unsigned nr_domains;		/* from 1 */
	bool has_gp, has_plain, has_late, computes_address;
	enum kw_lit_quantifier quantifier;
	char *condition;		/* its text */
	GArray *conds;			/* struct kw_lit_cond */
	int cond, filter;		/* -1: none */
	GArray *shown;			/* struct kw_lit_loc, sorted */
};

static inline struct kw_lit_node *kw_lit_node(const struct kw_litmus *l,
					      unsigned i)
{
	return &g_array_index(l->nodes, struct kw_lit_node, i);
}

static inline struct kw_lit_insn *kw_lit_insn(const struct kw_litmus *l,
					      unsigned t, unsigned pc)
{
	return &g_array_index(l->threads[t].insns, struct kw_lit_insn, pc);
}

/* live.c: fills in what insns say about the rest of their thread. */
void kw_lit_analyse(struct kw_litmus *l);

/* late.c: which loads may be late. */
void kw_lit_find_late(struct kw_litmus *l);

/* eval.c; regs: values of the thread's registers */
int64_t kw_lit_eval(const struct kw_litmus *l, unsigned node,
		    const int64_t *regs);
/* The new value; false: it stays (a failing cmpxchg). */
bool kw_lit_rmw(const struct kw_lit_insn *insn, int64_t old, int64_t operand,
		int64_t expected, int64_t *new_);
int64_t kw_lit_returned(const struct kw_lit_insn *insn, int64_t old,
			int64_t new_, bool done);
/* value_of(data, loc) gives what a location holds. */
bool kw_lit_holds(const struct kw_litmus *l, int cond,
		  int64_t (*value_of)(const void *data,
				      const struct kw_lit_loc *loc),
		  const void *data);
void kw_lit_put_loc(const struct kw_litmus *l, const struct kw_lit_loc *loc,
		    GString *out);
void kw_lit_put_value(const struct kw_litmus *l, int64_t value, GString *out);

#endif
