/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what repeats: loop() and list_for_each().
 *
 * A loop is one access of the enclosing run.  Its body is traced where the
 * loop is met for the first time; its outcomes are the values that leave it.
 */
#include "build.h"

/* The loop at the caller's line, from its body's outcomes on. */
static int finish(lua_State *L, struct kw_access *a,
		  const struct kw_outs *outs, struct kw_expr *body)
{
	unsigned k = kw_do_outs(L, a, outs, body);

	kw_push_outcome(L, outs, k, KW_FRAME_SELF);
	return 1;
}

static int replay(lua_State *L, struct kw_access *a,
		  const struct kw_step *was)
{
	return finish(L, a, was->outs, was->body);
}

static int trace_body(lua_State *L, struct kw_access *a, struct kw_tracer *run)
{
	struct kw_guard *before = kw_guard_new(L, run->fn);
	const char *changed;

	kw_tracer_all(L, run);
	changed = kw_guard_check(L, run->fn, before);
	if (changed)
		kw_lua_error(L, "the loop's body writes to %s, which is "
			     "outside of it: return a value instead", changed);
	return finish(L, a, &run->outs, run->leaf);
}

/* A run for the body, the function at fn. */
static struct kw_tracer *begin(lua_State *L, enum kw_run_type type, int fn,
			       uint16_t scope, uint16_t result)
{
	struct kw_build *b = kw_build(L);
	struct kw_tracer *run = kw_tracer_begin(b, b->run->path, type);

	run->fn = fn;
	run->scope = scope;
	run->outs.reg = result;
	return run;
}

int kw_prim_loop(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	struct kw_access a;
	const struct kw_step *was;
	uint16_t scope, result;

	kw_tracing(L, "loop");
	if (!lua_isfunction(L, 1) || lua_iscfunction(L, 1))
		kw_lua_error(L, "loop wants a function, not %s",
			     kw_describe(L, 1));
	a = kw_plain(L, KW_X_LOOP);
	scope = kw_name_reg(L, KW_NAME_SCOPE);
	result = kw_name_reg(L, KW_NAME_RESULT);
	was = kw_expected(b, KW_X_LOOP);
	if (was)
		return replay(L, &a, was);
	return trace_body(L, &a, begin(L, KW_RUN_LOOP, 1, scope, result));
}

/* list_for_each(l, function(e) ... end) */
int kw_prim_list_for_each(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const struct kw_loc *l;
	struct kw_access first, a;
	const struct kw_step *was;
	struct kw_tracer *run;
	uint16_t scope, result;

	kw_tracing(L, "list_for_each");
	l = kw_check_loc(L, 1, "list_for_each");
	if (l->decl->type != KW_LIST)
		kw_lua_error(L, "list_for_each wants a list: %s is %s",
			     l->decl->name, kw_type_name(l->decl));
	if (!lua_isfunction(L, 2) || lua_iscfunction(L, 2))
		kw_lua_error(L, "list_for_each wants a function, not %s",
			     kw_describe(L, 2));
	first = kw_at(L, l, KW_OP_LOAD_REF);
	first.dst = kw_name_reg(L, KW_NAME_CURSOR);
	first.dst_frame = KW_FRAME_SELF;
	kw_do(L, &first, 1);
	a = kw_plain(L, KW_X_LOOP);
	scope = kw_name_reg(L, KW_NAME_SCOPE);
	result = kw_name_reg(L, KW_NAME_RESULT);
	was = kw_expected(b, KW_X_LOOP);
	if (was)
		return replay(L, &a, was);
	run = begin(L, KW_RUN_LIST, 2, scope, result);
	run->list = first;
	run->list.reg_frame = KW_FRAME_SELF;
	run->list.off = (uint16_t)l->decl->link_off;
	run->list.field = l->decl->link_decl->id;
	run->list_kind = l->decl->kind;
	return trace_body(L, &a, run);
}
