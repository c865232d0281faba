/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a function has kept something outside of itself.
 *
 * What can be seen from a function's upvalues, a few levels deep, is hashed
 * before and after it is traced.  A path that counts in an upvalue, or fills
 * a table, is found here even if its accesses do not differ.
 */
#include "build.h"

#define DEPTH		2
#define MAX_ENTRIES	256
#define MAX_VISITS	2048

struct kw_guard {
	unsigned nr, visits;
	uint64_t hash[];
};

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t hash_value(lua_State *L, struct kw_guard *g, int idx,
			   unsigned depth);

/* The order of a table's entries does not matter: a sum. */
static uint64_t hash_table(lua_State *L, struct kw_guard *g, int idx,
			   unsigned depth)
{
	uint64_t sum = 0;
	unsigned n = 0;

	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		int top = lua_gettop(L);

		if (++n > MAX_ENTRIES) {
			lua_pop(L, 2);
			return sum;
		}
		sum += mix(hash_value(L, g, top - 1, 0),
			   hash_value(L, g, top, depth));
	}
	return mix(sum, n);
}

static uint64_t hash_function(lua_State *L, struct kw_guard *g, int idx,
			      unsigned depth)
{
	uint64_t h = 0;
	int i;

	for (i = 1; lua_getupvalue(L, idx, i); i++) {
		h = mix(h, hash_value(L, g, lua_gettop(L), depth));
		lua_pop(L, 1);
	}
	return h;
}

/* idx is absolute. */
static uint64_t hash_value(lua_State *L, struct kw_guard *g, int idx,
			   unsigned depth)
{
	uint64_t h = (uint64_t)lua_type(L, idx) * 0x51ed27;
	lua_Number n;

	switch (lua_type(L, idx)) {
	case LUA_TNIL:
		return h;
	case LUA_TBOOLEAN:
		return h + (uint64_t)lua_toboolean(L, idx);
	case LUA_TNUMBER:
		n = lua_tonumber(L, idx);
		return mix(h, lua_isinteger(L, idx) ?
				      (uint64_t)lua_tointeger(L, idx) :
				      (uint64_t)(int64_t)(n * 4096));
	}
	h = mix(h, (uintptr_t)lua_topointer(L, idx));
	if (!depth || ++g->visits > MAX_VISITS)
		return h;
	luaL_checkstack(L, 8, "tables nest too deeply");
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	if (lua_rawequal(L, -1, idx))
		depth = 0;
	lua_pop(L, 1);
	if (depth && lua_istable(L, idx))
		h = mix(h, hash_table(L, g, idx, depth - 1));
	else if (depth && lua_isfunction(L, idx) && !lua_iscfunction(L, idx))
		h = mix(h, hash_function(L, g, idx, depth - 1));
	return h;
}

static unsigned hash_upvalues(lua_State *L, struct kw_guard *g, int fn)
{
	int i;

	g->visits = 0;
	for (i = 1; lua_getupvalue(L, fn, i); i++) {
		g->hash[i - 1] = hash_value(L, g, lua_gettop(L), DEPTH);
		lua_pop(L, 1);
	}
	return (unsigned)i - 1;
}

struct kw_guard *kw_guard_new(lua_State *L, int fn)
{
	struct kw_build *b = kw_build(L);
	struct kw_guard *g;
	unsigned n = 0;

	while (lua_getupvalue(L, fn, (int)n + 1)) {
		lua_pop(L, 1);
		n++;
	}
	g = kw_arena_alloc(&b->arena, sizeof(*g) + n * sizeof(uint64_t));
	g->nr = hash_upvalues(L, g, fn);
	return g;
}

const char *kw_guard_check(lua_State *L, int fn, const struct kw_guard *was)
{
	struct kw_build *b = kw_build(L);
	struct kw_guard *g;
	unsigned i;

	g = kw_arena_alloc(&b->arena,
			   sizeof(*g) + was->nr * sizeof(uint64_t));
	hash_upvalues(L, g, fn);
	for (i = 0; i < was->nr; i++)
		if (g->hash[i] != was->hash[i])
			return lua_getupvalue(L, fn, (int)i + 1);
	return NULL;
}
