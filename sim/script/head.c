/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a scenario says of itself: the table that scenario{} returns.
 *
 * The prelude has checked it with the scenario's lines at hand; what is
 * checked again here only guards C against a prelude of another version.
 */
#include "build.h"

#include <stdlib.h>
#include <string.h>

const char *const kw_quantity_names[KW_NR_QUANTITIES] = {
	"missed", "late", "spurious", "futile", "storm", "failed"
};

static const char *keep(struct kw_build *b, const char *s)
{
	return g_string_chunk_insert_const(b->scenario->strings, s);
}

static _Noreturn void wrong(lua_State *L, const char *key, const char *want)
{
	struct kw_build *b = kw_build(L);

	lua_pushfstring(L, "@%s", b->script->path);
	kw_lua_error_at(L, lua_tostring(L, -1), 1, "scenario.%s: %s", key,
			want);
}

static const char *get_string(lua_State *L, const char *key)
{
	const char *s = "";

	if (lua_getfield(L, 1, key) == LUA_TSTRING)
		s = keep(kw_build(L), lua_tostring(L, -1));
	else if (!lua_isnil(L, -1))
		wrong(L, key, "wants a string");
	lua_pop(L, 1);
	return s;
}

static uint64_t get_ns(lua_State *L, const char *key)
{
	uint64_t ns = 0;

	if (lua_getfield(L, 1, key) != LUA_TNIL) {
		const struct kw_duration *d = kw_to_duration(L, -1);

		if (!d || d->dist.kind != KW_CONSTANT)
			wrong(L, key, "wants a constant duration");
		ns = d->dist.a;
	}
	lua_pop(L, 1);
	return ns;
}

static void get_strings(lua_State *L, const char *key, const char ***v)
{
	unsigned i, n = 0;

	if (lua_getfield(L, 1, key) == LUA_TTABLE)
		n = (unsigned)lua_rawlen(L, -1);
	*v = g_new0(const char *, n + 1);
	for (i = 0; i < n; i++) {
		if (lua_rawgeti(L, -1, i + 1) != LUA_TSTRING)
			wrong(L, key, "wants an array of strings");
		(*v)[i] = keep(kw_build(L), lua_tostring(L, -1));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void get_how(lua_State *L, struct kw_expect *e, unsigned q)
{
	static const char *const words[] = { "any", "never", "sometimes",
					     "always" };
	const char *word;
	unsigned i;

	if (lua_isnil(L, -1))
		return;
	if (lua_isboolean(L, -1)) {
		e->of[q].how = lua_toboolean(L, -1) ? KW_SOMETIMES : KW_NEVER;
		return;
	}
	if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 0) {
		e->of[q].how = KW_EXACTLY;
		e->of[q].n = (uint64_t)lua_tointeger(L, -1);
		return;
	}
	word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
	for (i = 0; i < G_N_ELEMENTS(words); i++)
		if (!strcmp(words[i], word)) {
			e->of[q].how = (uint8_t)i;
			return;
		}
	wrong(L, "expect", "never, sometimes, always, any or a number");
}

/* What only explorations find, and is never expected unless it is named. */
static const struct { const char *key, *property; } only_explored[] = {
	{ "race", "race" }, { "lock_order", "lock-order" },
};

static void add_name(GString *names, const char *name)
{
	g_string_append_printf(names, "%s%s", names->len ? " " : "", name);
}

static void get_only_explored(lua_State *L, GString *names)
{
	const char *word;
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(only_explored); i++) {
		if (lua_getfield(L, -1, only_explored[i].key) != LUA_TNIL) {
			word = lua_tostring(L, -1);
			if (!g_strcmp0(word, "sometimes"))
				add_name(names, only_explored[i].property);
			else if (g_strcmp0(word, "never"))
				wrong(L, "expect", "never or sometimes");
		}
		lua_pop(L, 1);
	}
}

/*
 * The names of race = "sometimes", broken = { "I2" } of the table on top,
 * with blanks between.
 */
static const char *get_broken(lua_State *L)
{
	GString *names = g_string_new(NULL);
	const char *kept = NULL;
	unsigned i, n = 0;

	get_only_explored(L, names);
	if (lua_getfield(L, -1, "broken") == LUA_TTABLE)
		n = (unsigned)lua_rawlen(L, -1);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, -1, i + 1);
		add_name(names, lua_tostring(L, -1));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	if (names->len)
		kept = keep(kw_build(L), names->str);
	g_string_free(names, TRUE);
	return kept;
}

static void get_expect(lua_State *L, struct kw_scenario *s)
{
	static const char *const keys[] = {
		"missed", "late", "spurious", "futile", "storm", "failed",
		"race", "lock_order", "broken", NULL };
	unsigned i, q, n;

	if (lua_getfield(L, 1, "expect") != LUA_TTABLE)
		wrong(L, "expect", "there is none");
	n = kw_sorted_keys(L, -1);
	s->expects = g_new0(struct kw_expect, n + 1);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, -1, i + 1);
		s->expects[i].kernel = keep(kw_build(L), lua_tostring(L, -1));
		lua_rawget(L, -3);
		kw_check_keys(L, lua_gettop(L), keys, "expect");
		for (q = 0; q < KW_NR_QUANTITIES; q++) {
			lua_getfield(L, -1, kw_quantity_names[q]);
			get_how(L, &s->expects[i], q);
			lua_pop(L, 1);
		}
		s->expects[i].broken = get_broken(L);
		lua_pop(L, 1);
		s->nr_expects++;
	}
	lua_pop(L, 2);
}

/* The table at stack index 1. */
void kw_head_read(lua_State *L)
{
	struct kw_scenario *s = kw_build(L)->scenario;

	if (!lua_istable(L, 1))
		wrong(L, "lua", "the file must return scenario{...}");
	s->name = get_string(L, "name");
	s->about = get_string(L, "about");
	s->deadline_ns = get_ns(L, "deadline");
	s->duration_ns = get_ns(L, "duration");
	if (lua_getfield(L, 1, "runs") != LUA_TNIL) {
		if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1)
			wrong(L, "runs", "wants a number of at least 1");
		s->runs = (uint64_t)lua_tointeger(L, -1);
	}
	lua_pop(L, 1);
	if (lua_getfield(L, 1, "preemptions") == LUA_TNUMBER)
		s->preemptions = (unsigned)lua_tointeger(L, -1);
	lua_pop(L, 1);
	get_strings(L, "claims", &s->claims);
	get_strings(L, "atoms", &s->atoms);
	s->predicate = get_string(L, "predicate");
	get_expect(L, s);
}
