/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From Lua to struct kw_program: the only place that sees lua.h.
 *
 * One call compiles one scenario for one kernel in a fresh Lua state and
 * closes that state again; what remains is plain data.
 */
#ifndef KW_SCRIPT_H
#define KW_SCRIPT_H

#include <glib.h>
#include "../program/program.h"

#define KW_SCRIPT_ERROR (g_quark_from_static_string("kw-script"))

enum kw_quantity {		/* what a scenario may expect */
	KW_MISSED, KW_LATE, KW_SPURIOUS, KW_FUTILE, KW_STORM, KW_FAILED,
	KW_NR_QUANTITIES
};

enum kw_how { KW_ANY, KW_NEVER, KW_SOMETIMES, KW_ALWAYS, KW_EXACTLY };

struct kw_expect {
	const char *kernel;		/* "v4.14+ode-3" */
	struct { uint8_t how; uint64_t n; } of[KW_NR_QUANTITIES];
	const char *broken;	/* explored: "race I2 I5", or NULL */
};

/*
 * A step of a kernel's path that can be left out: what it does, and where.
 * It is named WHAT@PATH, with :LINE or #N where a path has several alike.
 */
enum kw_step_kind {
	KW_BARRIER,	/* "smp_mb"; an acquire or release becomes plain */
	KW_REQUEST, KW_KICK,	/* "kvm_vcpu_kick", as steps{} says */
	KW_TERM,	/* of a predicate: "vcpu.pause" */
	KW_LOCKED,	/* "spin_lock:swait.lock": lock and unlock, in the
			   whole path */
	KW_OTHER,
	KW_NR_STEP_KINDS
};
extern const char *const kw_step_kind_names[KW_NR_STEP_KINDS];

enum {			/* what it yields when it is left out: 0, 1, or */
	KW_YIELDS_NOTHING = -1,
	KW_YIELDS_UNKNOWN = -2,	/* neither value leaves the rest as it is */
	KW_YIELDS_NEVER	  = -3,	/* cannot be: a lock that another path
				   releases, a call for more than a truth */
	KW_YIELDS_FAIL	  = -4,	/* only for without[]: whoever gets there
				   fails */
};

struct kw_kernel_step {
	uint8_t kind;		/* enum kw_step_kind */
	const char *what;
	const char *path;	/* NULL: in every path */
	const char *file;
	int line;		/* 0: on every line */
	int value;
};

/* A predicate as a table over what it may observe, see observe(). */
#define KW_MAX_ATOMS	8
enum kw_cell { KW_CELL_FALSE, KW_CELL_TRUE, KW_CELL_EITHER, KW_CELL_FAIL };

struct kw_own {			/* the kernel's own */
	int8_t cells[1 << KW_MAX_ATOMS];	/* 0, 1 */
	const char *beyond;	/* it looks at this, which is no atom: no
				   table; else NULL */
};

struct kw_scenario {
	const char *name, *about, *path;	/* path as given by the user */
	const char **claims;			/* NULL-terminated */
	struct kw_expect *expects;		/* sorted by kernel */
	unsigned nr_expects;
	uint64_t deadline_ns, duration_ns;
	uint64_t runs;				/* the scenario's default */
	unsigned preemptions;			/* explored: ... */
	uint64_t digest;			/* of the scenario's file */
	uint64_t kernel_digest;			/* ... kernel's and patches' */
	struct kw_kernel_step *steps;		/* with list_steps; sorted */
	unsigned nr_steps;
	uint64_t absent;		/* which of --without are none of its */
	const char *predicate, **atoms;	/* of observe(); atoms end in NULL */
	struct kw_own *own;			/* with list_atoms */
	struct kw_program *program;
	GStringChunk *strings;			/* owns every name */
};

struct kw_script {
	const char *lua_dir;		/* holds kvmwake/, kernel/, patch/ */
	const char *kernel;		/* "v4.14+ode-3" */
	const char *path;		/* the scenario's file */
	/* Memory model when it is to be explored: scenario{}'s explore part
	   is heeded.  NULL: it is to be run. */
	const char *exploring;
	bool whole_paths;		/* to be shown: no path is inlined */
	bool list_steps;
	const struct kw_kernel_step *without;	/* these are left out */
	unsigned nr_without;
	bool list_atoms;
	/* What the predicate is to say, by cell: bit i is atom i; else NULL. */
	const uint8_t *cells;		/* enum kw_cell */
};

/*
 * Returns NULL and sets *err ("file:line: message") when anything in Lua is
 * wrong.  kernel == NULL reads only the scenario's head: program is NULL.
 */
struct kw_scenario *kw_script_load(const struct kw_script *, GError **err);
void kw_scenario_free(struct kw_scenario *);

#define KW_NO_SUCH_STEP	1	/* code of KW_SCRIPT_ERROR */
/*
 * The steps that a user means by "WHAT[=VALUE][@PATH][:LINE|#N]", as they
 * are to be left out; WHAT may lack a field's struct.  An error with
 * suggestions when there is none.
 */
bool kw_steps_named(const struct kw_scenario *s, const char *name,
		    GArray *into, GError **err);
/* The shortest name of step i that means no other. */
void kw_step_name(const struct kw_scenario *s, unsigned i, GString *out);

/*
 * What `show` needs: the program of a standard VM (two vCPUs, everything
 * on) under a kernel, whose paths carry their names.
 */
struct kw_program *kw_script_load_kernel(const char *lua_dir,
					 const char *kernel, GError **err);

/* What an exploration finds, as far as claims speak of it. */
enum kw_claim_property {
	KW_CLAIM_MISSED, KW_CLAIM_SPURIOUS,
	KW_CLAIM_FAILED,		/* or a deadlock */
	KW_CLAIM_RACE, KW_CLAIM_ORDER,
	KW_CLAIM_STORM,			/* looked for where asked about */
	KW_CLAIM_INVARIANT,		/* one of the kernel's is broken */
	KW_NR_CLAIM_PROPERTIES
};
extern const char *const kw_claim_properties[KW_NR_CLAIM_PROPERTIES];

/* What decides a claim: an exploration, and what it finds. */
struct kw_evidence {
	const char *scenario;			/* its name */
	const char *on, *without, *when;	/* a patch; a step that is
						   left out; a remark; or "" */
	enum kw_claim_property property;
	bool sometimes;				/* is found; else never */
	const char **kernels;			/* NULL-terminated */
	const char **under;			/* memories; empty: each */
};

struct kw_claim {
	const char *id, *says, *note;		/* note: or "" */
	const char **kernels;
	struct kw_evidence *evidence;
	unsigned nr_evidence;
};

struct kw_proposal {
	const char *id, *says, *note, *patch;	/* note: or "" */
};

struct kw_claims {
	const char *about;
	const char *scenarios;			/* folder, beside lua/ */
	struct kw_claim *claims;
	struct kw_proposal *proposals;
	unsigned nr_claims, nr_proposals;
	const char *base;			/* of proposals ... */
	const char **bases;			/* ... or: scenario, kernel */
	GStringChunk *strings;			/* owns every name */
};

/* lua/claims/NAME.lua: what claims{} returned. */
struct kw_claims *kw_claims_load(const char *lua_dir, const char *path,
				 GError **err);
void kw_claims_free(struct kw_claims *);

extern const char *const kw_quantity_names[KW_NR_QUANTITIES];

#endif
