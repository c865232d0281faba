/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the host that the threads run on, from host{}.
 *
 * Invariant: what host{} does not name is zero; without cpus every thread
 * has one of its own.
 */
#include "build.h"

#include <string.h>

#define MAX_CPUS 256

static uint64_t get_ns(lua_State *L, const char *key)
{
	uint64_t ns = 0;

	if (lua_getfield(L, 1, key) != LUA_TNIL)
		ns = kw_check_ns(L, -1, key);
	lua_pop(L, 1);
	return ns;
}

static uint16_t get_dist(lua_State *L, const char *key)
{
	uint16_t dist = 0;

	if (lua_getfield(L, 1, key) != LUA_TNIL)
		dist = kw_dist_number(kw_build(L),
				      kw_check_duration(L, -1, key));
	lua_pop(L, 1);
	return dist;
}

/* One bound of NAME = { min, max }: ns as a number or a duration. */
static uint32_t get_bound(lua_State *L, int i, const char *name)
{
	lua_Integer n = -1;

	lua_rawgeti(L, -1, i);
	if (kw_to_duration(L, -1))
		n = (lua_Integer)kw_check_ns(L, -1, name);
	else if (lua_isinteger(L, -1))
		n = lua_tointeger(L, -1);
	lua_pop(L, 1);
	if (n < 0 || n > UINT32_MAX)
		kw_lua_error(L, "%s = { min, max }: whole ns", name);
	return (uint32_t)n;
}

/* NAME = { min, max }, on top of the stack, which is left without it. */
static void get_range(lua_State *L, const char *name, uint32_t *min,
		      uint32_t *max)
{
	if (!lua_isnil(L, -1)) {
		if (!lua_istable(L, -1))
			kw_lua_error(L, "%s = { min, max }, not %s", name,
				     kw_describe(L, -1));
		*min = get_bound(L, 1, name);
		*max = get_bound(L, 2, name);
		if (*min > *max)
			kw_lua_error(L, "%s: min is greater than max", name);
	}
	lua_pop(L, 1);
}

static void get_ops(lua_State *L, struct kw_host *host)
{
	const char *keys[KW_NR_COSTS + 1] = { NULL };
	char name[32];
	unsigned i;

	if (lua_getfield(L, 1, "ops") == LUA_TNIL) {
		lua_pop(L, 1);
		return;
	}
	for (i = 0; i < KW_NR_COSTS; i++)
		keys[i] = kw_cost_names[i];
	kw_check_keys(L, lua_gettop(L), keys, "ops");
	for (i = 0; i < KW_NR_COSTS; i++) {
		g_snprintf(name, sizeof(name), "ops.%s", keys[i]);
		lua_getfield(L, -1, keys[i]);
		get_range(L, name, &host->op_ns[i].min, &host->op_ns[i].max);
	}
	lua_pop(L, 1);
}

static int prim_host(lua_State *L)
{
	static const char *const keys[] = {
		"cpus", "slice", "switch", "idle_shallow", "idle_deep",
		"idle_deep_after", "irq", "timer_slack", "ops",
		"store_drain", "load_window", NULL };
	struct kw_host *host = &kw_build(L)->p->host;

	kw_check_keys(L, 1, keys, "host");
	memset(host, 0, sizeof(*host));
	if (lua_getfield(L, 1, "cpus") != LUA_TNIL) {
		lua_Integer n = lua_isinteger(L, -1) ?
			lua_tointeger(L, -1) : 0;

		if (n < 1 || n > MAX_CPUS)
			kw_lua_error(L, "host.cpus: a number from 1 to %d",
				     MAX_CPUS);
		host->nr_cpus = (unsigned)n;
	}
	lua_pop(L, 1);
	host->slice_ns = get_ns(L, "slice");
	host->idle_deep_after_ns = get_ns(L, "idle_deep_after");
	host->switch_ns = get_dist(L, "switch");
	host->idle_shallow_ns = get_dist(L, "idle_shallow");
	host->idle_deep_ns = get_dist(L, "idle_deep");
	host->irq_ns = get_dist(L, "irq");
	host->timer_slack_ns = get_dist(L, "timer_slack");
	get_ops(L, host);
	lua_getfield(L, 1, "store_drain");
	get_range(L, "store_drain", &host->store_drain_ns.min,
		  &host->store_drain_ns.max);
	lua_getfield(L, 1, "load_window");
	get_range(L, "load_window", &host->load_window_ns.min,
		  &host->load_window_ns.max);
	return 0;
}

void kw_host_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "host", prim_host },
					{ NULL, NULL } };

	kw_register(b, fns);
}
