/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which of Lua's library a script has.
 *
 * Invariant: nothing here differs between two processes: no addresses, no
 * order of hash tables, no random numbers, no clock, no files.
 */
#include "build.h"

#include <stdlib.h>
#include <string.h>

static int refuse_pairs(lua_State *L)
{
	kw_lua_error(L, "%s visits in an order that differs from process to "
		     "process: use spairs(t) or an array",
		     lua_tostring(L, lua_upvalueindex(1)));
}

static int compare_keys(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

unsigned kw_sorted_keys(lua_State *L, int idx)
{
	unsigned n = 0, i;
	const char **names;

	idx = lua_absindex(L, idx);
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			kw_lua_error(L, "keys must be names, not %s",
				     kw_describe(L, -2));
		n++;
	}
	names = lua_newuserdatauv(L, (n + 1) * sizeof(*names), 0);
	n = 0;
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
		names[n++] = lua_tostring(L, -2);
	qsort(names, n, sizeof(*names), compare_keys);
	lua_createtable(L, (int)n, 0);
	for (i = 0; i < n; i++) {
		lua_pushstring(L, names[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_remove(L, -2);
	return n;
}

/* Integers before names, each in order. */
static int key_less(lua_State *L)
{
	int a = lua_type(L, 1), b = lua_type(L, 2);

	if (a != b)
		lua_pushboolean(L, a == LUA_TNUMBER);
	else
		lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
	return 1;
}

static int spairs_next(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(3)) + 1;

	lua_pushinteger(L, i);
	lua_replace(L, lua_upvalueindex(3));
	if (lua_rawgeti(L, lua_upvalueindex(2), i) == LUA_TNIL)
		return 1;
	lua_pushvalue(L, -1);
	lua_gettable(L, lua_upvalueindex(1));
	return 2;
}

static int sort_stable(lua_State *L);

static int spairs(lua_State *L)
{
	lua_Integer n = 0;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_pushcfunction(L, sort_stable);
	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		int type = lua_type(L, -2);

		if (type != LUA_TSTRING && type != LUA_TNUMBER)
			kw_lua_error(L, "spairs: a key is %s: neither a name "
				     "nor a number", kw_describe(L, -2));
		lua_pushvalue(L, -2);
		lua_rawseti(L, 3, ++n);
	}
	lua_pushvalue(L, 3);
	lua_insert(L, 2);
	lua_pushcfunction(L, key_less);
	lua_call(L, 2, 0);
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 2);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, spairs_next, 3);
	return 1;
}

static bool sort_less(lua_State *L, int a, int b)
{
	bool less;

	if (lua_isnil(L, 2))
		return lua_compare(L, a, b, LUA_OPLT);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, a);
	lua_pushvalue(L, b);
	lua_call(L, 2, 1);
	less = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return less;
}

/* Merges t[lo, mid) and t[mid, hi) through the scratch table at 3. */
static void merge(lua_State *L, lua_Integer lo, lua_Integer mid,
		  lua_Integer hi)
{
	lua_Integer i = lo, j = mid, k;

	for (k = lo; k < hi; k++)
		lua_rawgeti(L, 1, k), lua_rawseti(L, 3, k);
	for (k = lo; k < hi; k++) {
		bool second = i >= mid;

		if (i < mid && j < hi) {
			lua_rawgeti(L, 3, j);
			lua_rawgeti(L, 3, i);
			second = sort_less(L, lua_gettop(L) - 1,
					   lua_gettop(L));
			lua_pop(L, 2);
		}
		lua_rawgeti(L, 3, second ? j++ : i++);
		lua_rawseti(L, 1, k);
	}
}

/*
 * table.sort(t [, less]): stable.  Lua's own picks its pivot by the clock,
 * so that equal elements end up in an order of their own in each process.
 */
static int sort_stable(lua_State *L)
{
	lua_Integer n, width, lo;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	lua_newtable(L);
	n = (lua_Integer)lua_rawlen(L, 1);
	for (width = 1; width < n; width *= 2)
		for (lo = 1; lo + width <= n; lo += 2 * width)
			merge(L, lo, lo + width,
			      lo + 2 * width > n ? n + 1 : lo + 2 * width);
	return 0;
}

/* tostring(): no addresses. */
static int plain_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	switch (lua_type(L, 1)) {
	case LUA_TTABLE:
	case LUA_TFUNCTION:
	case LUA_TUSERDATA:
		if (!luaL_getmetafield(L, 1, "__tostring")) {
			lua_pushstring(L, luaL_typename(L, 1));
			return 1;
		}
		lua_pop(L, 1);
	}
	luaL_tolstring(L, 1, NULL);
	return 1;
}

/* string.format(): likewise.  Upvalue 1 is Lua's. */
static int plain_format(lua_State *L)
{
	const char *s = luaL_checkstring(L, 1);
	int i, n = lua_gettop(L);

	for (; (s = strchr(s, '%')); s += 2) {
		if (s[1 + strspn(s + 1, "-+ #.0123456789")] == 'p')
			kw_lua_error(L, "%%p differs in every process");
		if (!s[1])
			break;
	}
	for (i = 2; i <= n; i++) {
		if (lua_type(L, i) < LUA_TTABLE && !lua_islightuserdata(L, i))
			continue;
		lua_pushcfunction(L, plain_tostring);
		lua_pushvalue(L, i);
		lua_call(L, 1, 1);
		lua_replace(L, i);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, n, 1);
	return 1;
}

static int plain_setmetatable(lua_State *L)
{
	static const char *const refused[] = { "__gc", "__mode", "__close" };
	unsigned i;

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checktype(L, 2, LUA_TTABLE);
	if (luaL_getmetafield(L, 1, "__metatable"))
		kw_lua_error(L, "setmetatable: this table is not yours");
	for (i = 0; i < G_N_ELEMENTS(refused); i++) {
		lua_pushstring(L, refused[i]);
		if (lua_rawget(L, 2) != LUA_TNIL)
			kw_lua_error(L, "setmetatable: no %s here",
				     refused[i]);
		lua_pop(L, 1);
	}
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

static void drop(lua_State *L, const char *table, const char *const *names)
{
	if (table)
		lua_getglobal(L, table);
	else
		lua_pushglobaltable(L);
	for (; *names; names++) {
		lua_pushnil(L);
		lua_setfield(L, -2, *names);
	}
	lua_pop(L, 1);
}

static void replace_in(lua_State *L, const char *table, const char *name,
		       lua_CFunction fn)
{
	lua_getglobal(L, table);
	lua_getfield(L, -1, name);
	lua_pushcclosure(L, fn, 1);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

void kw_stdlib_open(struct kw_build *b)
{
	static const char *const base[] = {
		"dofile", "load", "loadfile", "pcall", "xpcall", "print",
		"collectgarbage", "getmetatable", "rawget", "rawset", "warn",
		"_G", NULL };
	static const char *const str[] = { "dump", NULL };
	static const char *const math[] = { "random", "randomseed", NULL };
	static const luaL_Reg ours[] = {
		{ "spairs", spairs }, { "tostring", plain_tostring },
		{ "setmetatable", plain_setmetatable }, { NULL, NULL } };
	static const char *const hashed[] = { "pairs", "next" };
	lua_State *L = b->L;
	unsigned i;

	luaL_requiref(L, "_G", luaopen_base, 1);
	luaL_requiref(L, "string", luaopen_string, 1);
	luaL_requiref(L, "table", luaopen_table, 1);
	luaL_requiref(L, "math", luaopen_math, 1);
	lua_settop(L, 0);
	drop(L, NULL, base);
	drop(L, "string", str);
	drop(L, "math", math);
	kw_register(b, ours);
	for (i = 0; i < G_N_ELEMENTS(hashed); i++) {
		lua_pushstring(L, hashed[i]);
		lua_pushcclosure(L, refuse_pairs, 1);
		lua_setglobal(L, hashed[i]);
	}
	replace_in(L, "string", "format", plain_format);
	replace_in(L, "table", "sort", sort_stable);
}

void kw_near_init(struct kw_near *n, const char *want)
{
	size_t len = strlen(want);

	n->want = want;
	n->best = NULL;
	n->distance = len < 4 ? 2 : len < 8 ? 3 : 4;	/* one more than ok */
}

/* Levenshtein's distance, at most limit. */
static unsigned edit_distance(const char *a, const char *b, unsigned limit)
{
	unsigned row[64], i, j, n = (unsigned)strlen(b);

	if (n >= G_N_ELEMENTS(row) || strlen(a) >= G_N_ELEMENTS(row))
		return limit;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		unsigned diagonal = row[0], least = row[0] = i + 1;

		for (j = 1; j <= n; j++) {
			unsigned cost = diagonal + (g_ascii_tolower(a[i]) !=
				g_ascii_tolower(b[j - 1]));

			diagonal = row[j];
			row[j] = MIN(cost, MIN(row[j], row[j - 1]) + 1);
			least = MIN(least, row[j]);
		}
		if (least >= limit)
			return limit;
	}
	return MIN(row[n], limit);
}

void kw_near_offer(struct kw_near *n, const char *name)
{
	unsigned d = edit_distance(n->want, name, n->distance + 1);

	if (d < n->distance ||
	    (d == n->distance && n->best && strcmp(name, n->best) < 0)) {
		n->distance = d;
		n->best = name;
	}
}

const char *kw_near_hint(lua_State *L, const struct kw_near *n)
{
	if (!n->best)
		return "";
	return lua_pushfstring(L, "; did you mean %s?", n->best);
}
