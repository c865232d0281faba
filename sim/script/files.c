/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which files a kernel is made of.
 *
 * Invariants: a file of the Lua directory runs once in a load; what it
 * returned is what every later include() of it returns.  Every file of the
 * kernel and its patches goes into the kernel's digest, in the order of
 * loading.
 */
#include "build.h"

#include <string.h>
#include <xxhash.h>

#define INCLUDED "kw.included"

struct kw_files {
	XXH3_state_t *kernel;
};

/* What the compiler says: "cut-name:line: message". */
static _Noreturn void syntax_error(lua_State *L, const char *name)
{
	const char *text = lua_tostring(L, -1), *s;
	char *end;
	long line;

	for (s = strchr(text, ':'); s; s = strchr(s + 1, ':')) {
		line = strtol(s + 1, &end, 10);
		if (end != s + 1 && end[0] == ':' && end[1] == ' ')
			kw_lua_error_at(L, name, (int)line, "%s", end + 2);
	}
	kw_lua_error_at(L, name, 1, "%s", text);
}

static _Noreturn void file_error(lua_State *L, const char *text)
{
	struct kw_build *b = kw_build(L);
	lua_Debug ar;

	if (lua_getstack(L, 1, &ar))
		kw_lua_error(L, "%s", text);
	b->positioned = true;
	lua_pushstring(L, text);
	lua_error(L);
	g_assert_not_reached();
}

static void add_digest(struct kw_build *b, const char *text, size_t len)
{
	if (b->phase == KW_KERNEL)
		XXH3_64bits_update(b->files->kernel, text, len);
	if (b->phase == KW_SCENARIO)
		b->scenario->digest ^= XXH3_64bits(text, len);
}

void kw_lua_run_file(lua_State *L, const char *name, const char *path)
{
	struct kw_build *b = kw_build(L);
	const char *kernel_file = b->kernel_file;
	GError *err = NULL;
	char *text;
	gsize len;
	int status;

	if (!g_file_get_contents(path, &text, &len, &err)) {
		/* GLib's message without its words and quotes */
		const char *why = strrchr(err->message, ':');

		lua_pushfstring(L, "%s%s", path, why ? why : ": unreadable");
		g_error_free(err);
		file_error(L, lua_tostring(L, -1));
	}
	add_digest(b, text, len);
	status = luaL_loadbufferx(L, text, len, name, "t");
	g_free(text);
	if (status == LUA_ERRSYNTAX)
		syntax_error(L, name);
	if (status != LUA_OK)
		lua_error(L);
	b->kernel_file = "";
	luaL_checkstack(L, 8, "files include each other too deeply");
	lua_call(L, 0, 1);
	b->kernel_file = kernel_file;
}

/* "v4.15: no such kernel; did you mean v4.14?" */
static _Noreturn void no_such_file(lua_State *L, const char *what,
				   const char *want, const char *folder)
{
	struct kw_build *b = kw_build(L);
	char *path = g_build_filename(b->script->lua_dir, folder, NULL);
	GDir *dir = g_dir_open(path, 0, NULL);
	struct kw_near near;
	const char *entry;
	char name[64];

	kw_near_init(&near, want);
	while (dir && (entry = g_dir_read_name(dir))) {
		if (!g_str_has_suffix(entry, ".lua") ||
		    strlen(entry) >= sizeof(name))
			continue;
		g_strlcpy(name, entry, strlen(entry) - 3);
		if (!strcmp(folder, "kernel"))
			g_strdelimit(name, "_", '.');
		kw_near_offer(&near, kw_intern(b, name));
	}
	if (dir)
		g_dir_close(dir);
	g_free(path);
	file_error(L, lua_pushfstring(L, "there is no %s %s in %s/%s%s", what,
				      want, b->script->lua_dir, folder,
				      kw_near_hint(L, &near)));
}

/* Runs NAME.lua of the Lua directory, once; its result is pushed. */
static void include_once(lua_State *L, const char *name, const char *what,
			 const char *want, const char *folder)
{
	struct kw_build *b = kw_build(L);
	const char *file;

	lua_getfield(L, LUA_REGISTRYINDEX, INCLUDED);
	if (lua_getfield(L, -1, name) != LUA_TNIL) {
		if (lua_touserdata(L, -1) == b)
			file_error(L, lua_pushfstring(L, "%s includes itself",
						      name));
		lua_remove(L, -2);
		return;
	}
	lua_pushlightuserdata(L, b);	/* busy */
	lua_setfield(L, -3, name);
	file = lua_pushfstring(L, "%s/%s.lua", b->script->lua_dir, name);
	if (!g_file_test(file, G_FILE_TEST_IS_REGULAR))
		no_such_file(L, what, want, folder);
	kw_lua_run_file(L, lua_pushfstring(L, "=%s.lua", name), file);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, true);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, -6, name);
}

static int prim_include(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	const char *slash = strrchr(name, '/');

	if (kw_build(L)->run)
		kw_lua_error(L, "include() in a path");
	if (strstr(name, "..") || name[0] == '/' || !slash)
		kw_lua_error(L, "include(\"folder/name\"), below the Lua "
			     "directory, without .lua");
	include_once(L, name, "file", slash + 1,
		     lua_pushlstring(L, name, (size_t)(slash - name)));
	return 1;
}

/* A patch that is a file of the user's; once, as those of the folder. */
static void load_patch_file(lua_State *L, const char *name)
{
	struct kw_build *b = kw_build(L);

	lua_getfield(L, LUA_REGISTRYINDEX, INCLUDED);
	if (lua_getfield(L, -1, name) != LUA_TNIL) {
		if (lua_touserdata(L, -1) == b)
			file_error(L, lua_pushfstring(L, "%s includes itself",
						      name));
		return;
	}
	lua_pushlightuserdata(L, b);	/* busy */
	lua_setfield(L, -3, name);
	kw_lua_run_file(L, lua_pushfstring(L, "@%s", name), name);
	lua_pop(L, 3);			/* result, name, nil */
	lua_pushboolean(L, true);
	lua_setfield(L, -2, name);
}

static void load_patch(lua_State *L, const char *name)
{
	struct kw_build *b = kw_build(L);

	if (strchr(name, '/') || g_str_has_suffix(name, ".lua")) {
		load_patch_file(L, name);
	} else {
		include_once(L, lua_pushfstring(L, "patch/%s", name), "patch",
			     kw_intern(b, name), "patch");
	}
}

/* requires("ode-1", "ode-2"): patches that this one builds on. */
static int prim_requires(lua_State *L)
{
	int i, n = lua_gettop(L);

	for (i = 1; i <= n; i++) {
		load_patch(L, luaL_checkstring(L, i));
		lua_settop(L, n);
	}
	return 0;
}

static int prim_kernel_name(lua_State *L)
{
	lua_pushstring(L, kw_build(L)->script->kernel);
	return 1;
}

static int prim_exploring(lua_State *L)
{
	lua_pushstring(L, kw_build(L)->script->exploring);
	return 1;
}

static void load_base(lua_State *L, const char *name)
{
	char *file;

	if (strchr(name, '/') || g_str_has_suffix(name, ".lua")) {
		kw_lua_run_file(L, lua_pushfstring(L, "@%s", name), name);
		return;
	}
	file = g_strdelimit(g_strdup(name), ".", '_');
	lua_pushfstring(L, "kernel/%s", file);
	g_free(file);
	include_once(L, lua_tostring(L, -1), "kernel", name, "kernel");
}

void kw_files_kernel(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	char **parts = g_strsplit(b->script->kernel, "+", -1);
	int n, top = lua_gettop(L);

	luaL_checkstack(L, 256, "too many patches");
	for (n = 0; parts[n] && n < 200; n++)
		lua_pushstring(L, parts[n]);
	g_strfreev(parts);
	for (int i = 1; i <= n; i++) {
		const char *name = lua_tostring(L, top + i);

		if (!*name)
			file_error(L, lua_pushfstring(L, "kernel %s: a name is "
						      "empty",
						      b->script->kernel));
		if (i == 1)
			load_base(L, name);
		else
			load_patch(L, name);
		lua_settop(L, top + n);
	}
	lua_settop(L, top);
	b->scenario->kernel_digest = XXH3_64bits_digest(b->files->kernel);
}

void kw_files_prelude(lua_State *L)
{
	include_once(L, "kvmwake/init", "file", "init", "kvmwake");
	lua_settop(L, 0);
}

void kw_files_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = {
		{ "include", prim_include }, { "requires", prim_requires },
		{ "kernel_name", prim_kernel_name },
		{ "exploring", prim_exploring }, { NULL, NULL } };

	b->files = KW_NEW(&b->arena, struct kw_files);
	b->files->kernel = XXH3_createState();
	XXH3_64bits_reset(b->files->kernel);
	lua_newtable(b->L);
	lua_setfield(b->L, LUA_REGISTRYINDEX, INCLUDED);
	kw_register(b, fns);
}

void kw_files_close(struct kw_build *b)
{
	XXH3_freeState(b->files->kernel);
}
