/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what must hold beside SPEC: invariant().
 *
 * An invariant is a path of one argument that returns whether it holds; it is
 * traced last, when every kernel and patch has said what its paths are.  One
 * that is declared again, by a later kernel or a patch, replaces the first.
 */
#include "build.h"

#include <string.h>

static unsigned word(lua_State *L, const char *key, const char *const *words,
		     unsigned nr)
{
	struct kw_near near;
	const char *w;
	unsigned i;

	if (lua_getfield(L, 2, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return 0;
	}
	if (lua_type(L, -1) != LUA_TSTRING)
		kw_lua_error(L, "invariant.%s is a word, not %s", key,
			     kw_describe(L, -1));
	w = lua_tostring(L, -1);
	kw_near_init(&near, w);
	for (i = 0; i < nr && strcmp(words[i], w); i++)
		kw_near_offer(&near, words[i]);
	if (i == nr)
		kw_lua_error(L, "invariant: %s is never \"%s\"%s", key, w,
			     kw_near_hint(L, &near));
	lua_pop(L, 1);
	return i;
}

static const char *text(lua_State *L, const char *key)
{
	const char *s;

	if (lua_getfield(L, 2, key) != LUA_TSTRING)
		kw_lua_error(L, "invariant.%s is a string, not %s", key,
			     kw_describe(L, -1));
	s = kw_intern(kw_build(L), lua_tostring(L, -1));
	lua_pop(L, 1);
	return s;
}

static unsigned number_of(struct kw_build *b, const char *name)
{
	unsigned i;

	for (i = 0; i < b->p->nr_invariants; i++)
		if (b->p->invariants[i].name == name)
			return i;
	return i;
}

static int prim_invariant(lua_State *L)
{
	static const char *const keys[] = { "about", "of", "when",
					    "eventually", "holds", NULL };
	struct kw_build *b = kw_build(L);
	struct kw_program *p = b->p;
	struct kw_invariant v = { 0 };
	unsigned i;

	if (b->run)
		kw_lua_error(L, "invariant() in a path");
	v.name = kw_intern(b, luaL_checkstring(L, 1));
	kw_check_keys(L, 2, keys, "invariant");
	lua_settop(L, 2);
	v.about = text(L, "about");
	v.when = (uint8_t)word(L, "when", kw_when_names, KW_NR_WHENS);
	v.eventually = (uint8_t)word(L, "eventually", kw_eventually_names,
				     KW_NR_EVENTUALLYS);
	i = number_of(b, v.name);
	if (i == KW_MAX_INVARIANTS)
		kw_lua_error(L, "more than %d invariants", KW_MAX_INVARIANTS);
	b->invariant_of[i] = text(L, "of");
	if (lua_getfield(L, 2, "holds") != LUA_TFUNCTION)
		kw_lua_error(L, "invariant.holds is a function, not %s",
			     kw_describe(L, -1));
	b->invariant_fn[i] = luaL_ref(L, LUA_REGISTRYINDEX);
	if (i < p->nr_invariants)
		p->invariants[i] = v;
	else
		KW_PUSH(b->keep, p->invariants, p->nr_invariants,
			b->max_invariants, v);
	return 0;
}

static bool has_object(const struct kw_program *p, unsigned kind)
{
	unsigned i;

	for (i = 0; i < p->nr_objects && p->objects[i].kind != kind; i++)
		;
	return i < p->nr_objects;
}

/* Where there is nothing that it speaks of, it is no path. */
static void trace(lua_State *L, struct kw_draft *d, unsigned i)
{
	struct kw_build *b = kw_build(L);
	struct kw_invariant *v = &b->p->invariants[i];
	struct kw_struct *st = kw_struct_find(b, b->invariant_of[i]);
	struct kw_ref ref = { .tag = KW_TAG_REF, .kind = st };
	int top = lua_gettop(L);

	if (!st)
		kw_lua_error(L, "invariant %s: there is no struct %s",
			     v->name, b->invariant_of[i]);
	v->kind = (uint16_t)st->nr;
	if (!has_object(b->p, st->nr))
		return;
	lua_rawgeti(L, LUA_REGISTRYINDEX, b->invariant_fn[i]);
	kw_push_ref(L, &ref);
	d->oracle[KW_ORACLE_TERMS + i] = kw_path_of(L, top + 1, 1,
						    KW_PATH_ORACLE,
						    v->name)->nr;
	lua_settop(L, top);
}

void kw_invariants_trace(lua_State *L, struct kw_draft *d)
{
	unsigned i;

	for (i = 0; i < KW_MAX_INVARIANTS; i++)
		d->oracle[KW_ORACLE_TERMS + i] = KW_DRAFT_NONE;
	for (i = 0; i < kw_build(L)->p->nr_invariants; i++)
		trace(L, d, i);
}

void kw_invariant_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "invariant", prim_invariant },
					{ NULL, NULL } };

	kw_register(b, fns);
}
