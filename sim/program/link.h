/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a draft to a program: what script/ hands over and link.c closes.
 *
 * A draft's registers are symbolic: (frame, local number).  Frame 0 holds
 * only register 0 (always zero), frame 1 what a host thread and the trap of
 * its guest share (local 0 the return point, local 1 the vCPU), and every
 * path has a frame of its own, in which a path that is called keeps its
 * return point as local 0.  A draft's paths form a call graph without cycles.
 */
#ifndef KW_LINK_H
#define KW_LINK_H

#include "program.h"
#include "../base/arena.h"

enum { KW_FRAME_ZERO, KW_FRAME_TRAP, KW_FRAME_PATHS };

#define KW_DRAFT_NONE	UINT32_MAX
#define KW_MAX_ARGS	6
#define KW_ORACLE_TERMS	3
#define KW_ORACLE_PATHS	(KW_ORACLE_TERMS + KW_MAX_INVARIANTS)

/* Which of a node's operands name registers, and how they are used. */
enum {
	KW_USES_A	= 1 << 0,	/* reads reg, as a base */
	KW_READS_D	= 1 << 1,
	KW_WRITES_D	= 1 << 2,
	KW_TIME_TO_D	= 1 << 3,	/* time registers: dst, reg, val */
	KW_TIME_OF_D	= 1 << 4,
	KW_TIME_OF_R	= 1 << 5,
	KW_TIME_OF_V	= 1 << 6,
};
extern const uint8_t kw_op_uses[KW_NR_OPS];

struct kw_draft_node {
	uint8_t op, flags;
	uint16_t off, val, reg, dst;
	uint32_t reg_frame, dst_frame;	/* time registers: always the path's */
	uint32_t path;			/* that it belongs to */
	uint32_t callee;		/* CALL, GUEST_EXIT: path, or NONE */
	uint32_t field, field2;		/* declared fields at A and of a link */
	uint32_t src;
	uint32_t first, nr;		/* its successors in succ[] */
};

enum kw_path_type {
	KW_PATH_CALLED, KW_PATH_ROOT, KW_PATH_TRAP, KW_PATH_ORACLE
};

struct kw_draft_path {
	const char *name, *args, *kernel;
	uint8_t type;			/* enum kw_path_type */
	uint32_t entry;
	unsigned nr_outcomes;		/* of RETURN; roots have none */
	unsigned nr_regs, nr_times;	/* locals */
};

/* What the folding knows of a register, a time or a reference field. */
struct kw_known {
	enum { KW_UNSET, KW_CONST, KW_VARIES } is;
	uint64_t value;
};

/* A declared field: all of its instances in all objects. */
struct kw_draft_decl {
	const char *name;		/* "vcpu.mode" */
	uint8_t type;			/* enum kw_field_type */
	uint64_t values[4];		/* bit v: some instance may be v */
	struct kw_known known;		/* of references, times, lists */
};

struct kw_draft_actor {
	uint32_t path;
	unsigned nr_args;
	uint16_t arg_local[KW_MAX_ARGS], arg_val[KW_MAX_ARGS];
};

/* Actor may be raised through handler field decl. */
struct kw_draft_handler {
	uint32_t decl, actor;
};

struct kw_draft {
	struct kw_draft_node *nodes;
	unsigned nr_nodes, max_nodes;
	uint32_t *succ;
	unsigned nr_succ, max_succ;
	struct kw_draft_path *paths;
	unsigned nr_paths;
	struct kw_draft_decl *decls;
	unsigned nr_decls;
	struct kw_draft_actor *actors;	/* as many as the program's */
	struct kw_draft_handler *handlers;
	unsigned nr_handlers;
	uint32_t task_state, task_on_rq;	/* declared fields */
	uint32_t oracle[KW_ORACLE_PATHS];	/* deliverable, pending, waits,
						   then the invariants' */
	bool whole_paths;		/* no path becomes part of another */
	struct kw_arena *arena;
};

/*
 * Folds loads whose value is known, drops what cannot be reached, lays out
 * registers and state, and fills in p->nodes, succ, points, paths, the actors'
 * registers and addresses, init, digest.  p->init holds the objects.
 */
bool kw_link(struct kw_program *p, struct kw_draft *d, GError **err);

/* fold.c: the values that fields and registers may have. */
struct kw_fold {
	struct kw_draft *d;
	bool *reached;			/* [node] */
	uint32_t *order;		/* nodes in the order of their reach */
	unsigned nr_order;
	bool *actor;			/* [actor]: may ever run */
	struct kw_known *regs, *times;
	unsigned *reg_base, *time_base;	/* [frame]: first in regs, times */
	bool *returned;			/* [ret_base[path] + outcome] */
	unsigned *ret_base;
	bool exits[256];		/* reasons that a guest leaves for */
	bool changed;
};

void kw_fold(struct kw_fold *f, const struct kw_program *p,
	     struct kw_draft *d);
/* The successors of n that may follow it; their number. */
unsigned kw_fold_next(struct kw_fold *f, const struct kw_draft_node *n,
		      bool *may);
struct kw_known kw_fold_reg(const struct kw_fold *f, uint32_t frame,
			    unsigned local);
struct kw_known kw_fold_time(const struct kw_fold *f, uint32_t frame,
			     unsigned local);

/* What the parts of linking share. */
struct kw_link {
	struct kw_program *p;
	struct kw_draft *d;
	struct kw_fold f;
	uint32_t *alias;	/* [node]: what stands for it; itself */
	bool *reg_used, *time_used;	/* as regs and times of the fold */
	uint16_t *reg, *time;		/* ... their absolute numbers */
	unsigned *reg_top, *time_top;	/* [path]: first free behind it and
					   all that it calls */
	unsigned arg_reg;		/* of the oracle's paths */
	uint16_t *number;	/* [node]: its number in the program */
	uint16_t impossible;	/* node that stands where none can be */
	unsigned max_nodes, max_succ, max_points, max_paths;
	GHashTable *lists;	/* successor list -> index in succ */
};

/* inline.c: short paths become part of those that call them. */
void kw_link_inline(struct kw_link *l);
/* copies.c: who reads a copy of a register reads that register. */
void kw_link_copies(struct kw_link *l);
/* trim.c: nodes that do nothing vanish, registers nobody reads with them. */
void kw_link_trim(struct kw_link *l);
bool kw_link_base(const struct kw_link *l, const struct kw_draft_node *n,
		  struct kw_known *k);
/* frames.c: registers get their numbers. */
bool kw_link_frames(struct kw_link *l, GError **err);
/* nodes.c: nodes get theirs. */
bool kw_link_nodes(struct kw_link *l, GError **err);
/* digest.c */
uint64_t kw_program_digest(const struct kw_program *p);

#define KW_LINK_ERROR (g_quark_from_static_string("kw-link"))

#endif
