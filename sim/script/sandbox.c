/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a script may use up, and where an error is said to be.
 *
 * Invariants: a script has at most KW_LUA_MEMORY bytes and
 * KW_LUA_INSTRUCTIONS instructions; every error that leaves Lua begins with
 * "file:line: ", the user's file rather than the prelude's.  Chunks of the
 * Lua directory are named "=kernel/v4_14.lua", a user's file "@as/given.lua".
 */
#include "build.h"

#include <stdarg.h>
#include <string.h>

/* The innermost Lua function at or above level; false if there is none. */
static bool lua_frame(lua_State *L, int level, bool user, lua_Debug *ar)
{
	for (; lua_getstack(L, level, ar); level++) {
		lua_getinfo(L, "Sl", ar);
		if (ar->currentline > 0 &&
		    !(user && g_str_has_prefix(ar->source, "=kvmwake/")))
			return true;
	}
	return false;
}

static void put_place(const struct kw_build *b, const lua_Debug *ar,
		      GString *out)
{
	if (ar->source[0] == '=')
		g_string_append_printf(out, "%s/", b->script->lua_dir);
	g_string_append_printf(out, "%s:%d", ar->source + 1, ar->currentline);
}

/*
 * Where the user's mistake is: his innermost line or, where a tail call
 * (`return scenario {`) has taken that off the stack, his last one.
 */
static bool put_user_place(lua_State *L, int level, GString *out)
{
	struct kw_build *b = kw_build(L);
	lua_Debug ar;

	if (lua_frame(L, level, true, &ar)) {
		put_place(b, &ar, out);
		return true;
	}
	if (b->phase == KW_SCENARIO && b->last_line)
		g_string_append_printf(out, "%s:%d", b->script->path,
				       b->last_line);
	return out->len > 0;
}

/*
 * What is wrong in a kernel's path may be what a file of the user's gave it:
 * where that calls, if it does.
 */
static void put_caller(lua_State *L, int level, GString *out)
{
	lua_Debug ar;

	if (!lua_frame(L, level, true, &ar) || ar.source[0] != '=')
		return;
	for (; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline <= 0 || ar.source[0] != '@')
			continue;
		g_string_append(out, " (called from ");
		put_place(kw_build(L), &ar, out);
		g_string_append_c(out, ')');
		return;
	}
}

/*
 * Message text with the user's place, on top of the stack; with ours too
 * when the mistake may be ours.
 */
static void push_error(lua_State *L, int level, const char *text, bool ours)
{
	struct kw_build *b = kw_build(L);
	GString *out = g_string_new(NULL);
	lua_Debug inner;
	bool found = lua_frame(L, level, false, &inner);

	if (put_user_place(L, level, out)) {
		g_string_append_printf(out, ": %s", text);
		if (ours && found &&
		    g_str_has_prefix(inner.source, "=kvmwake/")) {
			g_string_append(out, " (at ");
			put_place(b, &inner, out);
			g_string_append_c(out, ')');
		}
		put_caller(L, level, out);
	} else {
		if (found)
			put_place(b, &inner, out);
		else
			g_string_append_printf(out, "%s:1", b->script->path);
		g_string_append_printf(out, ": %s", text);
	}
	g_strdelimit(out->str, "\n\r", ' ');
	lua_pushstring(L, out->str);
	g_string_free(out, TRUE);
	b->positioned = true;
}

void kw_lua_error(lua_State *L, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	g_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	push_error(L, 0, text, true);
	lua_error(L);
	g_assert_not_reached();
}

void kw_lua_error_at(lua_State *L, const char *file, int line,
		     const char *fmt, ...)
{
	struct kw_build *b = kw_build(L);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	g_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->positioned = true;
	lua_pushfstring(L, "%s%s%s:%d: %s",
			file[0] == '=' ? b->script->lua_dir : "",
			file[0] == '=' ? "/" : "", file + 1, line, text);
	lua_error(L);
	g_assert_not_reached();
}

/*
 * Lua's own errors begin with a place whose file name may be cut short;
 * those of C functions have none.  Returns the text behind that place and
 * the level it names, or -1.
 */
static const char *strip_place(lua_State *L, const char *text, int *level)
{
	lua_Debug ar;
	char place[LUA_IDSIZE + 16];
	int i;

	for (i = 0; lua_getstack(L, i, &ar); i++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline <= 0)
			continue;
		g_snprintf(place, sizeof(place), "%s:%d: ", ar.short_src,
			   ar.currentline);
		if (g_str_has_prefix(text, place)) {
			*level = i;
			return text + strlen(place);
		}
	}
	*level = -1;
	return text;
}

int kw_message_handler(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const char *text;
	int level;

	if (b->positioned || lua_touserdata(L, 1) == &kw_abort)
		return 1;
	text = lua_tostring(L, 1);
	if (!text)
		text = lua_pushfstring(L, "error(%s): not a message",
				       luaL_typename(L, 1));
	text = strip_place(L, text, &level);
	push_error(L, MAX(level, 0), text, level >= 0);
	return 1;
}

/* The allocator fails: remember where, for an error without a place. */
static void note_oom(struct kw_build *b)
{
	GString *out;
	lua_Debug ar;

	b->out_of_memory = true;
	if (!b->L || (!lua_frame(b->L, 0, true, &ar) &&
		      !lua_frame(b->L, 0, false, &ar)))
		return;
	out = g_string_new(NULL);
	put_place(b, &ar, out);
	g_strlcpy(b->oom_at, out->str, sizeof(b->oom_at));
	g_string_free(out, TRUE);
}

static void *capped_alloc(void *ud, void *old, size_t was, size_t size)
{
	struct kw_build *b = ud;

	if (!old)
		was = 0;
	if (!size) {
		b->memory -= was;
		g_free(old);
		return NULL;
	}
	if (size > was && b->memory + (size - was) > KW_LUA_MEMORY) {
		note_oom(b);
		return NULL;
	}
	b->memory += size - was;
	return g_realloc(old, size);
}

static void hook(lua_State *L, lua_Debug *ar)
{
	struct kw_build *b = kw_build(L);

	if (ar->event == LUA_HOOKLINE) {
		lua_getinfo(L, "S", ar);
		if (ar->source[0] == '@' &&
		    !strcmp(ar->source + 1, b->script->path))
			b->last_line = ar->currentline;
		return;
	}
	b->instructions += KW_HOOK_EVERY;
	b->run_instructions += KW_HOOK_EVERY;
	if (b->run && b->run_instructions > KW_RUN_INSTRUCTIONS)
		kw_lua_error(L, "%s does not end: repeat accesses with loop()",
			     b->run->path->name);
	if (b->instructions > KW_LUA_INSTRUCTIONS)
		kw_lua_error(L, "too many instructions (%u): an endless loop?",
			     KW_LUA_INSTRUCTIONS);
}

void kw_sandbox_open(struct kw_build *b)
{
	lua_State *L = lua_newstate(capped_alloc, b);

	g_assert(L);
	b->L = L;
	*(struct kw_build **)lua_getextraspace(L) = b;
	lua_sethook(L, hook, LUA_MASKCOUNT, KW_HOOK_EVERY);
}

void kw_watch_lines(struct kw_build *b, bool on)
{
	lua_sethook(b->L, hook, LUA_MASKCOUNT | (on ? LUA_MASKLINE : 0),
		    KW_HOOK_EVERY);
}

const char *kw_intern(struct kw_build *b, const char *s)
{
	return g_string_chunk_insert_const(b->strings, s);
}

void kw_register(struct kw_build *b, const luaL_Reg *fns)
{
	lua_pushglobaltable(b->L);
	luaL_setfuncs(b->L, fns, 0);
	lua_pop(b->L, 1);
}

/* Reads of an undefined global: upvalue 1 is the table of those defined. */
static int undefined_global(lua_State *L)
{
	const char *name = lua_tostring(L, 2);
	struct kw_near near;

	if (!name)
		kw_lua_error(L, "undefined global");
	kw_near_init(&near, name);
	for (lua_pushnil(L); lua_next(L, lua_upvalueindex(1)); lua_pop(L, 1))
		if (lua_type(L, -2) == LUA_TSTRING)
			kw_near_offer(&near, lua_tostring(L, -2));
	kw_lua_error(L, "undefined global %s%s", name,
		     kw_near_hint(L, &near));
}

static int frozen_global(lua_State *L)
{
	kw_lua_error(L, "a path writes to global %s: what a path keeps must "
		     "be in a field", luaL_tolstring(L, 2, NULL));
}

void kw_watch_globals(struct kw_build *b)
{
	lua_State *L = b->L;

	lua_pushglobaltable(L);
	lua_createtable(L, 0, 1);
	lua_pushvalue(L, -2);
	lua_pushcclosure(L, undefined_global, 1);
	lua_setfield(L, -2, "__index");
	lua_pushliteral(L, "globals");
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

/* The globals move to a table behind the global table, which stays empty. */
void kw_freeze_globals(struct kw_build *b)
{
	lua_State *L = b->L;
	int globals, back;

	lua_pushglobaltable(L);
	globals = lua_gettop(L);
	lua_newtable(L);
	back = lua_gettop(L);
	for (lua_pushnil(L); lua_next(L, globals); lua_pop(L, 1)) {
		lua_pushvalue(L, -2);
		lua_pushvalue(L, -2);
		lua_rawset(L, back);
	}
	for (lua_pushnil(L); lua_next(L, back); lua_pop(L, 1)) {
		lua_pushvalue(L, -2);
		lua_pushnil(L);
		lua_rawset(L, globals);
	}
	lua_createtable(L, 0, 1);
	lua_pushvalue(L, back);
	lua_pushcclosure(L, undefined_global, 1);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, back);
	lua_createtable(L, 0, 2);
	lua_pushvalue(L, back);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, frozen_global);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, globals);
	lua_settop(L, globals - 1);
}
