/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a kernel's steps are called, and leaves out those that the
 * caller does not want.
 *
 * A step is an access of a path that source() says models a kernel's file; a
 * prelude's or a scenario's accesses are none.  What is left out is not
 * traced: its path goes on as if the line were not there, with `value` where
 * the line asks something.
 */
#include "build.h"

#include <string.h>

const char *const kw_step_kind_names[KW_NR_STEP_KINDS] = {
	"barrier", "request", "kick", "term", "lock", "other"
};

/* "swait.lock" */
static const char *field_name(struct kw_build *b, uint32_t id)
{
	unsigned i, j;

	for (i = 0; i < b->nr_structs; i++) {
		const struct kw_struct *st = b->structs[i];

		for (j = 0; j < st->nr_decls; j++)
			if (st->decls[j]->id == id)
				return lua_pushfstring(b->L, "%s.%s", st->name,
						       st->decls[j]->name);
	}
	return lua_pushliteral(b->L, "?");
}

/* "KVM_REQ_SLEEP", or the word when it is about several bits. */
static const char *bit_name(struct kw_build *b, const struct kw_access *a)
{
	const struct kw_decl *d = b->decls[a->field];
	unsigned i;

	for (i = 0; i < d->nr_names; i++)
		if (a->val == 1u << i)
			return lua_pushstring(b->L, d->names[i]);
	return field_name(b, a->field);
}

static const char *const verbs[KW_NR_OPS] = {
	[KW_OP_STORE] = "store:", [KW_OP_STORE_REF] = "store:",
	[KW_OP_SET_MASK] = "set_bit:", [KW_OP_CLEAR_MASK] = "clear_bit:",
	[KW_OP_LIST_ADD] = "list_add:", [KW_OP_LIST_DEL] = "list_del:",
	[KW_OP_LIST_ADD_TAIL] = "list_add_tail:",
	[KW_OP_LOAD_FLAG] = "", [KW_OP_LOAD_MASK] = "",
	[KW_OP_RAISE] = "raise:", [KW_OP_UNRAISE] = "unraise:",
	[KW_OP_ARM] = "arm:", [KW_OP_CANCEL] = "cancel:",
	[KW_OP_MB] = "smp_mb", [KW_OP_WMB] = "smp_wmb",
	[KW_OP_RMB] = "smp_rmb", [KW_OP_WAKE] = "try_to_wake_up",
	[KW_OP_YIELD] = "yield_cpu", [KW_OP_IRQ_OFF] = "local_irq_disable",
	[KW_OP_IRQ_ON] = "local_irq_enable",
	[KW_OP_PREEMPT_OFF] = "preempt_disable",
	[KW_OP_PREEMPT_ON] = "preempt_enable",
};

static const char *verb_of(const struct kw_access *a)
{
	if (a->flags & KW_NODE_ACQUIRE)
		return "smp_load_acquire:";
	if (a->flags & KW_NODE_RELEASE)
		return "smp_store_release:";
	if (a->op == KW_OP_LOCK || a->op == KW_OP_UNLOCK)
		return a->val ? "mutex_lock:" : "spin_lock:";
	return verbs[a->op];
}

const char *kw_step_what(struct kw_build *b, const struct kw_access *a)
{
	const struct kw_src *src = &b->p->srcs[a->src];
	lua_State *L = b->L;
	int top = lua_gettop(L);
	const char *verb, *what;

	if (a->op >= KW_NR_OPS || !*src->kernel ||
	    g_str_has_prefix(src->file, "kvmwake/"))
		return NULL;
	if (a->op == KW_OP_CALL)
		return b->path[a->callee]->name;
	verb = verb_of(a);
	if (!verb || a->field == KW_DRAFT_NONE)
		return verb;
	luaL_checkstack(L, 4, "a name");
	if (a->op == KW_OP_LOAD_MASK || a->op == KW_OP_SET_MASK ||
	    a->op == KW_OP_CLEAR_MASK)
		what = bit_name(b, a);
	else
		what = field_name(b, a->field);
	what = kw_intern(b, lua_pushfstring(L, "%s%s", verb, what));
	lua_settop(L, top);
	return what;
}

static bool is_meant(struct kw_build *b, const struct kw_access *a,
		     const struct kw_kernel_step *w)
{
	const struct kw_src *src = &b->p->srcs[a->src];
	const char *what;

	if (w->path && strcmp(w->path, src->path))
		return false;
	if (w->line && (w->line != src->line || strcmp(w->file, src->file)))
		return false;
	what = kw_step_what(b, a);
	return what && !strcmp(what, w->what);
}

/* The outcome that stands for w->value. */
static unsigned outcome(lua_State *L, const struct kw_kernel_step *w,
			const struct kw_outs *outs)
{
	unsigned k;

	if (!outs)
		return w->value > 0;
	for (k = 0; k < outs->nr; k++)
		if (outs->v[k].type == (w->value < 0 ? KW_IS_NOTHING :
							KW_IS_BOOL) &&
		    outs->v[k].i == MAX(w->value, 0))
			return k;
	kw_lua_error(L, "%s cannot be left out: it never returns %s", w->what,
		     w->value < 0 ? "without a value" :
		     w->value ? "true" : "false");
}

/* Whoever gets here fails. */
static _Noreturn void fail_here(lua_State *L, const struct kw_access *a)
{
	struct kw_build *b = kw_build(L);
	struct kw_access fail = { KW_NO_FIELDS, .op = KW_OP_FAIL,
				  .src = a->src };

	fail.val = (uint16_t)kw_string_number(L, &b->p->messages,
					      &b->p->nr_messages,
					      &b->max_messages, "got here");
	kw_do(L, &fail, 0);
	g_assert_not_reached();
}

bool kw_left_out(lua_State *L, struct kw_access *a,
		 const struct kw_outs *outs, unsigned *k)
{
	struct kw_build *b = kw_build(L);
	unsigned i;

	for (i = 0; i < b->script->nr_without; i++) {
		const struct kw_kernel_step *w = &b->script->without[i];

		if (!is_meant(b, a, w))
			continue;
		if (w->value == KW_YIELDS_FAIL)
			fail_here(L, a);
		if (!(a->flags & (KW_NODE_ACQUIRE | KW_NODE_RELEASE))) {
			*k = outcome(L, w, outs);
			return true;
		}
		a->flags &= (uint8_t)~(KW_NODE_ACQUIRE | KW_NODE_RELEASE);
		return false;
	}
	return false;
}

/* steps{ request = {...}, kick = {...}, term = { predicates } } adds names. */
static int prim_steps(lua_State *L)
{
	static const char *const keys[] = { "request", "kick", "term", NULL };
	static const uint8_t kinds[] = { KW_REQUEST, KW_KICK, KW_TERM };
	struct kw_build *b = kw_build(L);
	unsigned i;

	kw_check_keys(L, 1, keys, "steps");
	for (i = 0; keys[i]; i++) {
		unsigned kind = kinds[i];
		int n = 0;

		if (lua_getfield(L, 1, keys[i]) == LUA_TTABLE)
			while (lua_rawgeti(L, -1, ++n) == LUA_TSTRING) {
				KW_PUSH(&b->arena, b->words[kind],
					b->nr_words[kind], b->max_words[kind],
					kw_intern(b, lua_tostring(L, -1)));
				lua_pop(L, 1);
			}
		if (!lua_isnil(L, -1))
			kw_lua_error(L, "steps.%s: an array of paths' names",
				     keys[i]);
		lua_settop(L, 1);
	}
	return 0;
}

void kw_steps_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "steps", prim_steps },
					{ NULL, NULL } };

	kw_register(b, fns);
}
