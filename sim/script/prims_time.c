/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what times compile to: ktime_get(), + - < and time fields.
 *
 * A time lives in a time register of its path.  A constant duration may
 * stand for a time; two constants are computed here.
 */
#include "build.h"

static void push_new(lua_State *L, struct kw_access *a)
{
	a->dst = kw_name_reg(L, KW_NAME_TIME);
	a->dst_frame = KW_FRAME_SELF;
	kw_do(L, a, 1);
	kw_push_time(L, kw_build(L)->run->serial, a->dst);
}

static unsigned time_value(struct kw_build *b, uint64_t ns)
{
	struct kw_program *p = b->p;
	unsigned i;

	for (i = 0; i < p->nr_time_values; i++)
		if (p->times[i] == ns)
			return i;
	KW_PUSH(b->keep, p->times, p->nr_time_values, b->max_time_values, ns);
	if (p->nr_time_values > UINT16_MAX)
		kw_lua_error(b->L, "too many different times");
	return i;
}

/* The time register of the operand at idx. */
static uint16_t operand(lua_State *L, int idx, const char *who)
{
	const struct kw_time *t = kw_to_time(L, idx);
	struct kw_access a;

	if (t) {
		kw_check_alive(L, t->run, "time");
		return t->reg;
	}
	a = kw_plain(L, KW_OP_TIME_SET);
	a.val = (uint16_t)time_value(kw_build(L), kw_check_ns(L, idx, who));
	push_new(L, &a);
	lua_pop(L, 1);
	return a.dst;
}

static int prim_ktime_get(lua_State *L)
{
	struct kw_access a;

	kw_tracing(L, "ktime_get");
	a = kw_plain(L, KW_OP_TIME_NOW);
	push_new(L, &a);
	return 1;
}

static bool constants(lua_State *L)
{
	return !kw_to_time(L, 1) && !kw_to_time(L, 2);
}

/* + and -: upvalues are the op and the name. */
static int arithmetic(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	unsigned op = (unsigned)lua_tointeger(L, lua_upvalueindex(1));
	struct kw_access a;
	uint64_t x, y;
	uint16_t reg, val;

	if (constants(L)) {
		x = kw_check_ns(L, 1, who);
		y = kw_check_ns(L, 2, who);
		if (op == KW_OP_TIME_SUB && y > x)
			kw_lua_error(L, "a negative duration");
		kw_new_duration(L, op == KW_OP_TIME_ADD ? x + y : x - y);
		return 1;
	}
	kw_tracing(L, who);
	reg = operand(L, 1, who);
	val = operand(L, 2, who);
	a = kw_plain(L, op);
	a.reg = reg;
	a.val = val;
	push_new(L, &a);
	return 1;
}

/* a < b, and a <= b as not (b < a): upvalue 1 says which. */
static int less(lua_State *L)
{
	bool not = lua_toboolean(L, lua_upvalueindex(1));
	struct kw_access a;
	uint16_t x, y;

	if (constants(L)) {
		uint64_t n = kw_check_ns(L, 1, "<"), m = kw_check_ns(L, 2, "<");

		lua_pushboolean(L, not ? n <= m : n < m);
		return 1;
	}
	kw_tracing(L, "<");
	x = operand(L, not ? 2 : 1, "<");
	y = operand(L, not ? 1 : 2, "<");
	a = kw_plain(L, KW_OP_TIME_LESS);
	a.dst = x;
	a.dst_frame = KW_FRAME_SELF;
	a.val = y;
	lua_pushboolean(L, (kw_do(L, &a, 2) != 0) != not);
	return 1;
}

static int refuse_equal(lua_State *L)
{
	if (kw_to_duration(L, 1) && kw_to_duration(L, 2)) {
		lua_pushboolean(L, kw_check_ns(L, 1, "==") ==
				   kw_check_ns(L, 2, "=="));
		return 1;
	}
	kw_lua_error(L, "times do not compare with ==: use < or <=");
}

void kw_time_load(lua_State *L, struct kw_loc *l, struct kw_access *a)
{
	(void)l;
	a->op = KW_OP_TIME_LOAD;
	push_new(L, a);
}

void kw_time_store(lua_State *L, struct kw_loc *l, struct kw_access *a)
{
	struct kw_access again = kw_at(L, l, KW_OP_TIME_STORE);

	again.flags = a->flags;
	again.dst = operand(L, 2, l->decl->name);
	again.dst_frame = KW_FRAME_SELF;
	kw_do(L, &again, 1);
}

static void set_operators(lua_State *L, const char *meta)
{
	luaL_getmetatable(L, meta);
	lua_pushinteger(L, KW_OP_TIME_ADD);
	lua_pushliteral(L, "+");
	lua_pushcclosure(L, arithmetic, 2);
	lua_setfield(L, -2, "__add");
	lua_pushinteger(L, KW_OP_TIME_SUB);
	lua_pushliteral(L, "-");
	lua_pushcclosure(L, arithmetic, 2);
	lua_setfield(L, -2, "__sub");
	lua_pushboolean(L, false);
	lua_pushcclosure(L, less, 1);
	lua_setfield(L, -2, "__lt");
	lua_pushboolean(L, true);
	lua_pushcclosure(L, less, 1);
	lua_setfield(L, -2, "__le");
	lua_pushcfunction(L, refuse_equal);
	lua_setfield(L, -2, "__eq");
	lua_pop(L, 1);
}

void kw_prims_time_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "ktime_get", prim_ktime_get },
					{ NULL, NULL } };

	set_operators(b->L, "kw.time");
	set_operators(b->L, "kw.duration");
	kw_register(b, fns);
}
