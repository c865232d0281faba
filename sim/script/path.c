/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a call K.f(...) is: which path, traced once for which
 * arguments.
 *
 * Invariants: references are registers, so one path serves all objects of a
 * struct; everything else is a constant and makes a path of its own.  A path
 * is complete before its caller goes on; it never calls itself.
 */
#include "build.h"

#include <string.h>

struct path_key {
	unsigned len;
	uint64_t v[2 + 2 * KW_MAX_ARGS];
};

static guint key_hash(gconstpointer key)
{
	const struct path_key *k = key;
	uint64_t h = k->len;
	unsigned i;

	for (i = 0; i < k->len; i++)
		h = (h ^ k->v[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (guint)(h >> 32);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const struct path_key *x = a, *y = b;

	return x->len == y->len &&
	       !memcmp(x->v, y->v, x->len * sizeof(*x->v));
}

enum { ARG_REF = 100, ARG_LOC, ARG_NULL };

/* One argument's part of the key: two words. */
static void add_arg(lua_State *L, struct path_key *key, int idx,
		    const char *who)
{
	const struct kw_ref *r = kw_to_ref(L, idx);
	const struct kw_loc *l = kw_to_loc(L, idx);
	int type = lua_type(L, idx);
	uint64_t v = 0;

	if (r && key->v[0] == KW_PATH_TRAP) {
		v = (uintptr_t)r;
	} else if (r) {
		type = r->kind ? ARG_REF : ARG_NULL;
		v = (uintptr_t)r->kind;
	} else if (l) {
		type = ARG_LOC;
		v = (uintptr_t)l->decl;
	} else if (type == LUA_TBOOLEAN) {
		v = (uint64_t)lua_toboolean(L, idx);
	} else if (lua_isinteger(L, idx)) {
		v = (uint64_t)lua_tointeger(L, idx);
	} else if (type == LUA_TNUMBER) {
		kw_lua_error(L, "%s: argument %d is no whole number", who,
			     idx - 1);
	} else if (type == LUA_TSTRING) {
		v = (uintptr_t)kw_intern(kw_build(L), lua_tostring(L, idx));
	} else if (kw_to_time(L, idx)) {
		kw_lua_error(L, "%s: argument %d is a time: keep it in a "
			     "time() field", who, idx - 1);
	} else if (kw_to_duration(L, idx)) {
		v = kw_dist_number(kw_build(L), kw_to_duration(L, idx));
	} else if (type == LUA_TFUNCTION) {
		kw_lua_error(L, "%s: argument %d is a function: a path takes "
			     "references and constants", who, idx - 1);
	} else {
		v = (uintptr_t)lua_topointer(L, idx);
	}
	key->v[key->len++] = (uint64_t)type;
	key->v[key->len++] = v;
}

static struct path_key make_key(lua_State *L, int fn, int nr_args,
				enum kw_path_type type, const char *who)
{
	struct path_key key = { 0 };
	int i;

	if (nr_args > KW_MAX_ARGS)
		kw_lua_error(L, "%s: more than %d arguments", who,
			     KW_MAX_ARGS);
	key.v[key.len++] = type;
	key.v[key.len++] = (uintptr_t)lua_topointer(L, fn);
	for (i = 1; i <= nr_args; i++)
		add_arg(L, &key, fn + i, who);
	return key;
}

/* A parameter that gets nothing is a mistake of the caller. */
static void check_all_there(lua_State *L, int fn, int nr_args,
			    const char *who)
{
	lua_Debug ar;

	lua_pushvalue(L, fn);
	lua_getinfo(L, ">u", &ar);
	if (nr_args < ar.nparams)
		kw_lua_error(L, "%s: argument %d is nil", who, nr_args + 1);
}

static void set_param(lua_State *L, struct kw_path_draft *path, unsigned i,
		      int idx)
{
	struct kw_param *p = &path->params[i];
	const struct kw_ref *r = kw_to_ref(L, idx);
	const struct kw_loc *l = kw_to_loc(L, idx);

	p->frame = KW_FRAME_SELF;
	if (r && r->kind && !(path->type == KW_PATH_TRAP && i && !r->run)) {
		p->type = KW_PARAM_REF;
		p->kind = r->kind;
	} else if (l) {
		p->type = KW_PARAM_LOC;
		p->decl = l->decl;
	} else {
		p->type = KW_PARAM_CONST;
		return;
	}
	if (path->type == KW_PATH_TRAP) {
		if (i)
			kw_lua_error(L, "guest_exit: argument %u of %s is not "
				     "a constant", i, path->name);
		p->frame = KW_FRAME_TRAP;
		p->reg = 1;
	} else {
		p->reg = (uint16_t)path->nr_regs++;
	}
}

/* "(vcpu, 1)": what makes this path differ from others of its name. */
static const char *describe_args(lua_State *L, int fn, int nr_args)
{
	const struct kw_ref *r;
	const struct kw_loc *l;
	const char *args;
	int i, top = lua_gettop(L);

	if (!nr_args)
		return "";
	lua_pushliteral(L, "(");
	for (i = 1; i <= nr_args; i++) {
		r = kw_to_ref(L, fn + i);
		l = kw_to_loc(L, fn + i);
		lua_pushfstring(L, "%s%s%s", lua_tostring(L, top + 1),
				i > 1 ? ", " : "",
				r && r->kind ? r->kind->name :
				l ? l->decl->name :
				lua_type(L, fn + i) == LUA_TSTRING ?
					lua_tostring(L, fn + i) :
					kw_describe(L, fn + i));
		lua_replace(L, top + 1);
		lua_settop(L, top + 1);
	}
	args = kw_intern(kw_build(L),
			 lua_pushfstring(L, "%s)", lua_tostring(L, -1)));
	lua_settop(L, top);
	return args;
}

static struct kw_path_draft *new_path(lua_State *L, int fn, int nr_args,
				      enum kw_path_type type,
				      const char *name)
{
	struct kw_build *b = kw_build(L);
	struct kw_path_draft *path = KW_NEW(&b->arena, struct kw_path_draft);
	const struct kw_def *def;
	lua_Debug ar;
	int i;

	def = g_hash_table_lookup(b->defs_by_fn, lua_topointer(L, fn));
	path->nr = b->nr_paths;
	path->type = (uint8_t)type;
	path->name = def ? def->name : kw_intern(b, name);
	path->kernel = def ? def->kernel : "";
	path->nr_params = (unsigned)nr_args;
	path->nr_scopes = 1;
	path->args = describe_args(L, fn, nr_args);
	path->nr_regs = type == KW_PATH_CALLED;	/* local 0: return point */
	lua_pushvalue(L, fn);
	lua_getinfo(L, ">S", &ar);
	path->site = kw_site(b, ar.source, ar.linedefined);
	lua_createtable(L, nr_args + 1, 0);
	for (i = 0; i <= nr_args; i++) {
		lua_pushvalue(L, fn + i);
		lua_rawseti(L, -2, i + 1);
		if (i)
			set_param(L, path, (unsigned)i - 1, fn + i);
	}
	path->values = luaL_ref(L, LUA_REGISTRYINDEX);
	KW_PUSH(&b->arena, b->path, b->nr_paths, b->max_paths, path);
	return path;
}

static void trace_path(lua_State *L, int fn, struct kw_path_draft *path)
{
	struct kw_build *b = kw_build(L);
	struct kw_guard *before = kw_guard_new(L, fn);
	struct kw_tracer *run;
	const char *changed;

	path->busy = true;
	run = kw_tracer_begin(b, path, KW_RUN_PATH);
	kw_tracer_all(L, run);
	path->root = run->leaf;
	path->outs = run->outs;
	path->busy = false;
	path->done = true;
	changed = kw_guard_check(L, fn, before);
	if (changed)
		kw_lua_error_at(L, b->site[path->site].file,
				b->site[path->site].line, "%s changes %s, "
				"which is outside of it: what a path keeps "
				"must be in a field", path->name, changed);
}

struct kw_path_draft *kw_path_of(lua_State *L, int fn, int nr_args,
				 enum kw_path_type type, const char *name)
{
	struct kw_build *b = kw_build(L);
	struct path_key key, *new;
	struct kw_path_draft *path;

	fn = lua_absindex(L, fn);
	while (nr_args && lua_isnil(L, fn + nr_args))
		nr_args--;
	if (type == KW_PATH_CALLED)
		check_all_there(L, fn, nr_args, name);
	key = make_key(L, fn, nr_args, type, name);
	path = g_hash_table_lookup(b->paths, &key);
	if (!path) {
		path = new_path(L, fn, nr_args, type, name);
		new = KW_NEW(&b->arena, struct path_key);
		*new = key;
		g_hash_table_insert(b->paths, new, path);
		trace_path(L, fn, path);
	}
	if (path->busy)
		kw_lua_error(L, "%s calls itself", path->name);
	return path;
}

static void move_arg(lua_State *L, const struct kw_path_draft *path,
		     unsigned i, int idx)
{
	const struct kw_param *p = &path->params[i];
	const struct kw_ref *r;
	struct kw_access a;

	if (p->type == KW_PARAM_CONST)
		return;
	if (p->type == KW_PARAM_REF)
		r = kw_check_ref(L, idx, path->name);
	else
		r = &kw_check_loc(L, idx, path->name)->ref;
	a = kw_plain(L, KW_OP_LEA);
	a.reg = r->reg;
	a.reg_frame = r->frame;
	a.off = r->off;
	if (p->type == KW_PARAM_LOC && p->decl->type == KW_TIME)
		a.off = (uint16_t)(8 * r->off);
	a.dst = p->reg;
	a.dst_frame = KW_FRAME_PATHS + path->nr;
	kw_do(L, &a, 1);
}

/* K.f(...) in a path: upvalue 1 is its definition. */
static int call_path(lua_State *L)
{
	const struct kw_def *def = lua_touserdata(L, lua_upvalueindex(1));
	const struct kw_path_draft *path;
	struct kw_access a;
	unsigned i, k;

	kw_tracing(L, def->name);
	lua_rawgeti(L, LUA_REGISTRYINDEX, def->fn);
	lua_insert(L, 1);
	path = kw_path_of(L, 1, lua_gettop(L) - 1, KW_PATH_CALLED, def->name);
	for (i = 0; i < path->nr_params; i++)
		move_arg(L, path, i, (int)i + 2);
	a = kw_plain(L, KW_OP_CALL);
	a.dst_frame = KW_FRAME_PATHS + path->nr;
	a.callee = path->nr;
	k = kw_do_outs(L, &a, &path->outs, NULL);
	kw_push_outcome(L, &path->outs, k, KW_FRAME_PATHS + path->nr);
	return 1;
}

/* K.f: a call in a path, the plain function outside.  Upvalue 1: all. */
static int kernel_index(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const struct kw_def *def;
	struct kw_near near;

	lua_pushvalue(L, 2);
	lua_rawget(L, lua_upvalueindex(1));
	def = lua_touserdata(L, -1);
	if (def) {
		lua_rawgeti(L, LUA_REGISTRYINDEX,
			    b->run ? def->call : def->fn);
		return 1;
	}
	if (lua_type(L, 2) != LUA_TSTRING)
		kw_lua_error(L, "K[%s]: paths have names",
			     luaL_typename(L, 2));
	kw_near_init(&near, lua_tostring(L, 2));
	lua_pop(L, 1);
	for (lua_pushnil(L); lua_next(L, lua_upvalueindex(1)); lua_pop(L, 1))
		kw_near_offer(&near, lua_tostring(L, -2));
	kw_lua_error(L, "the kernel has no path %s%s", lua_tostring(L, 2),
		     kw_near_hint(L, &near));
}

static int kernel_newindex(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	struct kw_def *def;

	if (lua_type(L, 2) != LUA_TSTRING || !lua_isfunction(L, 3) ||
	    lua_iscfunction(L, 3))
		kw_lua_error(L, "K.%s: a path is a function, not %s",
			     luaL_tolstring(L, 2, NULL), kw_describe(L, 3));
	if (b->phase == KW_TRACING)
		kw_lua_error(L, "a path redefines K.%s", lua_tostring(L, 2));
	def = KW_NEW(&b->arena, struct kw_def);
	def->name = kw_intern(b, lua_tostring(L, 2));
	def->kernel = b->kernel_file;
	lua_pushvalue(L, 3);
	def->fn = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushlightuserdata(L, def);
	lua_pushcclosure(L, call_path, 1);
	def->call = luaL_ref(L, LUA_REGISTRYINDEX);
	g_hash_table_insert(b->defs_by_fn, (gpointer)lua_topointer(L, 3), def);
	lua_pushvalue(L, 2);
	lua_pushlightuserdata(L, def);
	lua_rawset(L, lua_upvalueindex(1));
	return 0;
}

/* has_path("kvm_vcpu_kick"): does this kernel define it? */
static int has_path(lua_State *L)
{
	luaL_checkstring(L, 1);
	lua_settop(L, 1);
	lua_rawget(L, lua_upvalueindex(1));
	lua_pushboolean(L, lua_touserdata(L, -1) != NULL);
	return 1;
}

/* source("virt/kvm/kvm_main.c", "v4.14") */
static int source(lua_State *L)
{
	struct kw_build *b = kw_build(L);

	if (lua_type(L, 1) != LUA_TSTRING || lua_type(L, 2) != LUA_TSTRING)
		kw_lua_error(L, "source(\"virt/kvm/kvm_main.c\", \"v4.14\")");
	b->kernel_file = kw_intern(b, lua_pushfstring(L, "%s %s",
			lua_tostring(L, 1), lua_tostring(L, 2)));
	return 0;
}

void kw_paths_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "source", source },
					{ NULL, NULL } };
	lua_State *L = b->L;

	b->kernel_file = "";
	b->defs_by_fn = g_hash_table_new(NULL, NULL);
	b->paths = g_hash_table_new(key_hash, key_equal);
	kw_register(b, fns);
	lua_newtable(L);		/* K */
	lua_createtable(L, 0, 3);	/* its metatable */
	lua_newtable(L);		/* name -> definition */
	lua_pushvalue(L, -1);
	lua_pushcclosure(L, kernel_index, 1);
	lua_setfield(L, -3, "__index");
	lua_pushvalue(L, -1);
	lua_pushcclosure(L, kernel_newindex, 1);
	lua_setfield(L, -3, "__newindex");
	lua_pushcclosure(L, has_path, 1);
	lua_setglobal(L, "has_path");
	lua_pushliteral(L, "kernel");
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_setglobal(L, "K");
}
