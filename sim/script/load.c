/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the order in which a scenario is compiled.
 *
 * Prelude, kernel, patches, scenario; then every actor's path is traced;
 * then, without Lua, nodes are emitted and linked.  The Lua state and all
 * that only served the compilation are gone when kw_script_load() returns.
 */
#include "build.h"

#include <string.h>

static int load_all(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	struct kw_draft *d = lua_touserdata(L, 1);

	lua_settop(L, 0);
	b->phase = KW_PRELUDE;
	kw_files_prelude(L);
	b->phase = KW_KERNEL;
	if (b->script->kernel)
		kw_files_kernel(L);
	b->phase = KW_SCENARIO;
	kw_watch_lines(b, true);
	kw_lua_run_file(L, lua_pushfstring(L, "@%s", b->script->path),
			b->script->path);
	lua_replace(L, 1);
	lua_settop(L, 1);
	kw_watch_lines(b, false);
	b->read(L);
	if (!b->script->kernel)
		return 0;
	b->phase = KW_TRACING;
	kw_freeze_globals(b);
	kw_actors_trace(L, d);
	if (b->script->list_steps)
		kw_steps_list(b);
	if (b->script->list_atoms)
		kw_atoms_list(b);
	kw_check_unused(L);
	return 0;
}

static void open_all(struct kw_build *b)
{
	kw_sandbox_open(b);
	kw_stdlib_open(b);
	kw_expr_open(b);
	kw_dist_open(b);
	kw_value_open(b);
	kw_types_open(b);
	kw_object_open(b);
	kw_actor_open(b);
	kw_invariant_open(b);
	kw_host_open(b);
	kw_steps_open(b);
	kw_atoms_open(b);
	kw_paths_open(b);
	kw_prims_open(b);
	kw_prims_task_open(b);
	kw_prims_time_open(b);
	kw_files_open(b);
	kw_watch_globals(b);
	b->keep = b->p->arena;
}

static void set_error(struct kw_build *b, int status, GError **err)
{
	const char *text = lua_tostring(b->L, -1);

	if (b->out_of_memory &&
	    (status == LUA_ERRMEM || (text && strstr(text, "not enough mem"))))
		g_set_error(err, KW_SCRIPT_ERROR, 0,
			    "%s%s: out of memory: a script has %zu MiB",
			    b->oom_at[0] ? b->oom_at : b->script->path,
			    b->oom_at[0] ? "" : ":1",
			    KW_LUA_MEMORY >> 20);
	else
		g_set_error(err, KW_SCRIPT_ERROR, 0, "%s",
			    text ? text : "an error without a message");
}

static bool finish(struct kw_build *b, struct kw_draft *d, GError **err)
{
	GError *why = NULL;

	b->p->init = b->image;
	b->p->time_init = b->time_image;
	kw_draft_emit(b, d);
	kw_objects_finish(b, d);
	kw_actors_finish(b, d);
	d->whole_paths = b->script->whole_paths;
	if (kw_link(b->p, d, &why))
		return true;
	g_set_error(err, KW_SCRIPT_ERROR, 0, "%s:1: %s", b->script->path,
		    why->message);
	g_error_free(why);
	return false;
}

static bool compile(struct kw_build *b, GError **err)
{
	struct kw_draft d = { 0 };
	lua_State *L = b->L;
	int status;

	lua_pushcfunction(L, kw_message_handler);
	lua_pushcfunction(L, load_all);
	lua_pushlightuserdata(L, &d);
	status = lua_pcall(L, 1, 0, 1);
	if (status != LUA_OK) {
		set_error(b, status, err);
		return false;
	}
	return !b->script->kernel || finish(b, &d, err);
}

static void close_all(struct kw_build *b)
{
	GHashTable *tables[] = { b->defs_by_fn, b->sites, b->srcs, b->exprs,
				 b->paths, b->names };
	unsigned i;

	kw_files_close(b);
	lua_close(b->L);
	for (i = 0; i < G_N_ELEMENTS(tables); i++)
		if (tables[i])
			g_hash_table_destroy(tables[i]);
	kw_arena_free(&b->arena);
}

static struct kw_scenario *load(const struct kw_script *script,
				struct kw_claims *claims, GError **err)
{
	struct kw_scenario *s = g_new0(struct kw_scenario, 1);
	struct kw_program *p = g_new0(struct kw_program, 1);
	struct kw_build *b = g_new0(struct kw_build, 1);
	bool ok;

	s->strings = g_string_chunk_new(1024);
	s->path = g_string_chunk_insert(s->strings, script->path);
	p->strings = g_string_chunk_new(4096);
	p->arena = g_new0(struct kw_arena, 1);
	b->keep = p->arena;
	b->p = s->program = p;
	b->strings = p->strings;
	b->script = script;
	b->scenario = s;
	b->claims = claims;
	b->read = claims ? kw_claims_read : kw_head_read;
	open_all(b);
	ok = compile(b, err);
	close_all(b);
	g_free(b);
	if (!ok) {
		kw_scenario_free(s);
		return NULL;
	}
	if (!script->kernel) {
		kw_program_free(p);
		s->program = NULL;
	}
	return s;
}

struct kw_scenario *kw_script_load(const struct kw_script *script,
				   GError **err)
{
	return load(script, NULL, err);
}

struct kw_claims *kw_claims_load(const char *lua_dir, const char *path,
				 GError **err)
{
	const struct kw_script script = { .lua_dir = lua_dir, .path = path };
	struct kw_claims *c = g_new0(struct kw_claims, 1);
	struct kw_scenario *s;

	c->strings = g_string_chunk_new(1024);
	s = load(&script, c, err);
	kw_scenario_free(s);
	if (s)
		return c;
	kw_claims_free(c);
	return NULL;
}

void kw_scenario_free(struct kw_scenario *s)
{
	if (!s)
		return;
	kw_program_free(s->program);
	g_free(s->claims);
	g_free(s->expects);
	g_free(s->steps);
	g_free(s->atoms);
	g_free(s->own);
	g_string_chunk_free(s->strings);
	g_free(s);
}

struct kw_program *kw_script_load_kernel(const char *lua_dir,
					 const char *kernel, GError **err)
{
	char *path = g_strdup_printf("%s/kvmwake/standard.lua", lua_dir);
	struct kw_script script = { .lua_dir = lua_dir, .kernel = kernel,
				    .path = path, .whole_paths = true };
	struct kw_scenario *s = kw_script_load(&script, err);
	struct kw_program *p = NULL;

	if (s) {
		p = s->program;
		s->program = NULL;
		kw_scenario_free(s);
	}
	g_free(path);
	return p;
}
