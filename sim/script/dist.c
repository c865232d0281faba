/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a duration is: ns(), us(), ms(), uniform() and the others.
 *
 * Invariants: a duration is a whole number of nanoseconds below 2^62; equal
 * durations have one number in a program; dist 0 is "none".
 */
#include "build.h"

#include <math.h>
#include <string.h>

#define META "kw.duration"
#define MAX_NS (UINT64_C(1) << 62)

static struct kw_duration *push_new(lua_State *L, enum kw_dist_kind kind)
{
	struct kw_duration *d = lua_newuserdatauv(L, sizeof(*d), 1);

	memset(d, 0, sizeof(*d));
	d->tag = KW_TAG_DIST;
	d->dist.kind = (uint8_t)kind;
	luaL_setmetatable(L, META);
	return d;
}

struct kw_duration *kw_new_duration(lua_State *L, uint64_t ns)
{
	struct kw_duration *d = push_new(L, KW_CONSTANT);

	d->dist.a = ns;
	return d;
}

struct kw_duration *kw_to_duration(lua_State *L, int idx)
{
	struct kw_duration *d = NULL;

	if (lua_type(L, idx) == LUA_TUSERDATA)
		d = lua_touserdata(L, idx);
	return d && d->tag == KW_TAG_DIST ? d : NULL;
}

struct kw_duration *kw_check_duration(lua_State *L, int idx, const char *who)
{
	struct kw_duration *d = kw_to_duration(L, idx);

	if (d)
		return d;
	if (lua_type(L, idx) == LUA_TNUMBER)
		kw_lua_error(L, "%s: wrong unit: %s is a number, a duration "
			     "is ns(), us() or ms() of it", who,
			     luaL_tolstring(L, idx, NULL));
	kw_lua_error(L, "%s wants a duration such as us(5), not %s", who,
		     kw_describe(L, idx));
}

uint64_t kw_check_ns(lua_State *L, int idx, const char *who)
{
	struct kw_duration *d = kw_check_duration(L, idx, who);

	if (d->dist.kind != KW_CONSTANT)
		kw_lua_error(L, "%s wants a constant duration", who);
	return d->dist.a;
}

static bool same(const struct kw_build *b, const struct kw_dist *known,
		 const struct kw_duration *d)
{
	return known->kind == d->dist.kind && known->a == d->dist.a &&
	       known->b == d->dist.b && known->nr == d->dist.nr &&
	       (!known->nr || !memcmp(b->p->values + known->first, d->values,
				      known->nr * sizeof(uint64_t)));
}

uint16_t kw_dist_number(struct kw_build *b, const struct kw_duration *d)
{
	struct kw_program *p = b->p;
	struct kw_dist dist = d->dist;
	unsigned i;

	for (i = 1; i < p->nr_dists; i++)
		if (same(b, &p->dists[i], d))
			return (uint16_t)i;
	dist.first = dist.nr ? p->nr_values : 0;
	for (i = 0; i < dist.nr; i++)
		KW_PUSH(b->keep, p->values, p->nr_values, b->max_values,
			d->values[i]);
	if (!p->nr_dists)
		KW_PUSH(b->keep, p->dists, p->nr_dists, b->max_dists,
			(struct kw_dist){ 0 });
	KW_PUSH(b->keep, p->dists, p->nr_dists, b->max_dists, dist);
	if (p->nr_dists > UINT16_MAX)
		kw_lua_error(b->L, "too many different durations");
	return (uint16_t)(p->nr_dists - 1);
}

/* ns, us, ms: upvalue 1 is the unit. */
static int constant(lua_State *L)
{
	lua_Integer unit = lua_tointeger(L, lua_upvalueindex(1));
	double ns;

	if (lua_type(L, 1) != LUA_TNUMBER)
		kw_lua_error(L, "a duration is made of a number, not %s",
			     kw_describe(L, 1));
	ns = lua_tonumber(L, 1) * (double)unit;
	if (!(ns >= 0 && ns < (double)MAX_NS))
		kw_lua_error(L, "a duration is not negative and less than "
			     "a century");
	if (lua_isinteger(L, 1))
		kw_new_duration(L, (uint64_t)(lua_tointeger(L, 1) * unit));
	else if (ns - floor(ns) > 1e-3 && ceil(ns) - ns > 1e-3)
		kw_lua_error(L, "a duration is a whole number of ns");
	else
		kw_new_duration(L, (uint64_t)floor(ns + 0.5));
	return 1;
}

static int uniform(lua_State *L)
{
	uint64_t a = kw_check_ns(L, 1, "uniform");
	uint64_t b = kw_check_ns(L, 2, "uniform");
	struct kw_duration *d;

	if (a > b)
		kw_lua_error(L, "uniform(a, b): a is greater than b");
	d = push_new(L, KW_UNIFORM);
	d->dist.a = a;
	d->dist.b = b;
	return 1;
}

static int exponential(lua_State *L)
{
	uint64_t mean = kw_check_ns(L, 1, "exponential"), max = 0;
	struct kw_duration *d;

	if (!lua_isnoneornil(L, 2))
		max = kw_check_ns(L, 2, "exponential");
	d = push_new(L, KW_EXPONENTIAL);
	d->dist.a = mean;
	d->dist.b = max;
	return 1;
}

/* The array of durations at 1 becomes the values of a new duration. */
static struct kw_duration *push_list(lua_State *L, enum kw_dist_kind kind,
				     const char *who)
{
	struct kw_build *b = kw_build(L);
	struct kw_duration *d;
	unsigned i, n;
	uint64_t *values;

	if (!lua_istable(L, 1) || !(n = (unsigned)lua_rawlen(L, 1)))
		kw_lua_error(L, "%s wants an array of durations: "
			     "%s{ us(1), us(2) }", who, who);
	values = KW_NEWS(&b->arena, uint64_t, n);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, 1, i + 1);
		values[i] = kw_check_ns(L, -1, who);
		lua_pop(L, 1);
	}
	d = push_new(L, kind);
	d->dist.nr = n;
	d->values = values;
	return d;
}

static int empirical(lua_State *L)
{
	push_list(L, KW_EMPIRICAL, "empirical");
	return 1;
}

static int sequence(lua_State *L)
{
	bool again = lua_toboolean(L, 2);

	push_list(L, KW_SEQUENCE, "sequence")->dist.b = again;
	return 1;
}

static int is_duration(lua_State *L)
{
	lua_pushboolean(L, kw_to_duration(L, 1) != NULL);
	return 1;
}

/* duration * number, number * duration */
static int multiply(lua_State *L)
{
	int d = kw_to_duration(L, 1) ? 1 : 2;
	lua_Integer n;
	uint64_t ns = kw_check_ns(L, d, "*"), product;

	if (!lua_isinteger(L, 3 - d) || (n = lua_tointeger(L, 3 - d)) < 0)
		kw_lua_error(L, "a duration is multiplied by a whole number");
	if (__builtin_mul_overflow(ns, (uint64_t)n, &product) ||
	    product >= MAX_NS)
		kw_lua_error(L, "a duration of more than a century");
	kw_new_duration(L, product);
	return 1;
}

static int duration_tostring(lua_State *L)
{
	static const char *const names[] = {
		"ns", "uniform", "exponential", "empirical", "sequence" };
	struct kw_duration *d = kw_to_duration(L, 1);

	if (d->dist.kind == KW_CONSTANT)
		lua_pushfstring(L, "ns(%I)", (lua_Integer)d->dist.a);
	else
		lua_pushfstring(L, "%s(...)", names[d->dist.kind]);
	return 1;
}

void kw_dist_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = {
		{ "uniform", uniform }, { "exponential", exponential },
		{ "empirical", empirical }, { "sequence", sequence },
		{ "is_duration", is_duration }, { NULL, NULL } };
	static const struct { const char *name; lua_Integer ns; } units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 } };
	lua_State *L = b->L;
	unsigned i;

	luaL_newmetatable(L, META);
	lua_pushcfunction(L, multiply);
	lua_setfield(L, -2, "__mul");
	lua_pushcfunction(L, duration_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pop(L, 1);
	kw_register(b, fns);
	for (i = 0; i < G_N_ELEMENTS(units); i++) {
		lua_pushinteger(L, units[i].ns);
		lua_pushcclosure(L, constant, 1);
		lua_setglobal(L, units[i].name);
	}
}
