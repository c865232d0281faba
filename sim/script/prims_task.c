/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what tasks, handlers, guests and marks compile to.
 *
 * A trap is the path that a guest leaves to its host thread.  All traps
 * share one return register and one argument, the thread's own vCPU.
 */
#include "build.h"

#include <string.h>

/* deactivate and the others: upvalues are the op and the name. */
static int prim_task(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	unsigned op = (unsigned)lua_tointeger(L, lua_upvalueindex(1));
	unsigned nr = kw_op_outcomes[op] == KW_TWO ? 2 : 1;
	const struct kw_ref *r;
	struct kw_access a;

	kw_tracing(L, who);
	r = kw_check_ref(L, 1, who);
	if (!r->kind || strcmp(r->kind->name, "task"))
		kw_lua_error(L, "%s wants a task such as vcpu.task, not %s",
			     who, kw_describe(L, 1));
	a = kw_plain(L, op);
	a.reg = r->reg;
	a.reg_frame = r->frame;
	a.off = r->off;
	lua_pushboolean(L, (int)kw_do(L, &a, nr));
	return nr == 2;
}

static struct kw_access handler_access(lua_State *L, const char *who,
				       unsigned op)
{
	const struct kw_loc *l;

	kw_tracing(L, who);
	l = kw_check_loc(L, 1, who);
	if (l->decl->type != KW_HANDLER)
		kw_lua_error(L, "%s wants a handler: %s is %s", who,
			     l->decl->name, kw_type_name(l->decl));
	return kw_at(L, l, op);
}

/* raise, unraise, cancel, await_idle: upvalues are the op and the name. */
static int prim_handler(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	unsigned op = (unsigned)lua_tointeger(L, lua_upvalueindex(1));
	unsigned nr = kw_op_outcomes[op] == KW_TWO ? 2 : 1;
	struct kw_access a = handler_access(L, who, op);

	if (op == KW_OP_RAISE && !lua_isnoneornil(L, 2))
		a.val = kw_dist_number(kw_build(L),
				       kw_check_duration(L, 2, who));
	lua_pushboolean(L, (int)kw_do(L, &a, nr));
	return nr == 2;
}

static int prim_arm(lua_State *L)
{
	struct kw_access a = handler_access(L, "arm", KW_OP_ARM);
	const struct kw_time *t = kw_to_time(L, 2);

	if (t) {
		kw_check_alive(L, t->run, "time");
		a.dst = t->reg;
		a.dst_frame = KW_FRAME_SELF;
	} else {
		a.val = kw_dist_number(kw_build(L),
				       kw_check_duration(L, 2, "arm"));
	}
	kw_do(L, &a, 1);
	return 0;
}

static int prim_await(lua_State *L)
{
	struct kw_loc *l;
	struct kw_access a;

	kw_tracing(L, "await");
	l = kw_check_loc(L, 1, "await");
	if (!kw_is_byte(l->decl))
		kw_lua_error(L, "await: %s is %s: it has no value to wait for",
			     l->decl->name, kw_type_name(l->decl));
	a = kw_at(L, l, KW_OP_AWAIT);
	a.val = (uint16_t)kw_check_byte(L, 2, l->decl, "await");
	kw_do(L, &a, 1);
	return 0;
}

static int prim_guest_enter(lua_State *L)
{
	struct kw_access a;

	kw_tracing(L, "guest_enter");
	a = kw_plain(L, KW_OP_GUEST_ENTER);
	kw_do(L, &a, 1);
	a = kw_plain(L, KW_OP_EXIT_REASON);
	lua_pushinteger(L, kw_do(L, &a, kw_build(L)->p->nr_exits));
	return 1;
}

/* Traps are closures made anew in each run: equal code is one path. */
static unsigned merge_trap(struct kw_build *b, struct kw_path_draft *path)
{
	unsigned i;

	for (i = 0; i < path->nr; i++)
		if (b->path[i]->type == KW_PATH_TRAP &&
		    b->path[i]->root == path->root &&
		    b->path[i]->nr_regs == path->nr_regs &&
		    b->path[i]->nr_times == path->nr_times)
			return i;
	return path->nr;
}

/* The path of guest_exit's function at 2 for the constants behind it. */
static unsigned trap_path(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	struct kw_ref vcpu = { .kind = b->guest_kind };
	const char *name;
	const struct kw_ref *r;
	int i, top = lua_gettop(L);

	if (!lua_isfunction(L, 2))
		kw_lua_error(L, "guest_exit wants a function, not %s",
			     kw_describe(L, 2));
	if (!b->guest_kind)
		kw_lua_error(L, "guest_exit(): there is no guest");
	if (lua_iscfunction(L, 2) && lua_getupvalue(L, 2, 1)) {
		const struct kw_def *def = lua_touserdata(L, -1);

		lua_rawgeti(L, LUA_REGISTRYINDEX, def->fn);
		lua_replace(L, 2);
		lua_pop(L, 1);
	}
	for (i = 3; i <= top; i++) {
		r = kw_to_ref(L, i);
		if (r && (r->reg || kw_to_loc(L, i)))
			kw_lua_error(L, "guest_exit: %s is not a constant; "
				     "the vCPU is the first argument anyway",
				     kw_describe(L, i));
	}
	kw_push_ref(L, &vcpu);
	lua_insert(L, 3);
	name = lua_pushfstring(L, "%s trap", b->run->path->name);
	lua_insert(L, 1);
	return merge_trap(b, kw_path_of(L, 3, top - 1, KW_PATH_TRAP, name));
}

static int prim_guest_exit(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	lua_Integer reason = lua_isinteger(L, 1) ? lua_tointeger(L, 1) : -1;
	const struct kw_step *was;
	struct kw_access a;

	kw_tracing(L, "guest_exit");
	if (reason < 0 || reason >= b->p->nr_exits)
		kw_lua_error(L, "guest_exit: %s is not an exit reason: see "
			     "exits{}", kw_describe(L, 1));
	a = kw_plain(L, KW_OP_GUEST_EXIT);
	a.val = (uint16_t)reason;
	was = kw_expected(b, KW_OP_GUEST_EXIT);
	if (was)
		a.callee = was->a.callee;
	else if (!lua_isnoneornil(L, 2))
		a.callee = trap_path(L);
	kw_do(L, &a, 1);
	return 0;
}

static int prim_call_trap(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const struct kw_ref *r;
	struct kw_access a;

	kw_tracing(L, "call_trap");
	r = kw_check_ref(L, 1, "call_trap");
	if (b->guest_kind && r->kind != b->guest_kind)
		kw_lua_error(L, "call_trap wants a %s, not %s",
			     b->guest_kind->name, kw_describe(L, 1));
	a = kw_plain(L, KW_OP_LEA);
	a.reg = r->reg;
	a.reg_frame = r->frame;
	a.off = r->off;
	a.dst = 1;
	a.dst_frame = KW_FRAME_TRAP;
	kw_do(L, &a, 1);
	a = kw_plain(L, KW_OP_CALL_TRAP);
	a.dst_frame = KW_FRAME_TRAP;
	kw_do(L, &a, 1);
	return 0;
}

/* delay, burn: upvalues are the op and the name. */
static int prim_pause(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	struct kw_access a;

	kw_tracing(L, who);
	if (lua_gettop(L) > 1)
		kw_lua_error(L, "%s takes one duration, such as "
			     "uniform(us(1), us(5))", who);
	a = kw_plain(L, (unsigned)lua_tointeger(L, lua_upvalueindex(1)));
	a.val = kw_dist_number(kw_build(L), kw_check_duration(L, 1, who));
	kw_do(L, &a, 1);
	return 0;
}

static int prim_choice(lua_State *L)
{
	lua_Integer n = lua_isinteger(L, 1) ? lua_tointeger(L, 1) : 0;
	struct kw_access a;

	kw_tracing(L, "choice");
	if (n < 1 || n > 256)
		kw_lua_error(L, "choice(n): n goes from 1 to 256");
	a = kw_plain(L, KW_OP_CHOICE);
	lua_pushinteger(L, kw_do(L, &a, (unsigned)n));
	return 1;
}

static int prim_mark(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const struct kw_ref *r;
	struct kw_access a;

	kw_tracing(L, "mark");
	if (lua_type(L, 1) != LUA_TSTRING)
		kw_lua_error(L, "mark(\"name\" [, object])");
	a = kw_plain(L, KW_OP_MARK);
	if (!lua_isnoneornil(L, 2)) {
		r = kw_check_ref(L, 2, "mark");
		a.reg = r->reg;
		a.reg_frame = r->frame;
		a.off = r->off;
	}
	a.val = (uint16_t)kw_string_number(L, &b->p->marks, &b->p->nr_marks,
					   &b->max_marks, lua_tostring(L, 1));
	kw_do(L, &a, 1);
	return 0;
}

static int prim_fail(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	struct kw_access a;

	kw_tracing(L, "fail");
	if (lua_type(L, 1) != LUA_TSTRING)
		kw_lua_error(L, "fail(\"message\")");
	a = kw_plain(L, KW_OP_FAIL);
	a.val = (uint16_t)kw_string_number(L, &b->p->messages,
					   &b->p->nr_messages,
					   &b->max_messages,
					   lua_tostring(L, 1));
	kw_do(L, &a, 0);
	return 0;
}

void kw_prims_task_open(struct kw_build *b)
{
	static const struct kw_prim prims[] = {
		{ "deactivate", prim_task, KW_OP_DEACTIVATE, 0 },
		{ "switch_out", prim_task, KW_OP_SWITCH, 0 },
		{ "try_to_wake_up", prim_task, KW_OP_WAKE, 0 },
		{ "raise", prim_handler, KW_OP_RAISE, 0 },
		{ "unraise", prim_handler, KW_OP_UNRAISE, 0 },
		{ "cancel", prim_handler, KW_OP_CANCEL, 0 },
		{ "await_idle", prim_handler, KW_OP_AWAIT_IDLE, 0 },
		{ "is_pending", prim_handler, KW_OP_IS_PENDING, 0 },
		{ "is_armed", prim_handler, KW_OP_IS_ARMED, 0 },
		{ "arm", prim_arm, 0, 0 },
		{ "await", prim_await, 0, 0 },
		{ "guest_enter", prim_guest_enter, 0, 0 },
		{ "guest_exit", prim_guest_exit, 0, 0 },
		{ "call_trap", prim_call_trap, 0, 0 },
		{ "delay", prim_pause, KW_OP_DELAY, 0 },
		{ "burn", prim_pause, KW_OP_BURN, 0 },
		{ "choice", prim_choice, 0, 0 },
		{ "mark", prim_mark, 0, 0 },
		{ "fail", prim_fail, 0, 0 },
		{ NULL, NULL, 0, 0 } };

	kw_prims_register(b, prims);
}
