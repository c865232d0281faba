/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what scripts see of objects: references, arrays, locations.
 *
 * Invariants: a reference is (register, offset, struct); a constant has
 * register 0 and the address as its offset.  A value that belongs to a run
 * of a path names that run and is refused in every other.
 */
#include "build.h"

#include <string.h>

#define META_NULL	"kw.null"
#define META_ARRAY	"kw.array"
#define META_LOC	"kw.location"
#define META_TIME	"kw.time"

static void *to_tagged(lua_State *L, int idx, enum kw_tag tag)
{
	uint32_t *v = NULL;

	if (lua_type(L, idx) == LUA_TUSERDATA)
		v = lua_touserdata(L, idx);
	return v && *v == tag ? v : NULL;
}

struct kw_ref *kw_to_ref(lua_State *L, int idx)
{
	return to_tagged(L, idx, KW_TAG_REF);
}

struct kw_loc *kw_to_loc(lua_State *L, int idx)
{
	return to_tagged(L, idx, KW_TAG_LOC);
}

struct kw_time *kw_to_time(lua_State *L, int idx)
{
	return to_tagged(L, idx, KW_TAG_TIME);
}

const char *kw_describe(lua_State *L, int idx)
{
	const struct kw_ref *r = kw_to_ref(L, idx);
	const struct kw_loc *l = kw_to_loc(L, idx);

	if (r && !r->kind)
		return "NULL";
	if (r)
		return lua_pushfstring(L, "a %s", r->kind->name);
	if (l)
		return lua_pushfstring(L, "the location of %s (load() it?)",
				       l->decl->name);
	if (to_tagged(L, idx, KW_TAG_ARRAY))
		return "an array (index it)";
	if (kw_to_duration(L, idx))
		return "a duration";
	if (kw_to_time(L, idx))
		return "a time";
	if (to_tagged(L, idx, KW_TAG_TYPE))
		return "a type";
	if (to_tagged(L, idx, KW_TAG_ACTOR))
		return "an actor";
	switch (lua_type(L, idx)) {
	case LUA_TNONE:
	case LUA_TNIL:
		return "nothing";
	case LUA_TBOOLEAN:
		return lua_toboolean(L, idx) ? "true" : "false";
	case LUA_TNUMBER:
		lua_pushvalue(L, idx);
		return lua_tostring(L, -1);
	case LUA_TSTRING:
		return "a string";
	default:
		return lua_pushfstring(L, "a %s", luaL_typename(L, idx));
	}
}

void kw_check_alive(lua_State *L, uint32_t run, const char *what)
{
	const struct kw_tracer *r;

	if (!run)
		return;
	for (r = kw_build(L)->run; r; r = r->parent)
		if (r->serial == run)
			return;
	kw_lua_error(L, "this %s belongs to another path or run: pass it as "
		     "an argument, or keep it in a field", what);
}

struct kw_ref *kw_check_ref(lua_State *L, int idx, const char *who)
{
	struct kw_ref *r = kw_to_ref(L, idx);

	if (!r)
		kw_lua_error(L, "%s wants a reference, not %s", who,
			     kw_describe(L, idx));
	kw_check_alive(L, r->run, "reference");
	return r;
}

struct kw_loc *kw_check_loc(lua_State *L, int idx, const char *who)
{
	struct kw_loc *l = kw_to_loc(L, idx);

	if (!l)
		kw_lua_error(L, "%s wants a field such as vcpu.mode, not %s",
			     who, kw_describe(L, idx));
	kw_check_alive(L, l->ref.run, "field");
	if (l->made)
		l->made->used = true;
	return l;
}

struct kw_handle *kw_check_handle(lua_State *L, int idx, const char *who)
{
	struct kw_handle *h = to_tagged(L, idx, KW_TAG_ACTOR);

	if (!h)
		kw_lua_error(L, "%s wants an actor, not %s", who,
			     kw_describe(L, idx));
	return h;
}

void kw_push_ref(lua_State *L, const struct kw_ref *r)
{
	struct kw_ref *new = lua_newuserdatauv(L, sizeof(*new), 0);

	*new = *r;
	new->tag = KW_TAG_REF;
	lua_rawgeti(L, LUA_REGISTRYINDEX, r->kind->meta);
	lua_setmetatable(L, -2);
}

void kw_push_loc(lua_State *L, const struct kw_ref *r,
		 const struct kw_decl *d)
{
	struct kw_build *b = kw_build(L);
	struct kw_loc *l = lua_newuserdatauv(L, sizeof(*l), 0);

	l->ref = *r;
	l->ref.tag = KW_TAG_LOC;
	l->decl = d;
	l->made = b->run ? kw_site_loc(b, kw_here(L), d) : NULL;
	luaL_setmetatable(L, META_LOC);
}

void kw_push_time(lua_State *L, uint32_t run, uint16_t reg)
{
	struct kw_time *t = lua_newuserdatauv(L, sizeof(*t), 0);

	t->tag = KW_TAG_TIME;
	t->run = run;
	t->reg = reg;
	luaL_setmetatable(L, META_TIME);
}

/* Element e (from 0) of field d of r: a reference or a location. */
static void push_element(lua_State *L, const struct kw_ref *r,
			 const struct kw_decl *d, unsigned e)
{
	struct kw_ref at = *r;
	bool time = !d->embed && d->type == KW_TIME;

	at.off = (uint16_t)((time ? r->off / 8 : r->off) + d->off +
			    e * d->stride);
	if (d->embed) {
		at.kind = d->kind;
		kw_push_ref(L, &at);
	} else {
		kw_push_loc(L, &at, d);
	}
}

/* ref.field: upvalue 1 maps names to declarations. */
static int ref_index(lua_State *L)
{
	struct kw_ref *r = kw_check_ref(L, 1, "a field");
	const struct kw_decl *d;
	struct kw_array *array;
	struct kw_near near;
	unsigned i;

	lua_pushvalue(L, 2);
	lua_rawget(L, lua_upvalueindex(1));
	d = lua_touserdata(L, -1);
	if (d && !d->array) {
		push_element(L, r, d, 0);
		return 1;
	}
	if (d) {
		array = lua_newuserdatauv(L, sizeof(*array), 0);
		array->ref = *r;
		array->ref.tag = KW_TAG_ARRAY;
		array->decl = d;
		luaL_setmetatable(L, META_ARRAY);
		return 1;
	}
	if (lua_type(L, 2) != LUA_TSTRING)
		kw_lua_error(L, "a field has a name: %s is not an array",
			     r->kind->name);
	kw_near_init(&near, lua_tostring(L, 2));
	for (i = 0; i < r->kind->nr_decls; i++)
		kw_near_offer(&near, r->kind->decls[i]->name);
	kw_lua_error(L, "%s has no field %s%s", r->kind->name,
		     lua_tostring(L, 2), kw_near_hint(L, &near));
}

static int array_index(lua_State *L)
{
	struct kw_array *a = lua_touserdata(L, 1);
	lua_Integer i = lua_isinteger(L, 2) ? lua_tointeger(L, 2) : 0;

	kw_check_alive(L, a->ref.run, "array");
	if (!lua_isinteger(L, 2))
		kw_lua_error(L, "%s[i]: i is a number, not %s", a->decl->name,
			     kw_describe(L, 2));
	if (i < 1 || i > a->decl->array)
		kw_wrong(L, "%s[i]: i goes from 1 to %u, not to %lld",
			 a->decl->name, a->decl->array, (long long)i);
	push_element(L, &a->ref, a->decl, (unsigned)i - 1);
	return 1;
}

static int array_len(lua_State *L)
{
	struct kw_array *a = lua_touserdata(L, 1);

	lua_pushinteger(L, a->decl->array);
	return 1;
}

static int refuse_assignment(lua_State *L)
{
	kw_lua_error(L, "%s is not assigned: store(location, value) in a "
		     "path, init() before", luaL_tolstring(L, 2, NULL));
}

static int null_index(lua_State *L)
{
	kw_wrong(L, "NULL has no field %s", luaL_tolstring(L, 2, NULL));
}

static int loc_index(lua_State *L)
{
	struct kw_loc *l = lua_touserdata(L, 1);

	kw_lua_error(L, "%s is %s: it has no field %s (load() it?)",
		     l->decl->name, kw_type_name(l->decl),
		     luaL_tolstring(L, 2, NULL));
}

static int value_tostring(lua_State *L)
{
	lua_pushstring(L, kw_describe(L, 1));
	return 1;
}

/* Locations do not compare, nor are they numbers: they must be loaded. */
static int loc_operator(lua_State *L)
{
	int l = kw_to_loc(L, 1) ? 1 : 2;

	kw_lua_error(L, "%s is a location, not its value: load() it",
		     kw_to_loc(L, l)->decl->name);
}

static void set_methods(lua_State *L, const luaL_Reg *fns)
{
	luaL_setfuncs(L, fns, 0);
	lua_pushliteral(L, "value");
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

int kw_struct_metatable(lua_State *L, struct kw_struct *st)
{
	static const luaL_Reg methods[] = {
		{ "__newindex", refuse_assignment }, { "__eq", kw_prim_ref_eq },
		{ "__tostring", value_tostring }, { NULL, NULL } };
	unsigned i;
	int ref;

	lua_createtable(L, 0, 6);
	lua_createtable(L, 0, (int)st->nr_decls);
	for (i = 0; i < st->nr_decls; i++) {
		lua_pushlightuserdata(L, st->decls[i]);
		lua_setfield(L, -2, st->decls[i]->name);
	}
	lua_pushcclosure(L, ref_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pushvalue(L, -1);
	ref = luaL_ref(L, LUA_REGISTRYINDEX);
	set_methods(L, methods);
	return ref;
}

void kw_value_open(struct kw_build *b)
{
	static const luaL_Reg null[] = {
		{ "__index", null_index }, { "__newindex", refuse_assignment },
		{ "__eq", kw_prim_ref_eq }, { "__tostring", value_tostring },
		{ NULL, NULL } };
	static const luaL_Reg array[] = {
		{ "__index", array_index }, { "__len", array_len },
		{ "__newindex", refuse_assignment },
		{ "__tostring", value_tostring }, { NULL, NULL } };
	static const luaL_Reg loc[] = {
		{ "__index", loc_index }, { "__newindex", refuse_assignment },
		{ "__tostring", value_tostring }, { "__eq", loc_operator },
		{ "__lt", loc_operator }, { "__le", loc_operator },
		{ "__add", loc_operator }, { "__sub", loc_operator },
		{ "__band", loc_operator }, { "__bor", loc_operator },
		{ "__concat", loc_operator }, { NULL, NULL } };
	static const luaL_Reg time[] = {
		{ "__tostring", value_tostring }, { NULL, NULL } };
	lua_State *L = b->L;
	struct kw_ref *r = lua_newuserdatauv(L, sizeof(*r), 0);

	memset(r, 0, sizeof(*r));
	r->tag = KW_TAG_REF;
	luaL_newmetatable(L, META_NULL);
	lua_pushvalue(L, -1);
	lua_setmetatable(L, -3);
	set_methods(L, null);
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, "kw.NULL");
	lua_setglobal(L, "NULL");
	luaL_newmetatable(L, META_ARRAY);
	set_methods(L, array);
	luaL_newmetatable(L, META_LOC);
	set_methods(L, loc);
	luaL_newmetatable(L, META_TIME);
	set_methods(L, time);
}
