/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a file of claims says: the table that claims{} returns.
 *
 * lua/kvmwake/claims.lua has checked it, with the file's lines at hand.
 */
#include "build.h"

#include <string.h>

const char *const kw_claim_properties[KW_NR_CLAIM_PROPERTIES] = {
	[KW_CLAIM_MISSED] = "missed", [KW_CLAIM_SPURIOUS] = "spurious",
	[KW_CLAIM_FAILED] = "failed", [KW_CLAIM_RACE] = "race",
	[KW_CLAIM_ORDER] = "lock-order", [KW_CLAIM_STORM] = "storm",
	[KW_CLAIM_INVARIANT] = "invariant",
};

static const char *keep(lua_State *L, const char *s)
{
	return g_string_chunk_insert_const(kw_build(L)->claims->strings, s);
}

/* The string at key of the table on top, or "". */
static const char *get_string(lua_State *L, const char *key)
{
	const char *s = "";

	if (lua_getfield(L, -1, key) == LUA_TSTRING)
		s = keep(L, lua_tostring(L, -1));
	lua_pop(L, 1);
	return s;
}

static const char **get_strings(lua_State *L, const char *key)
{
	const char **v;
	unsigned i, n;

	lua_getfield(L, -1, key);
	n = lua_istable(L, -1) ? (unsigned)lua_rawlen(L, -1) : 0;
	v = g_new0(const char *, n + 1);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, -1, i + 1);
		v[i] = keep(L, luaL_checkstring(L, -1));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return v;
}

static enum kw_claim_property property(const char *name)
{
	unsigned p;

	for (p = 0; p < KW_NR_CLAIM_PROPERTIES; p++)
		if (!strcmp(name, kw_claim_properties[p]))
			return p;
	return KW_CLAIM_MISSED;
}

static void get_evidence(lua_State *L, struct kw_evidence *e)
{
	const char *sometimes = get_string(L, "sometimes");

	lua_rawgeti(L, -1, 1);
	e->scenario = keep(L, luaL_checkstring(L, -1));
	lua_pop(L, 1);
	e->on = get_string(L, "on");
	e->without = get_string(L, "without");
	e->when = get_string(L, "when");
	e->sometimes = *sometimes;
	e->property = property(*sometimes ? sometimes :
					    get_string(L, "never"));
	e->kernels = get_strings(L, "kernels");
	e->under = get_strings(L, "under");
}

static void get_claim(lua_State *L, struct kw_claim *c)
{
	unsigned i;

	c->id = get_string(L, "id");
	c->says = get_string(L, "says");
	c->note = get_string(L, "note");
	c->kernels = get_strings(L, "kernels");
	c->nr_evidence = (unsigned)lua_rawlen(L, -1);
	c->evidence = g_new0(struct kw_evidence, c->nr_evidence);
	for (i = 0; i < c->nr_evidence; i++) {
		lua_rawgeti(L, -1, i + 1);
		get_evidence(L, &c->evidence[i]);
		lua_pop(L, 1);
	}
}

static void get_claims(lua_State *L, struct kw_claims *c)
{
	unsigned i;

	lua_getfield(L, -1, "claims");
	c->nr_claims = (unsigned)lua_rawlen(L, -1);
	c->claims = g_new0(struct kw_claim, c->nr_claims);
	for (i = 0; i < c->nr_claims; i++) {
		lua_rawgeti(L, -1, i + 1);
		get_claim(L, &c->claims[i]);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void get_proposals(lua_State *L, struct kw_claims *c)
{
	unsigned i;

	lua_getfield(L, -1, "proposals");
	c->nr_proposals = (unsigned)lua_rawlen(L, -1);
	c->proposals = g_new0(struct kw_proposal, c->nr_proposals);
	for (i = 0; i < c->nr_proposals; i++) {
		lua_rawgeti(L, -1, i + 1);
		c->proposals[i].id = get_string(L, "id");
		c->proposals[i].says = get_string(L, "says");
		c->proposals[i].note = get_string(L, "note");
		c->proposals[i].patch = get_string(L, "patch");
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* scenario = kernel, in the order of the scenarios' names. */
static void get_bases(lua_State *L, struct kw_claims *c)
{
	unsigned i, n;

	lua_getfield(L, -1, "bases");
	n = kw_sorted_keys(L, -1);
	c->bases = g_new0(const char *, 2 * n + 1);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, -1, i + 1);
		c->bases[2 * i] = keep(L, lua_tostring(L, -1));
		lua_rawget(L, -3);
		c->bases[2 * i + 1] = keep(L, luaL_checkstring(L, -1));
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
}

/* The table at stack index 1. */
void kw_claims_read(lua_State *L)
{
	struct kw_claims *c = kw_build(L)->claims;

	if (!lua_istable(L, 1))
		kw_lua_error_at(L, kw_build(L)->script->path, 1,
				"the file must return claims{...}");
	lua_settop(L, 1);
	c->about = get_string(L, "about");
	c->scenarios = get_string(L, "scenarios");
	c->base = get_string(L, "base");
	get_claims(L, c);
	get_proposals(L, c);
	get_bases(L, c);
}

void kw_claims_free(struct kw_claims *c)
{
	unsigned i, k;

	for (i = 0; i < c->nr_claims; i++) {
		for (k = 0; k < c->claims[i].nr_evidence; k++) {
			g_free(c->claims[i].evidence[k].kernels);
			g_free(c->claims[i].evidence[k].under);
		}
		g_free(c->claims[i].evidence);
		g_free(c->claims[i].kernels);
	}
	g_free(c->claims);
	g_free(c->proposals);
	g_free(c->bases);
	g_string_chunk_free(c->strings);
	g_free(c);
}
