/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a struct declaration means.
 *
 * Invariants: a field's name is unique in its struct; the name of an enum
 * value or of a bit has one value in all of them; after the first object
 * nothing may be declared.
 */
#include "build.h"

#include <string.h>

#define META "kw.type"
#define MAX_BITS 8

struct kw_type {
	uint32_t tag;
	struct kw_decl decl;
};

static struct kw_decl *push_type(lua_State *L, unsigned type)
{
	struct kw_type *t = lua_newuserdatauv(L, sizeof(*t), 0);

	memset(t, 0, sizeof(*t));
	t->tag = KW_TAG_TYPE;
	t->decl.type = (uint8_t)type;
	luaL_setmetatable(L, META);
	return &t->decl;
}

static struct kw_decl *to_type(lua_State *L, int idx)
{
	struct kw_type *t = NULL;

	if (lua_type(L, idx) == LUA_TUSERDATA)
		t = lua_touserdata(L, idx);
	return t && t->tag == KW_TAG_TYPE ? &t->decl : NULL;
}

static const char *check_name(lua_State *L, int idx, const char *who)
{
	if (lua_type(L, idx) != LUA_TSTRING)
		kw_lua_error(L, "%s wants a name, not %s", who,
			     kw_describe(L, idx));
	return kw_intern(kw_build(L), lua_tostring(L, idx));
}

static unsigned check_number(lua_State *L, int idx, unsigned max,
			     const char *who)
{
	lua_Integer n = 0;

	if (lua_isinteger(L, idx))
		n = lua_tointeger(L, idx);
	if (n < 1 || n > max)
		kw_lua_error(L, "%s wants a number from 1 to %u", who, max);
	return (unsigned)n;
}

static void check_open(lua_State *L, const char *who)
{
	if (kw_build(L)->frozen)
		kw_lua_error(L, "%s after the first object() is too late "
			     "(a scenario makes its own after scenario{})",
			     who);
}

/* A global constant; the same name with another value is an error. */
static void define(lua_State *L, const char *name, unsigned value)
{
	bool taken;

	lua_pushglobaltable(L);
	lua_pushstring(L, name);
	taken = lua_rawget(L, -2) != LUA_TNIL &&
		!(lua_isinteger(L, -1) && lua_tointeger(L, -1) == value);
	if (taken)
		kw_lua_error(L, "%s = %u: %s is something else already", name,
			     value, name);
	lua_pop(L, 1);
	lua_pushstring(L, name);
	lua_pushinteger(L, value);
	lua_rawset(L, -3);
	lua_pop(L, 1);
}

/* Adds the names in the array at idx to d's; each becomes a constant. */
static void add_names(lua_State *L, int idx, struct kw_decl *d, unsigned max,
		      const char *who)
{
	struct kw_build *b = kw_build(L);
	const char **names;
	unsigned i, n;

	if (!lua_istable(L, idx))
		kw_lua_error(L, "%s wants an array of names", who);
	n = (unsigned)lua_rawlen(L, idx);
	if (!n || d->nr_names + n > max)
		kw_lua_error(L, "%s: %u names; there must be 1 to %u", who,
			     d->nr_names + n, max);
	names = KW_NEWS(b->keep, const char *, d->nr_names + n + 1);
	for (i = 0; i < d->nr_names; i++)
		names[i] = d->names[i];
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, idx, i + 1);
		names[d->nr_names] = check_name(L, -1, who);
		define(L, names[d->nr_names], d->nr_names);
		d->nr_names++;
		lua_pop(L, 1);
	}
	d->names = names;
	d->max = (uint8_t)(d->type == KW_WORD ? (1u << d->nr_names) - 1 :
						d->nr_names - 1);
}

static int type_flag(lua_State *L)
{
	bool init = lua_toboolean(L, 1);
	struct kw_decl *d;

	if (!lua_isnoneornil(L, 1) && !lua_isboolean(L, 1))
		kw_lua_error(L, "flag() is true or false, not %s",
			     kw_describe(L, 1));
	d = push_type(L, KW_FLAG);
	d->max = 1;
	d->init = init;
	return 1;
}

static int type_count(lua_State *L)
{
	unsigned max = check_number(L, 1, 255, "count(max)");
	lua_Integer init = luaL_optinteger(L, 2, 0);
	struct kw_decl *d;

	if (init < 0 || init > max)
		kw_lua_error(L, "count(%u, %d): not within 0..%u", max,
			     (int)init, max);
	d = push_type(L, KW_COUNT);
	d->max = (uint8_t)max;
	d->init = (uint8_t)init;
	return 1;
}

static int type_enum(lua_State *L)
{
	add_names(L, 1, push_type(L, KW_ENUM), 256, "enum");
	return 1;
}

static int type_word(lua_State *L)
{
	add_names(L, 1, push_type(L, KW_WORD), MAX_BITS, "word");
	return 1;
}

static int type_ref(lua_State *L)
{
	const char *target = check_name(L, 1, "ref(struct)");

	push_type(L, KW_REF)->target = target;
	return 1;
}

static int type_lock(lua_State *L)
{
	push_type(L, KW_LOCK);
	return 1;
}

static int type_list(lua_State *L)
{
	const char *target = check_name(L, 1, "list(struct, link)");
	const char *link = check_name(L, 2, "list(struct, link)");
	struct kw_decl *d = push_type(L, KW_LIST);

	d->target = target;
	d->link = link;
	return 1;
}

static int type_link(lua_State *L)
{
	const char *target = check_name(L, 1, "link(struct)");

	push_type(L, KW_LINK)->target = target;
	return 1;
}

static int type_handler(lua_State *L)
{
	push_type(L, KW_HANDLER);
	return 1;
}

static int type_time(lua_State *L)
{
	push_type(L, KW_TIME);
	return 1;
}

static int type_embed(lua_State *L)
{
	const char *target = check_name(L, 1, "embed(struct)");
	struct kw_decl *d = push_type(L, KW_NR_FIELD_TYPES);

	d->embed = true;
	d->target = target;
	return 1;
}

static int type_array(lua_State *L)
{
	unsigned n = check_number(L, 1, 1024, "array(n, type)");
	struct kw_decl *of = to_type(L, 2), *d;

	if (of && of->array)
		kw_lua_error(L, "array(n, array(...)): embed a struct instead");
	if (!of) {
		const char *target = check_name(L, 2, "array(n, struct)");

		d = push_type(L, KW_NR_FIELD_TYPES);
		d->embed = true;
		d->target = target;
	} else {
		d = push_type(L, of->type);
		*d = *of;
	}
	d->array = n;
	return 1;
}

/* arch(type), arch_all(type): upvalue 1 holds the node flags. */
static int type_arch(lua_State *L)
{
	struct kw_decl *of = to_type(L, 1), *d;

	if (!of || of->embed)
		kw_lua_error(L, "arch() is of a field's type, not of %s",
			     of ? "a struct" : kw_describe(L, 1));
	d = push_type(L, of->type);
	*d = *of;
	d->arch = (uint8_t)lua_tointeger(L, lua_upvalueindex(1));
	return 1;
}

/* guarded(type): under a lock; what is accessed without one is a race. */
static int type_guarded(lua_State *L)
{
	struct kw_decl *of = to_type(L, 1), *d;

	if (!of || of->embed || of->array || !(1u << of->type &
	    (1u << KW_FLAG | 1u << KW_COUNT | 1u << KW_ENUM | 1u << KW_WORD |
	     1u << KW_REF)))
		kw_lua_error(L, "guarded() is of the type of a value, not of "
			     "%s", of ? "this one" : kw_describe(L, 1));
	d = push_type(L, of->type);
	*d = *of;
	d->guarded = true;
	return 1;
}

static struct kw_struct *find_or_add(struct kw_build *b, const char *name)
{
	struct kw_struct *st = kw_struct_find(b, name);

	if (st)
		return st;
	st = KW_NEW(&b->arena, struct kw_struct);
	st->name = name;
	st->nr = b->nr_structs;
	KW_PUSH(&b->arena, b->structs, b->nr_structs, b->max_structs, st);
	return st;
}

static struct kw_decl *add_decl(struct kw_build *b, struct kw_struct *st,
				const char *name, const struct kw_decl *type)
{
	struct kw_decl *d = KW_NEW(&b->arena, struct kw_decl);

	*d = *type;
	d->name = name;
	d->id = b->nr_decls;
	d->rank = b->phase == KW_PRELUDE && !st->nr ? d->id : UINT32_MAX;
	KW_PUSH(&b->arena, b->decls, b->nr_decls, b->max_decls, d);
	KW_PUSH(&b->arena, st->decls, st->nr_decls, st->max_decls, d);
	return d;
}

static void place_of(lua_State *L, const char **file, int *line)
{
	struct kw_site *s = &kw_build(L)->site[kw_here(L)];

	*file = s->file;
	*line = s->line;
}

static int prim_struct(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const char *name = check_name(L, 1, "struct");
	struct kw_struct *st;
	struct kw_decl *type, *d;
	unsigned i, n;

	check_open(L, "struct()");
	if (!lua_istable(L, 2))
		kw_lua_error(L, "struct(\"%s\") wants a table of fields", name);
	st = find_or_add(b, name);
	n = kw_sorted_keys(L, 2);
	for (i = 1; i <= n; i++) {
		const char *field;

		lua_rawgeti(L, -1, i);
		field = kw_intern(b, lua_tostring(L, -1));
		lua_rawget(L, 2);
		type = to_type(L, -1);
		if (!type)
			kw_lua_error(L, "%s.%s wants a type such as flag(), "
				     "not %s", name, field,
				     kw_describe(L, -1));
		d = kw_decl_find(st, field);
		if (d)
			kw_lua_error(L, "%s.%s is declared already, at %s:%d",
				     name, field, d->file + 1, d->line);
		d = add_decl(b, st, field, type);
		place_of(L, &d->file, &d->line);
		lua_pop(L, 1);
	}
	return 0;
}

static int prim_bits(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const char *name = check_name(L, 1, "bits");
	const char *field = check_name(L, 2, "bits");
	struct kw_struct *st = kw_struct_find(b, name);
	struct kw_decl *d = st ? kw_decl_find(st, field) : NULL;

	check_open(L, "bits()");
	if (!d || d->type != KW_WORD)
		kw_lua_error(L, "bits: %s.%s is not a word", name, field);
	add_names(L, 3, d, MAX_BITS, "bits");
	return 0;
}

/* exits{ "EXIT_WFI", ... }: 0 is EXIT_IRQ. */
static int prim_exits(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	struct kw_program *p = b->p;
	unsigned i, n, k;

	if (!lua_istable(L, 1))
		kw_lua_error(L, "exits wants an array of names");
	n = (unsigned)lua_rawlen(L, 1);
	for (i = 1; i <= n; i++) {
		const char *name;

		lua_rawgeti(L, 1, i);
		name = check_name(L, -1, "exits");
		k = kw_string_number(L, &p->exits, &p->nr_exits,
				     &b->max_exits,
				     g_str_has_prefix(name, "EXIT_") ?
					     name + 5 : name);
		if (k > UINT8_MAX)
			kw_lua_error(L, "too many exit reasons");
		define(L, name, k);
		lua_pop(L, 1);
	}
	return 0;
}

struct kw_struct *kw_struct_find(struct kw_build *b, const char *name)
{
	unsigned i;

	for (i = 0; i < b->nr_structs; i++)
		if (!strcmp(b->structs[i]->name, name))
			return b->structs[i];
	return NULL;
}

struct kw_decl *kw_decl_find(const struct kw_struct *st, const char *name)
{
	unsigned i;

	for (i = 0; i < st->nr_decls; i++)
		if (!strcmp(st->decls[i]->name, name))
			return st->decls[i];
	return NULL;
}

const char *kw_type_name(const struct kw_decl *d)
{
	static const char *const names[KW_NR_FIELD_TYPES + 1] = {
		"a flag", "a count", "an enum", "a word", "a reference",
		"a lock", "a list", "a link", "a handler", "a time",
		"a struct" };

	return names[d->embed ? KW_NR_FIELD_TYPES : d->type];
}

bool kw_is_byte(const struct kw_decl *d)
{
	return !d->embed && d->type <= KW_WORD;
}

unsigned kw_nr_values(const struct kw_decl *d)
{
	return d->max + 1u;
}

unsigned kw_check_byte(lua_State *L, int idx, const struct kw_decl *d,
		       const char *who)
{
	lua_Integer n;

	if (d->type == KW_FLAG) {
		if (!lua_isboolean(L, idx))
			kw_lua_error(L, "%s: %s is a flag: true or false, not "
				     "%s", who, d->name,
				     kw_describe(L, idx));
		return (unsigned)lua_toboolean(L, idx);
	}
	if (!lua_isinteger(L, idx))
		kw_lua_error(L, "%s: %s is %s: a number, not %s", who,
			     d->name, kw_type_name(d), kw_describe(L, idx));
	n = lua_tointeger(L, idx);
	if (n < 0 || n > d->max)
		kw_wrong(L, "%s: %s goes from 0 to %u, not to %lld", who,
			 d->name, d->max, (long long)n);
	return (unsigned)n;
}

/* struct task is known to the machine: see KW_TASK_* in machine/step.h. */
static void predeclare_task(lua_State *L)
{
	static const char *const states[] = {
		"TASK_RUNNING", "TASK_INTERRUPTIBLE", NULL };
	struct kw_build *b = kw_build(L);
	struct kw_decl flag = { .type = KW_FLAG, .max = 1, .file = "=" };
	struct kw_decl state = { .type = KW_ENUM, .file = "=" };
	struct kw_decl thread = { .type = KW_HANDLER, .file = "=" };
	struct kw_struct *st = find_or_add(b, kw_intern(b, "task"));
	unsigned i;

	lua_newtable(L);
	for (i = 0; states[i]; i++) {
		lua_pushstring(L, states[i]);
		lua_rawseti(L, -2, i + 1);
	}
	add_names(L, lua_gettop(L), &state, 256, "enum");
	lua_pop(L, 1);
	add_decl(b, st, kw_intern(b, "state"), &state);
	add_decl(b, st, kw_intern(b, "on_rq"), &flag);
	add_decl(b, st, kw_intern(b, "sigpending"), &flag);
	add_decl(b, st, kw_intern(b, "thread"), &thread);
}

void kw_types_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = {
		{ "flag", type_flag }, { "count", type_count },
		{ "enum", type_enum }, { "word", type_word },
		{ "ref", type_ref }, { "lock", type_lock },
		{ "list", type_list }, { "link", type_link },
		{ "handler", type_handler }, { "time", type_time },
		{ "embed", type_embed }, { "array", type_array },
		{ "struct", prim_struct }, { "bits", prim_bits },
		{ "exits", prim_exits }, { NULL, NULL } };
	lua_State *L = b->L;

	luaL_newmetatable(L, META);
	lua_pop(L, 1);
	kw_register(b, fns);
	lua_pushinteger(L, KW_NODE_ARCH);
	lua_pushcclosure(L, type_arch, 1);
	lua_setglobal(L, "arch");
	lua_pushinteger(L, KW_NODE_ARCH | KW_NODE_ARCH_ALL);
	lua_pushcclosure(L, type_arch, 1);
	lua_setglobal(L, "arch_all");
	lua_pushcfunction(L, type_guarded);
	lua_setglobal(L, "guarded");
	predeclare_task(L);
	kw_string_number(L, &b->p->exits, &b->p->nr_exits, &b->max_exits,
			 "IRQ");
	define(L, "EXIT_IRQ", 0);
}
