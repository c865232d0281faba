/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which ways there are through a path.
 *
 * A path is run again and again, depth first.  A run replays the outcomes
 * that are recorded for its first accesses, each of which must be the same
 * access as before; the first access beyond is appended with outcome 0.
 * When the function has returned, the deepest access with an untried outcome
 * is advanced; an access all of whose outcomes are known becomes an
 * expression.  Thus at any time
 *
 *	steps[0 .. nr)	is one way through the path,
 *	step.kids[k]	is what follows outcome k, for all k < step.chosen.
 *
 * A loop's body is a run of its own inside a run of its path: it shares the
 * path's frame and may use what the enclosing runs have loaded.
 */
#include "build.h"

#include <stdarg.h>
#include <string.h>

const char kw_abort;

struct kw_tracer *kw_tracing(lua_State *L, const char *who)
{
	struct kw_tracer *run = kw_build(L)->run;

	if (!run)
		kw_lua_error(L, "%s() outside a path", who);
	return run;
}

static void not_replayable(lua_State *L, const struct kw_tracer *run,
			   const struct kw_access *was)
{
	const struct kw_src *src = &kw_build(L)->p->srcs[was->src];

	kw_lua_error(L, "%s is not replayable: given the same values it did "
		     "%s at line %d before; what a path keeps must be in a "
		     "field", run->path->name,
		     was->op < KW_NR_OPS ? kw_op_names[was->op] : "a loop",
		     src->line);
}

const struct kw_step *kw_expected(struct kw_build *b, unsigned op)
{
	const struct kw_tracer *run = b->run;

	if (run->pos < run->nr && run->steps[run->pos].a.op == op)
		return &run->steps[run->pos];
	return NULL;
}

static unsigned do_step(lua_State *L, const struct kw_step *want)
{
	struct kw_build *b = kw_build(L);
	struct kw_tracer *run = b->run;
	struct kw_step *s;

	if (run->pos < run->nr) {
		s = &run->steps[run->pos];
		if (!kw_access_equal(&s->a, &want->a) || s->nr != want->nr)
			not_replayable(L, run, &s->a);
		run->pos++;
	} else {
		if (run->nr >= KW_RUN_ACCESSES)
			kw_lua_error(L, "%s makes more than %u accesses in one "
				     "run: repeat them with loop()",
				     run->path->name, KW_RUN_ACCESSES);
		KW_PUSH(&b->arena, run->steps, run->nr, run->max, *want);
		run->pos++;
		s = &run->steps[run->nr - 1];
	}
	if (!s->nr) {
		lua_pushlightuserdata(L, (void *)&kw_abort);
		lua_error(L);
	}
	return s->chosen;
}

unsigned kw_do(lua_State *L, struct kw_access *a, unsigned nr)
{
	struct kw_step s = { .nr = nr };
	unsigned k;

	if (kw_left_out(L, a, NULL, &k))
		return k;
	s.a = *a;
	return do_step(L, &s);
}

unsigned kw_do_outs(lua_State *L, struct kw_access *a,
		    const struct kw_outs *outs, struct kw_expr *body)
{
	struct kw_step s = { .nr = outs->nr, .outs = outs, .body = body };
	unsigned k;

	if (kw_left_out(L, a, outs, &k))
		return k;
	s.a = *a;
	return do_step(L, &s);
}

/* May a number that this run computes with come from a load? */
static bool has_loaded_number(const struct kw_tracer *run)
{
	unsigned i;

	for (; run; run = run->parent) {
		for (i = 0; i < run->pos; i++)
			if (run->steps[i].nr > 1)
				return true;
		for (i = 0; i < run->path->nr_params; i++)
			if (run->path->params[i].type == KW_PARAM_CONST)
				return true;
	}
	return false;
}

void kw_wrong(lua_State *L, const char *fmt, ...)
{
	struct kw_build *b = kw_build(L);
	struct kw_access a;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	g_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!b->run || !has_loaded_number(b->run))
		kw_lua_error(L, "%s", text);
	a = kw_plain(L, KW_OP_FAIL);
	a.val = (uint16_t)kw_string_number(L, &b->p->messages,
					   &b->p->nr_messages,
					   &b->max_messages, text);
	kw_do(L, &a, 0);
	g_assert_not_reached();
}

static void add_outcome(lua_State *L, struct kw_tracer *run,
			const struct kw_outcome *o, unsigned *k)
{
	struct kw_build *b = kw_build(L);
	struct kw_outs *outs = &run->outs;

	for (*k = 0; *k < outs->nr; ++*k) {
		const struct kw_outcome *have = &outs->v[*k];

		if (have->type == o->type && have->i == o->i &&
		    have->s == o->s && have->kind == o->kind)
			return;
	}
	if (outs->nr >= UINT8_MAX)
		kw_lua_error_at(L, b->site[run->path->site].file,
				b->site[run->path->site].line,
				"%s returns too many different values",
				run->path->name);
	KW_PUSH(&b->arena, outs->v, outs->nr, outs->max, *o);
}

static _Noreturn void bad_return(lua_State *L, const struct kw_tracer *run,
				 int idx)
{
	const struct kw_site *site = &kw_build(L)->site[run->path->site];

	kw_lua_error_at(L, site->file, site->line, "%s returns %s: a path or "
			"loop returns nothing, true or false, a whole number, "
			"a string or a reference", run->path->name,
			kw_describe(L, idx));
}

/* The value at idx, which the function of this run has returned. */
static struct kw_outcome to_outcome(lua_State *L, const struct kw_tracer *run,
				    int idx)
{
	struct kw_outcome o = { .type = KW_IS_NOTHING };
	const struct kw_ref *r;

	switch (lua_type(L, idx)) {
	case LUA_TNIL:
		return o;
	case LUA_TBOOLEAN:
		o.type = KW_IS_BOOL;
		o.i = lua_toboolean(L, idx);
		return o;
	case LUA_TSTRING:
		o.type = KW_IS_STRING;
		o.s = kw_intern(kw_build(L), lua_tostring(L, idx));
		return o;
	case LUA_TNUMBER:
		if (!lua_isinteger(L, idx))
			break;
		o.type = KW_IS_INT;
		o.i = lua_tointeger(L, idx);
		return o;
	case LUA_TUSERDATA:
		r = kw_to_ref(L, idx);
		if (!r)
			break;
		kw_check_alive(L, r->run, "reference");
		o.type = r->kind ? KW_IS_REF : KW_IS_NULL;
		o.kind = r->kind;
		return o;
	}
	bad_return(L, run, idx);
}

void kw_push_outcome(lua_State *L, const struct kw_outs *outs, unsigned k,
		     uint32_t frame)
{
	const struct kw_outcome *o = &outs->v[k];
	struct kw_build *b = kw_build(L);
	struct kw_ref ref = { .run = b->run->serial, .frame = KW_FRAME_SELF,
			      .reg = outs->reg, .kind = o->kind };
	struct kw_access a;

	switch ((enum kw_outcome_type)o->type) {
	case KW_IS_NOTHING:
		lua_pushnil(L);
		return;
	case KW_IS_BOOL:
		lua_pushboolean(L, (int)o->i);
		return;
	case KW_IS_INT:
		lua_pushinteger(L, o->i);
		return;
	case KW_IS_STRING:
		lua_pushstring(L, o->s);
		return;
	case KW_IS_NULL:
		lua_getfield(L, LUA_REGISTRYINDEX, "kw.NULL");
		return;
	case KW_IS_REF:
		if (frame != KW_FRAME_SELF) {
			a = kw_plain(L, KW_OP_LEA);
			a.reg = outs->reg;
			a.reg_frame = frame;
			a.dst = ref.reg = kw_name_reg(L, KW_NAME_REF);
			a.dst_frame = KW_FRAME_SELF;
			kw_do(L, &a, 1);
		}
		kw_push_ref(L, &ref);
	}
}

/* A returned reference travels in the path's or loop's result register. */
static void put_result(lua_State *L, struct kw_tracer *run, int idx)
{
	struct kw_build *b = kw_build(L);
	const struct kw_ref *r = kw_to_ref(L, idx);
	struct kw_access a = { KW_NO_FIELDS, .op = KW_OP_LEA,
			       .reg = r->reg, .off = r->off,
			       .reg_frame = r->frame,
			       .dst_frame = KW_FRAME_SELF };

	if (run->outs.reg == KW_NO_REG)
		run->outs.reg = (uint16_t)run->path->nr_regs++;
	a.dst = run->outs.reg;
	a.src = kw_src(b, run->site, run->path);
	kw_do(L, &a, 1);
}

static unsigned oracle_value(lua_State *L, const struct kw_tracer *run,
			     const struct kw_outcome *o, int idx)
{
	if (o->type > KW_IS_INT || o->i < 0 || o->i > UINT8_MAX)
		bad_return(L, run, idx);
	return (unsigned)o->i;
}

/* What the run ends in: its function has returned n values at idx. */
static struct kw_expr *make_leaf(lua_State *L, struct kw_tracer *run, int idx,
				 int n)
{
	struct kw_build *b = kw_build(L);
	struct kw_access a = { KW_NO_FIELDS, .op = KW_OP_END };
	struct kw_outcome o = { .type = KW_IS_NOTHING };
	unsigned k = 0;

	if (n > 1)
		kw_lua_error_at(L, b->site[run->path->site].file,
				b->site[run->path->site].line,
				"%s returns more than one value",
				run->path->name);
	if (n)
		o = to_outcome(L, run, idx);
	if (run->type != KW_RUN_PATH) {
		a.op = o.type == KW_IS_NOTHING ? KW_X_AGAIN : KW_X_OUT;
	} else if (run->path->type == KW_PATH_TRAP) {
		a.op = KW_OP_RETURN;
		a.dst_frame = KW_FRAME_TRAP;
	} else if (run->path->type == KW_PATH_ORACLE) {
		a.op = KW_OP_RETURN;
		a.val = (uint16_t)oracle_value(L, run, &o, idx);
	} else if (run->path->type == KW_PATH_CALLED) {
		a.op = KW_OP_RETURN;
		a.dst_frame = KW_FRAME_SELF;
	}
	if (a.op == KW_X_OUT || a.dst_frame == KW_FRAME_SELF) {
		add_outcome(L, run, &o, &k);
		if (o.type == KW_IS_REF)
			put_result(L, run, idx);
		a.val = (uint16_t)k;
	}
	if (a.op == KW_X_AGAIN && !run->pos)
		kw_lua_error(L, "this loop never ends: its body accesses "
			     "nothing");
	a.src = kw_src(b, run->site, run->path);
	return kw_expr(b, &a, NULL, 0);
}

static struct kw_expr *make_expr(struct kw_build *b, const struct kw_step *s)
{
	struct kw_expr *kids[1 + UINT8_MAX + 1];
	unsigned n = 0;

	if (s->body)
		kids[n++] = s->body;
	if (s->nr)
		memcpy(kids + n, s->kids, s->nr * sizeof(*kids));
	return kw_expr(b, &s->a, kids, n + s->nr);
}

/* One step of a walk over a list: false at its end. */
static bool list_step(lua_State *L, struct kw_tracer *run)
{
	struct kw_ref entry = { .run = run->serial, .frame = KW_FRAME_SELF,
				.kind = run->list_kind };
	struct kw_access eq = { KW_NO_FIELDS, .op = KW_OP_REF_EQ,
				.src = run->list.src, .reg = run->list.dst,
				.reg_frame = KW_FRAME_SELF };
	struct kw_access lea = { KW_NO_FIELDS, .op = KW_OP_LEA,
				 .src = run->list.src, .reg = run->list.dst,
				 .reg_frame = KW_FRAME_SELF,
				 .dst_frame = KW_FRAME_SELF };
	struct kw_access next = run->list;

	if (kw_do(L, &eq, 2))
		return false;
	lea.dst = entry.reg = kw_name_reg(L, KW_NAME_REF);
	kw_do(L, &lea, 1);
	next.reg = entry.reg;
	kw_do(L, &next, 1);
	kw_push_ref(L, &entry);
	return true;
}

static void push_param(lua_State *L, const struct kw_tracer *run, int values,
		       unsigned i)
{
	const struct kw_param *p = &run->path->params[i];
	struct kw_ref ref = { .run = run->serial, .frame = p->frame,
			      .reg = p->reg, .kind = p->kind };

	switch ((enum kw_param_type)p->type) {
	case KW_PARAM_CONST:
		lua_rawgeti(L, values, i + 2);
		return;
	case KW_PARAM_REF:
		kw_push_ref(L, &ref);
		return;
	case KW_PARAM_LOC:
		kw_push_loc(L, &ref, p->decl);
		kw_to_loc(L, -1)->made = NULL;
	}
}

/* Runs the run's function: inside a protected call, its results remain. */
static int run_function(lua_State *L)
{
	struct kw_tracer *run = lua_touserdata(L, 1);
	unsigned i;

	/* 2: the function, or the path's values */
	if (run->type == KW_RUN_LIST) {
		lua_pushvalue(L, 2);
		if (!list_step(L, run)) {
			lua_pushlightuserdata(L, run);
			return 1;
		}
	} else if (run->type == KW_RUN_LOOP) {
		lua_pushvalue(L, 2);
	} else {
		lua_rawgeti(L, 2, 1);
		for (i = 0; i < run->path->nr_params; i++)
			push_param(L, run, 2, i);
	}
	lua_call(L, lua_gettop(L) - 3, LUA_MULTRET);
	return lua_gettop(L) - 2;
}

/* The leaf of a list's end, which a body cannot return. */
static struct kw_expr *list_end(lua_State *L, struct kw_tracer *run)
{
	struct kw_access a = { KW_NO_FIELDS, .op = KW_X_OUT,
			       .src = run->list.src };
	struct kw_outcome nothing = { .type = KW_IS_NOTHING };
	unsigned k;

	add_outcome(L, run, &nothing, &k);
	a.val = (uint16_t)k;
	return kw_expr(kw_build(L), &a, NULL, 0);
}

static void run_once(lua_State *L, struct kw_tracer *run)
{
	struct kw_build *b = kw_build(L);
	int top = lua_gettop(L), status;

	run->serial = ++b->serial;
	run->pos = run->nr_equals = run->nr_occs = 0;
	run->site = run->parent ? run->parent->site : run->path->site;
	luaL_checkstack(L, 16, "a path calls too deeply");
	lua_pushcfunction(L, kw_message_handler);
	lua_pushcfunction(L, run_function);
	lua_pushlightuserdata(L, run);
	if (run->type == KW_RUN_PATH)
		lua_rawgeti(L, LUA_REGISTRYINDEX, run->path->values);
	else
		lua_pushvalue(L, run->fn);
	status = lua_pcall(L, 2, LUA_MULTRET, top + 1);
	if (status != LUA_OK && lua_touserdata(L, -1) != &kw_abort)
		lua_error(L);
	if (status != LUA_OK)
		run->leaf = make_expr(b, &run->steps[--run->nr]);
	else if (run->type == KW_RUN_LIST && lua_touserdata(L, -1) == run &&
		 lua_islightuserdata(L, -1))
		run->leaf = list_end(L, run);
	else
		run->leaf = make_leaf(L, run, top + 2, lua_gettop(L) - top - 1);
	if (run->pos < run->nr)
		not_replayable(L, run, &run->steps[run->pos].a);
	lua_settop(L, top);
}

/* The next way; false when there is none and *e is the whole. */
static bool backtrack(struct kw_build *b, struct kw_tracer *run,
		      struct kw_expr **e)
{
	struct kw_step *s;

	for (; run->nr; run->nr--) {
		s = &run->steps[run->nr - 1];
		if (!s->kids)
			s->kids = KW_NEWS(&b->arena, struct kw_expr *, s->nr);
		s->kids[s->chosen] = *e;
		if (++s->chosen < s->nr)
			return true;
		*e = make_expr(b, s);
	}
	return false;
}

struct kw_tracer *kw_tracer_begin(struct kw_build *b,
				  struct kw_path_draft *path,
				  enum kw_run_type type)
{
	struct kw_tracer *run = KW_NEW(&b->arena, struct kw_tracer);

	run->path = path;
	run->type = (uint8_t)type;
	run->outer = b->run;
	run->parent = type == KW_RUN_PATH ? NULL : b->run;
	run->outs.reg = KW_NO_REG;
	b->run = run;
	return run;
}

/* A last run of the first way: whatever changed meanwhile shows here. */
static void verify(lua_State *L, struct kw_tracer *run, struct kw_step *first,
		   unsigned nr, struct kw_expr *leaf)
{
	unsigned i;

	for (i = 0; i < nr; i++) {
		first[i].chosen = 0;
		first[i].kids = NULL;
	}
	run->steps = first;
	run->nr = run->max = nr;
	run_once(L, run);
	if (run->leaf != leaf)
		kw_lua_error_at(L, kw_build(L)->site[run->path->site].file,
				kw_build(L)->site[run->path->site].line,
				"%s is not replayable: its first way ends "
				"differently when it is taken again",
				run->path->name);
}

/* Traces run->path, or a loop's body; the result is in run->leaf. */
void kw_tracer_all(lua_State *L, struct kw_tracer *run)
{
	struct kw_build *b = kw_build(L);
	uint64_t instructions = b->run_instructions;
	struct kw_step *first = NULL;
	struct kw_expr *leaf = NULL, *e = NULL;
	unsigned nr = 0, runs = 0;

	do {
		if (++runs > KW_PATH_RUNS)
			kw_lua_error_at(L, b->site[run->path->site].file,
					b->site[run->path->site].line,
					"more than %u ways through %s: call "
					"its parts as paths (K.f), so that "
					"they meet again", KW_PATH_RUNS,
					run->path->name);
		b->run_instructions = 0;
		run_once(L, run);
		e = run->leaf;
		if (runs == 1) {
			/* an aborting last step is part of the way */
			nr = run->pos;
			leaf = e;
			first = KW_NEWS(&b->arena, struct kw_step, nr + 1);
			if (nr)
				memcpy(first, run->steps, nr * sizeof(*first));
		}
	} while (backtrack(b, run, &e));
	b->run_instructions = 0;
	verify(L, run, first, nr, leaf);
	run->leaf = e;
	b->run_instructions = instructions;
	b->run = run->outer;
}
