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
};

struct kw_scenario {
	const char *name, *about, *path;	/* path as given by the user */
	const char **claims;			/* NULL-terminated */
	struct kw_expect *expects;		/* sorted by kernel */
	unsigned nr_expects;
	uint64_t deadline_ns, duration_ns;
	uint64_t runs;				/* the scenario's default */
	uint64_t digest;			/* of the scenario's file */
	uint64_t kernel_digest;			/* ... kernel's and patches' */
	struct kw_program *program;
	GStringChunk *strings;			/* owns every name */
};

struct kw_script {
	const char *lua_dir;		/* holds kvmwake/, kernel/, patch/ */
	const char *kernel;		/* "v4.14+ode-3" */
	const char *path;		/* the scenario's file */
	bool whole_paths;		/* to be shown: no path is inlined */
};

/*
 * Returns NULL and sets *err ("file:line: message") when anything in Lua is
 * wrong.  kernel == NULL reads only the scenario's head: program is NULL.
 */
struct kw_scenario *kw_script_load(const struct kw_script *, GError **err);
void kw_scenario_free(struct kw_scenario *);

/*
 * What `show` needs: the program of a standard VM (two vCPUs, everything
 * on) under a kernel, whose paths carry their names.
 */
struct kw_program *kw_script_load_kernel(const char *lua_dir,
					 const char *kernel, GError **err);

extern const char *const kw_quantity_names[KW_NR_QUANTITIES];

#endif
