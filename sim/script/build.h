/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of script/, shared by its files only.
 *
 * One struct kw_build lives as long as one kw_script_load().  Everything in
 * it that is not Lua's comes from its arena, so a Lua error (a longjmp) from
 * anywhere leaks nothing.  Names are interned in the program's strings:
 * equal names are equal pointers.
 *
 * Files, each only using those before it: sandbox.c stdlib.c (the state),
 * dist.c (durations), types.c layout.c (structs), value.c (references,
 * locations), object.c actor.c host.c (objects,
 * actors, timing), expr.c trace.c path.c (the
 * tracer), prims.c prims_task.c prims_time.c (primitives), term.c
 * step.c (what may be left out), emit.c, load.c.
 */
#ifndef KW_BUILD_H
#define KW_BUILD_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "../base/arena.h"
#include "../program/link.h"
#include "script.h"

#define KW_LUA_MEMORY		((size_t)64 << 20)
#define KW_LUA_INSTRUCTIONS	200000000u	/* of one load */
#define KW_RUN_INSTRUCTIONS	5000000u	/* of one run of one path */
#define KW_RUN_ACCESSES		20000u
#define KW_PATH_RUNS		100000u
#define KW_HOOK_EVERY		10000

/* Every userdata begins with its tag. */
enum kw_tag {
	KW_TAG_TYPE = 1, KW_TAG_REF, KW_TAG_ARRAY, KW_TAG_LOC, KW_TAG_DIST,
	KW_TAG_TIME, KW_TAG_ACTOR
};

/* A field as declared by struct(). */
struct kw_decl {
	const char *name;
	uint8_t type;			/* enum kw_field_type, unless embed */
	uint8_t arch, max, init;
	bool embed, guarded;
	unsigned rank;			/* predeclared fields come first */
	unsigned array;			/* number of elements, or 0 */
	const char *target, *link;	/* kinds and link fields by name */
	const char **names;		/* enum values or bits */
	unsigned nr_names;
	unsigned id;			/* in kw_build.decls */
	const char *file;		/* where it was declared */
	int line;

	/* set by the layout */
	struct kw_struct *kind;		/* embedded, referred to, or listed */
	unsigned off;			/* bytes; a time field: its slot */
	unsigned stride;		/* of an array */
	struct kw_decl *link_decl;	/* of a list */
	unsigned link_off;
};

/* A field of a kind with all that it embeds, as in struct kw_field. */
struct kw_flat {
	const char *name;		/* "lr[2].state" */
	const struct kw_decl *decl;
	unsigned off;			/* bytes; a time field: its slot */
};

struct kw_struct {
	const char *name;
	unsigned nr;			/* kind number */
	struct kw_decl **decls;
	unsigned nr_decls, max_decls;
	unsigned size, align;
	bool laid, busy;
	struct kw_flat *flats;
	unsigned nr_flats, max_flats;
	int meta;			/* its references' metatable */
};

/* A place in a Lua file; locs: the locations made there. */
struct kw_site {
	const char *file;
	int line;
	struct kw_site_loc *locs;
};

struct kw_site_loc {
	const struct kw_decl *decl;
	struct kw_site_loc *next;
	bool used;
};

/* Userdata.  run: the run of the path that made it (0: a constant). */
struct kw_ref {
	uint32_t tag, run, frame;
	uint16_t reg, off;
	struct kw_struct *kind;		/* NULL: the null reference */
};

struct kw_array {
	struct kw_ref ref;		/* of the struct that holds it */
	const struct kw_decl *decl;
};

struct kw_loc {
	struct kw_ref ref;		/* off is the field's address */
	const struct kw_decl *decl;
	struct kw_site_loc *made;
};

struct kw_time {
	uint32_t tag, run;
	uint16_t reg;
};

struct kw_duration {
	uint32_t tag;
	struct kw_dist dist;
	const uint64_t *values;
};

struct kw_handle {
	uint32_t tag, actor;
};

enum {				/* beyond enum kw_op: only in expressions */
	KW_X_LOOP = KW_NR_OPS,	/* kids: body, then its outcomes */
	KW_X_AGAIN,		/* the body's beginning */
	KW_X_OUT,		/* outcome val of the loop */
};

/* One access: what must be the same when a run is replayed. */
struct kw_access {
	uint8_t op, flags;
	uint16_t reg, dst, off, val;
	uint32_t reg_frame, dst_frame;	/* KW_FRAME_SELF: the path's own */
	uint32_t src, field, field2, callee;
};

#define KW_FRAME_SELF	UINT32_MAX
#define KW_NO_FIELDS	.field = KW_DRAFT_NONE, .field2 = KW_DRAFT_NONE, \
			.callee = KW_DRAFT_NONE
#define KW_NO_REG	UINT16_MAX

struct kw_expr {
	struct kw_access a;
	unsigned id, nr_kids;
	struct kw_expr *kids[];
};

enum kw_outcome_type {
	KW_IS_NOTHING, KW_IS_BOOL, KW_IS_INT, KW_IS_STRING, KW_IS_NULL,
	KW_IS_REF
};

/* What a path or a loop may return. */
struct kw_outcome {
	uint8_t type;
	int64_t i;
	const char *s;
	struct kw_struct *kind;
};

struct kw_outs {
	struct kw_outcome *v;
	unsigned nr, max;
	uint16_t reg;			/* where a reference travels */
};

struct kw_step {
	struct kw_access a;
	unsigned nr, chosen;		/* outcomes */
	const struct kw_outs *outs;	/* of calls and loops */
	struct kw_expr *body;		/* of a loop */
	struct kw_expr **kids;		/* by outcome, as far as explored */
};

/* REF_EQ knows its answer for the rest of the run. */
struct kw_equal {
	struct kw_access a;		/* without its source */
	int equal;
};

struct kw_occ {
	uint32_t gen, site, count;
};

enum kw_run_type { KW_RUN_PATH, KW_RUN_LOOP, KW_RUN_LIST };

/* The tracing of one path, or of one loop's body. */
struct kw_tracer {
	struct kw_tracer *parent;		/* a loop's: of the same path */
	struct kw_tracer *outer;		/* whom it interrupted */
	struct kw_path_draft *path;
	uint8_t type;
	unsigned scope;			/* for register names */
	uint32_t serial;		/* of this replay */
	struct kw_step *steps;
	unsigned nr, max, pos, nr_accesses;
	struct kw_outs outs;
	struct kw_expr *leaf;
	unsigned site;			/* of the last access */
	struct kw_occ *occs;		/* hash table, by gen */
	unsigned max_occs, nr_occs;
	struct kw_equal *equals;
	unsigned nr_equals, max_equals;
	int fn;				/* a body: stack index of function */
	struct kw_access list;		/* a list's: how to get the next */
	struct kw_struct *list_kind;
};

enum kw_param_type { KW_PARAM_CONST, KW_PARAM_REF, KW_PARAM_LOC };

struct kw_param {
	uint8_t type;
	uint16_t reg;
	uint32_t frame;
	struct kw_struct *kind;
	const struct kw_decl *decl;
};

/* One path for one set of arguments. */
struct kw_path_draft {
	unsigned nr;
	uint8_t type;			/* enum kw_path_type */
	const char *name, *args, *kernel;
	unsigned site;			/* where its function begins */
	struct kw_param params[KW_MAX_ARGS];
	unsigned nr_params;
	int values;			/* registry: { fn, constants } */
	bool busy, done;
	struct kw_path_draft *caller;	/* while busy */
	struct kw_expr *root;
	unsigned nr_regs, nr_times, nr_scopes;
	struct kw_outs outs;
};

/* A path of the kernel: K.name. */
struct kw_def {
	const char *name, *kernel;
	int fn;				/* registry: the Lua function */
	int call;			/* registry: the boundary */
};

struct kw_actor_draft {
	int run, args;			/* registry */
	uint32_t task, handler;		/* addresses + 1 */
	struct kw_path_draft *path;
	uint16_t arg_val[KW_MAX_ARGS];
};

/* Where the loading is; errors and digests depend on it. */
enum kw_phase { KW_PRELUDE, KW_KERNEL, KW_SCENARIO, KW_TRACING };

struct kw_build {
	lua_State *L;
	struct kw_arena arena;
	struct kw_arena *keep;		/* the program's */
	struct kw_program *p;
	GStringChunk *strings;
	const struct kw_script *script;
	struct kw_scenario *scenario;
	enum kw_phase phase;
	void (*read)(lua_State *L);	/* what the file returned, index 1 */
	struct kw_claims *claims;	/* claims.c */

	const char **words[KW_NR_STEP_KINDS];	/* of steps{} */
	unsigned nr_words[KW_NR_STEP_KINDS], max_words[KW_NR_STEP_KINDS];

	/* sandbox */
	size_t memory;
	uint64_t instructions, run_instructions;
	const char *run_name;
	char oom_at[256];
	bool out_of_memory;
	bool positioned;		/* the error has its file:line */
	int last_line;			/* of the scenario's file, executed */
	struct kw_files *files;

	/* types and objects */
	struct kw_struct **structs;
	unsigned nr_structs, max_structs;
	struct kw_decl **decls;
	unsigned nr_decls, max_decls;
	bool frozen;			/* structs are laid out */
	uint8_t *image;			/* objects' initial bytes, 64 KiB */
	uint64_t *time_image;		/* and times */
	unsigned max_objects, max_actors, max_dists, max_values;
	unsigned max_time_values, max_marks, max_messages, max_exits;
	struct kw_actor_draft *actors;
	unsigned nr_actor_drafts, max_actor_drafts;
	int oracle[KW_ORACLE_TERMS];	/* registry: functions */
	int invariant_fn[KW_MAX_INVARIANTS];
	const char *invariant_of[KW_MAX_INVARIANTS];	/* struct */
	unsigned max_invariants;
	struct kw_struct *guest_kind;

	/* the tracer */
	const char *kernel_file;	/* as source() said */
	GHashTable *defs_by_fn;		/* lua_topointer -> kw_def */
	GHashTable *sites, *srcs, *exprs, *paths, *names;
	struct kw_site *site;
	unsigned nr_sites, max_sites;
	unsigned max_srcs, nr_exprs;
	struct kw_path_draft **path;
	unsigned nr_paths, max_paths;
	struct kw_tracer *run;		/* NULL: not in a path */
	uint32_t serial;
};

static inline struct kw_build *kw_build(lua_State *L)
{
	return *(struct kw_build **)lua_getextraspace(L);
}

/* sandbox.c */
void kw_sandbox_open(struct kw_build *b);
/* "file:line: message", the line of the user's code rather than ours. */
_Noreturn void kw_lua_error(lua_State *L, const char *fmt, ...)
	G_GNUC_PRINTF(2, 3);
_Noreturn void kw_lua_error_at(lua_State *L, const char *file, int line,
			   const char *fmt, ...) G_GNUC_PRINTF(4, 5);
int kw_message_handler(lua_State *L);
/* Keep b->last_line. */
void kw_watch_lines(struct kw_build *b, bool on);
const char *kw_intern(struct kw_build *b, const char *s);
/* Undefined globals are errors; and, later: no global may be written. */
void kw_watch_globals(struct kw_build *b);
void kw_freeze_globals(struct kw_build *b);
/* Runs a file of source text; leaves its first result on the stack. */
void kw_lua_run_file(lua_State *L, const char *name, const char *path);

/* stdlib.c */
void kw_stdlib_open(struct kw_build *b);
/* Pushes an array of the table's keys, sorted; returns their number. */
unsigned kw_sorted_keys(lua_State *L, int idx);
/*
 * The name nearest to want, or NULL when none is near.  kw_near_init() it,
 * offer every name there is, in any order, then ask.
 */
struct kw_near {
	const char *want, *best;
	unsigned distance;
};
void kw_near_init(struct kw_near *n, const char *want);
void kw_near_offer(struct kw_near *n, const char *name);
/* "; did you mean x?" on top of the Lua stack, or "". */
const char *kw_near_hint(lua_State *L, const struct kw_near *n);

/* dist.c */
void kw_dist_open(struct kw_build *b);
struct kw_duration *kw_to_duration(lua_State *L, int idx);
struct kw_duration *kw_check_duration(lua_State *L, int idx, const char *who);
struct kw_duration *kw_new_duration(lua_State *L, uint64_t ns);
uint16_t kw_dist_number(struct kw_build *b, const struct kw_duration *d);
/* A constant duration's ns. */
uint64_t kw_check_ns(lua_State *L, int idx, const char *who);

/* types.c, layout.c */
void kw_types_open(struct kw_build *b);
struct kw_struct *kw_struct_find(struct kw_build *b, const char *name);
struct kw_decl *kw_decl_find(const struct kw_struct *st, const char *name);
const struct kw_flat *kw_flat_find(const struct kw_struct *st,
				   const char *name);
/* Lays out every struct; from now on nothing may be declared. */
void kw_types_freeze(lua_State *L);
void kw_layout(lua_State *L, struct kw_struct *st);
const char *kw_type_name(const struct kw_decl *d);
bool kw_is_byte(const struct kw_decl *d);	/* flag, count, enum, word */
unsigned kw_nr_values(const struct kw_decl *d);
/* The byte that the Lua value at idx is for field d, or an error. */
unsigned kw_check_byte(lua_State *L, int idx, const struct kw_decl *d,
		       const char *who);

/* value.c */
void kw_value_open(struct kw_build *b);
int kw_prim_ref_eq(lua_State *L);		/* prims.c */
int kw_struct_metatable(lua_State *L, struct kw_struct *st);
void kw_push_ref(lua_State *L, const struct kw_ref *r);
void kw_push_loc(lua_State *L, const struct kw_ref *r,
		 const struct kw_decl *d);
void kw_push_time(lua_State *L, uint32_t run, uint16_t reg);
struct kw_ref *kw_to_ref(lua_State *L, int idx);
struct kw_loc *kw_to_loc(lua_State *L, int idx);
struct kw_time *kw_to_time(lua_State *L, int idx);
struct kw_ref *kw_check_ref(lua_State *L, int idx, const char *who);
struct kw_loc *kw_check_loc(lua_State *L, int idx, const char *who);
struct kw_handle *kw_check_handle(lua_State *L, int idx, const char *who);
/* What is wrong with the value at idx, for messages: "a number", ... */
const char *kw_describe(lua_State *L, int idx);

/* claims.c */
void kw_claims_read(lua_State *L);

/* object.c */
void kw_object_open(struct kw_build *b);
/* What link.c must know of the fields' initial values. */
void kw_objects_finish(struct kw_build *b, struct kw_draft *d);
unsigned kw_string_number(lua_State *L, const char ***v, unsigned *nr,
			  unsigned *max, const char *s);
/* An error when the table at idx has a key that is not in the list. */
void kw_check_keys(lua_State *L, int idx, const char *const *allowed,
		   const char *who);
/* Field name of the object at idx; an error if there is none. */
const struct kw_flat *kw_check_flat(lua_State *L, int idx, const char *name,
				    unsigned *addr);
void kw_image_put16(struct kw_build *b, unsigned addr, unsigned value);

/* actor.c, host.c, invariant.c */
void kw_actor_open(struct kw_build *b);
void kw_invariant_open(struct kw_build *b);
void kw_invariants_trace(lua_State *L, struct kw_draft *d);
void kw_host_open(struct kw_build *b);
/* Every actor's and the oracle's paths. */
void kw_actors_trace(lua_State *L, struct kw_draft *d);
void kw_actors_finish(struct kw_build *b, struct kw_draft *d);

/* expr.c */
void kw_expr_open(struct kw_build *b);
bool kw_access_equal(const struct kw_access *x, const struct kw_access *y);
unsigned kw_site(struct kw_build *b, const char *file, int line);
unsigned kw_here(lua_State *L);
uint32_t kw_src(struct kw_build *b, unsigned site,
		const struct kw_path_draft *path);
struct kw_expr *kw_expr(struct kw_build *b, const struct kw_access *a,
			struct kw_expr **kids, unsigned nr_kids);
struct kw_site_loc *kw_site_loc(struct kw_build *b, unsigned site,
				const struct kw_decl *d);
void kw_check_unused(lua_State *L);

/* trace.c */
extern const char kw_abort;	/* the error that ends a run early */
struct kw_tracer *kw_tracing(lua_State *L, const char *who);
/* Performs access a with nr outcomes; returns the outcome of this run. */
unsigned kw_do(lua_State *L, struct kw_access *a, unsigned nr);
unsigned kw_do_outs(lua_State *L, struct kw_access *a,
		    const struct kw_outs *outs, struct kw_expr *body);
/*
 * A value out of its domain: an error.  But loads fork over every declared
 * value: where the value may come from a load it is an assertion of the path
 * that fails if ever this place is reached with it.
 */
_Noreturn void kw_wrong(lua_State *L, const char *fmt, ...)
	G_GNUC_PRINTF(2, 3);
/* The step that a replay expects next, or NULL. */
const struct kw_step *kw_expected(struct kw_build *b, unsigned op);
void kw_push_outcome(lua_State *L, const struct kw_outs *outs, unsigned k,
		     uint32_t frame);
void kw_tracer_all(lua_State *L, struct kw_tracer *run);
struct kw_tracer *kw_tracer_begin(struct kw_build *b,
				  struct kw_path_draft *path,
				  enum kw_run_type type);
void kw_check_alive(lua_State *L, uint32_t run, const char *what);

/* step.c */
void kw_steps_open(struct kw_build *b);
/*
 * Is this access of the run to be left out?  Then *k is its outcome; outs:
 * those of a call, or NULL.  What is only to lose its ordering does so.
 */
bool kw_left_out(lua_State *L, struct kw_access *a,
		 const struct kw_outs *outs, unsigned *k);
/* "spin_lock:swait.lock", or NULL: not an access that can be left out. */
const char *kw_step_what(struct kw_build *b, const struct kw_access *a);
/* All there are, into the scenario: every path has been traced. */
void kw_steps_list(struct kw_build *b);

/* term.c: a predicate's path as a table */
#define KW_MAX_TERMS 10
struct kw_terms {
	const struct kw_access *var[KW_MAX_TERMS];	/* what it forks on */
	unsigned nr;
	int8_t value[1 << KW_MAX_TERMS];	/* -1: no truth value */
};
bool kw_is_truth(const struct kw_outs *outs);
/* False when it forks on what is no truth value, or too often. */
bool kw_terms_of(struct kw_build *b, const struct kw_path_draft *path,
		 struct kw_terms *t);
/*
 * The truth value that a path ends in, or -1.  ask says what an access that
 * forks is: 0, 1, or -1 when that cannot be said.
 */
typedef int (*kw_truth_of)(void *arg, const struct kw_access *a);
int kw_truth(struct kw_build *b, const struct kw_path_draft *path,
	     kw_truth_of ask, void *arg);
/* Is it an access that asks for a truth value? */
bool kw_asks(struct kw_build *b, const struct kw_expr *e);
/* What var yields so that the others alone decide, or KW_YIELDS_UNKNOWN. */
int kw_term_neutral(const struct kw_terms *t, const struct kw_access *var);

/* atoms.c: what a predicate may look at */
void kw_atoms_open(struct kw_build *b);
/* The kernel's own predicate as a table, into the scenario. */
void kw_atoms_list(struct kw_build *b);

/* loop.c */
int kw_prim_loop(lua_State *L);
int kw_prim_list_for_each(lua_State *L);

/* name.c */
/* The register of this access in this run; tag tells several apart. */
enum { KW_NAME_REF, KW_NAME_TIME, KW_NAME_TEMP, KW_NAME_TEMP2,
       KW_NAME_RESULT, KW_NAME_CURSOR, KW_NAME_SCOPE };
uint16_t kw_name_reg(lua_State *L, unsigned tag);
/* A register that holds the reference itself (LEA unless it has one). */
void kw_reg_of(lua_State *L, const struct kw_ref *r, unsigned tag,
	       uint16_t *reg, uint32_t *frame);

/* guard.c: what a function sees outside of itself */
struct kw_guard;
struct kw_guard *kw_guard_new(lua_State *L, int fn);
/* The name of an upvalue of fn that has changed since, or NULL. */
const char *kw_guard_check(lua_State *L, int fn, const struct kw_guard *was);

/* path.c */
void kw_paths_open(struct kw_build *b);
/*
 * The path that the function at fn is for the nr_args arguments after it;
 * it is traced when it is new.
 */
struct kw_path_draft *kw_path_of(lua_State *L, int fn, int nr_args,
			      enum kw_path_type type, const char *name);

/* prims*.c */
struct kw_prim {			/* a global function ... */
	const char *name;
	lua_CFunction fn;
	unsigned number, extra;		/* upvalues 1, 3; 2 is the name */
};
void kw_prims_register(struct kw_build *b, const struct kw_prim *prims);
void kw_prims_open(struct kw_build *b);
void kw_prims_task_open(struct kw_build *b);
void kw_prims_time_open(struct kw_build *b);
struct kw_access kw_at(lua_State *L, const struct kw_loc *l, unsigned op);
struct kw_access kw_plain(lua_State *L, unsigned op);
void kw_time_load(lua_State *L, struct kw_loc *l, struct kw_access *a);
void kw_time_store(lua_State *L, struct kw_loc *l, struct kw_access *a);

/* files.c, head.c */
void kw_files_open(struct kw_build *b);
void kw_files_close(struct kw_build *b);
void kw_files_prelude(lua_State *L);
void kw_files_kernel(lua_State *L);
void kw_head_read(lua_State *L);

/* emit.c */
void kw_draft_emit(struct kw_build *b, struct kw_draft *d);

/* Registers C functions as globals. */
void kw_register(struct kw_build *b, const luaL_Reg *fns);

#endif
