/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what an access to a field compiles to.
 *
 * Every primitive checks that its operand is of the type it is for and that
 * a stored value is within the declared domain; what it returns is the
 * outcome of this run.
 */
#include "build.h"

/* An access of op at the caller's line, without operands. */
struct kw_access kw_plain(lua_State *L, unsigned op)
{
	struct kw_build *b = kw_build(L);
	struct kw_access a = { KW_NO_FIELDS, .op = (uint8_t)op };

	b->run->site = kw_here(L);
	a.src = kw_src(b, b->run->site, b->run->path);
	return a;
}

/* An access of op to l. */
struct kw_access kw_at(lua_State *L, const struct kw_loc *l, unsigned op)
{
	struct kw_access a = kw_plain(L, op);

	a.reg = l->ref.reg;
	a.reg_frame = l->ref.frame;
	a.off = l->ref.off;
	a.field = l->decl->id;
	return a;
}

static struct kw_loc *check(lua_State *L, int idx, unsigned types,
			    const char *who, const char *want)
{
	struct kw_loc *l;

	kw_tracing(L, who);
	l = kw_check_loc(L, idx, who);
	if (!(types & 1u << l->decl->type))
		kw_lua_error(L, "%s wants %s: %s is %s", who, want,
			     l->decl->name, kw_type_name(l->decl));
	return l;
}

#define BYTES (1u << KW_FLAG | 1u << KW_COUNT | 1u << KW_ENUM | 1u << KW_WORD)
#define VALUES (BYTES | 1u << KW_REF | 1u << KW_TIME)

static void load_ref(lua_State *L, struct kw_access *a, struct kw_struct *kind)
{
	struct kw_ref r = { .run = kw_build(L)->run->serial,
			    .frame = KW_FRAME_SELF, .kind = kind };

	a->op = KW_OP_LOAD_REF;
	a->dst = r.reg = kw_name_reg(L, KW_NAME_REF);
	a->dst_frame = KW_FRAME_SELF;
	kw_do(L, a, 1);
	kw_push_ref(L, &r);
}

static void push_byte(lua_State *L, const struct kw_decl *d, unsigned v)
{
	if (d->type == KW_FLAG)
		lua_pushboolean(L, (int)v);
	else
		lua_pushinteger(L, v);
}

/* load, READ_ONCE, smp_load_acquire: upvalues are the flags and the name. */
static int prim_load(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	struct kw_loc *l = check(L, 1, VALUES, who, "a value");
	struct kw_access a = kw_at(L, l, KW_OP_LOAD);

	a.flags = (uint8_t)lua_tointeger(L, lua_upvalueindex(1));
	switch ((enum kw_field_type)l->decl->type) {
	case KW_FLAG:
		a.op = KW_OP_LOAD_FLAG;
		lua_pushboolean(L, (int)kw_do(L, &a, 2));
		break;
	case KW_REF:
		load_ref(L, &a, l->decl->kind);
		break;
	case KW_TIME:
		kw_time_load(L, l, &a);
		break;
	default:
		lua_pushinteger(L, kw_do(L, &a, kw_nr_values(l->decl)));
	}
	return 1;
}

static void store_ref(lua_State *L, const struct kw_loc *l,
		      struct kw_access *a)
{
	const struct kw_ref *r = kw_check_ref(L, 2, l->decl->name);

	if (r->kind && r->kind != l->decl->kind)
		kw_lua_error(L, "%s refers to a %s, not to %s", l->decl->name,
			     l->decl->kind->name, kw_describe(L, 2));
	a->op = KW_OP_STORE_REF;
	kw_reg_of(L, r, KW_NAME_TEMP, &a->dst, &a->dst_frame);
	kw_do(L, a, 1);
}

static int prim_store(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	struct kw_loc *l = check(L, 1, VALUES, who, "a value");
	struct kw_access a = kw_at(L, l, KW_OP_STORE);

	a.flags = (uint8_t)(lua_tointeger(L, lua_upvalueindex(1)) |
			    l->decl->arch);
	if (l->decl->type == KW_REF) {
		store_ref(L, l, &a);
	} else if (l->decl->type == KW_TIME) {
		kw_time_store(L, l, &a);
	} else {
		a.val = (uint16_t)kw_check_byte(L, 2, l->decl, who);
		kw_do(L, &a, 1);
	}
	return 0;
}

static uint16_t check_bit(lua_State *L, const struct kw_decl *d,
			  const char *who)
{
	lua_Integer nr = lua_isinteger(L, 1) ? lua_tointeger(L, 1) : -1;

	if (nr < 0 || nr >= d->nr_names)
		kw_lua_error(L, "%s(nr, word): %s has the bits 0 to %u, not "
			     "%s", who, d->name, d->nr_names - 1,
			     kw_describe(L, 1));
	return (uint16_t)(1u << nr);
}

/* test_bit and the others: upvalues are the op and the name. */
static int prim_bit(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	unsigned op = (unsigned)lua_tointeger(L, lua_upvalueindex(1));
	struct kw_loc *l = check(L, 2, 1u << KW_WORD, who, "(nr, word)");
	struct kw_access a = kw_at(L, l, op);
	bool two = kw_op_outcomes[op] == KW_TWO;

	a.val = check_bit(L, l->decl, who);
	if (op != KW_OP_LOAD_MASK)
		a.flags = l->decl->arch;
	lua_pushboolean(L, (int)kw_do(L, &a, two ? 2 : 1));
	return two;
}

static int prim_any(lua_State *L)
{
	struct kw_loc *l = check(L, 1, 1u << KW_WORD, "any", "a word");
	struct kw_access a = kw_at(L, l, KW_OP_LOAD_MASK);

	a.val = l->decl->max;
	lua_pushboolean(L, (int)kw_do(L, &a, 2));
	return 1;
}

static int prim_xchg(lua_State *L)
{
	struct kw_loc *l = check(L, 1, BYTES, "xchg",
				 "a flag, a count, an enum or a word");
	struct kw_access a = kw_at(L, l, KW_OP_XCHG);

	a.val = (uint16_t)kw_check_byte(L, 2, l->decl, "xchg");
	a.flags = l->decl->arch;
	push_byte(L, l->decl, kw_do(L, &a, kw_nr_values(l->decl)));
	return 1;
}

static int prim_cmpxchg(lua_State *L)
{
	struct kw_loc *l = check(L, 1, BYTES, "cmpxchg",
				 "a flag, a count, an enum or a word");
	struct kw_access a = kw_at(L, l, KW_OP_CMPXCHG);

	a.val = (uint16_t)(kw_check_byte(L, 2, l->decl, "cmpxchg") |
			   kw_check_byte(L, 3, l->decl, "cmpxchg") << 8);
	a.flags = l->decl->arch;
	push_byte(L, l->decl, kw_do(L, &a, kw_nr_values(l->decl)));
	return 1;
}

/* spin_lock and the others: upvalues are op, name, V (1: a mutex). */
static int prim_lock(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	struct kw_loc *l = check(L, 1, 1u << KW_LOCK, who, "a lock");
	struct kw_access a;

	a = kw_at(L, l, (unsigned)lua_tointeger(L, lua_upvalueindex(1)));
	a.val = (uint16_t)lua_tointeger(L, lua_upvalueindex(3));
	kw_do(L, &a, 1);
	return 0;
}

static int prim_is_locked(lua_State *L)
{
	struct kw_loc *l = check(L, 1, 1u << KW_LOCK, "spin_is_locked",
				 "a lock");
	struct kw_access a = kw_at(L, l, KW_OP_IS_LOCKED);

	lua_pushboolean(L, (int)kw_do(L, &a, 2));
	return 1;
}

/* The first entry of the list at 1: reference and register. */
static void list_load(lua_State *L, const char *who)
{
	struct kw_loc *l = check(L, 1, 1u << KW_LIST, who, "a list");
	struct kw_access a = kw_at(L, l, KW_OP_LOAD_REF);

	load_ref(L, &a, l->decl->kind);
}

static int prim_list_first(lua_State *L)
{
	list_load(L, "list_first");
	return 1;
}

static int prim_list_empty(lua_State *L)
{
	list_load(L, "list_empty");
	lua_getfield(L, LUA_REGISTRYINDEX, "kw.NULL");
	lua_pushboolean(L, lua_compare(L, -2, -1, LUA_OPEQ));
	return 1;
}

static const struct kw_ref *check_entry(lua_State *L, const struct kw_loc *l,
					const char *who)
{
	const struct kw_ref *r = kw_check_ref(L, 2, who);

	if (r->kind != l->decl->kind)
		kw_lua_error(L, "%s: %s is a list of %s, not of %s", who,
			     l->decl->name, l->decl->kind->name,
			     kw_describe(L, 2));
	return r;
}

static int prim_list_next(lua_State *L)
{
	struct kw_loc *l = check(L, 1, 1u << KW_LIST, "list_next", "a list");
	const struct kw_ref *r = check_entry(L, l, "list_next");
	struct kw_access a = kw_plain(L, KW_OP_LOAD_REF);

	a.reg = r->reg;
	a.reg_frame = r->frame;
	a.off = (uint16_t)(r->off + l->decl->link_off);
	a.field = l->decl->link_decl->id;
	load_ref(L, &a, l->decl->kind);
	return 1;
}

/* list_add and the others: upvalues are the op and the name. */
static int prim_list_change(lua_State *L)
{
	const char *who = lua_tostring(L, lua_upvalueindex(2));
	struct kw_loc *l = check(L, 1, 1u << KW_LIST, who, "a list");
	const struct kw_ref *r = check_entry(L, l, who);
	struct kw_access a;

	a = kw_at(L, l, (unsigned)lua_tointeger(L, lua_upvalueindex(1)));
	a.val = (uint16_t)l->decl->link_off;
	a.field2 = l->decl->link_decl->id;
	kw_reg_of(L, r, KW_NAME_TEMP, &a.dst, &a.dst_frame);
	kw_do(L, &a, 1);
	return 0;
}

/* smp_mb and others without operands or result: upvalue 1 is the op. */
static int prim_plain(lua_State *L)
{
	struct kw_access a;

	kw_tracing(L, lua_tostring(L, lua_upvalueindex(2)));
	a = kw_plain(L, (unsigned)lua_tointeger(L, lua_upvalueindex(1)));
	kw_do(L, &a, 1);
	return 0;
}

/* Does this run know already whether x == y? */
static int known_equal(const struct kw_tracer *run, const struct kw_access *a)
{
	unsigned i;

	for (; run; run = run->parent)
		for (i = 0; i < run->nr_equals; i++)
			if (kw_access_equal(&run->equals[i].a, a))
				return run->equals[i].equal;
	return -1;
}

/* Known before any run: 0, 1; else -1. */
static int static_equal(const struct kw_ref *x, const struct kw_ref *y)
{
	if (x->reg == y->reg && x->frame == y->frame)
		return x->off == y->off;
	if ((!x->kind && y->off) || (!y->kind && x->off))
		return 0;	/* NULL and a part of an object */
	return -1;
}

static bool compare(lua_State *L, const struct kw_ref *x,
		    const struct kw_ref *y)
{
	struct kw_build *b = kw_build(L);
	struct kw_tracer *run = b->run;
	struct kw_access a, key;
	int known = static_equal(x, y);

	if (known >= 0)
		return known;
	kw_check_alive(L, x->run, "reference");
	kw_check_alive(L, y->run, "reference");
	/* y stands for itself: it has the smaller offset, then register */
	if (y->off > x->off || (y->off == x->off && y->reg > x->reg)) {
		const struct kw_ref *t = x;

		x = y;
		y = t;
	}
	a = kw_plain(L, KW_OP_REF_EQ);
	a.reg = x->reg;
	a.reg_frame = x->frame;
	a.off = x->off;
	kw_reg_of(L, y, KW_NAME_TEMP2, &a.dst, &a.dst_frame);
	key = a;
	key.src = 0;
	known = known_equal(run, &key);
	if (known < 0) {
		known = (int)kw_do(L, &a, 2);
		KW_PUSH(&b->arena, run->equals, run->nr_equals,
			run->max_equals, (struct kw_equal){ key, known });
	}
	return known;
}

/* ref == ref, for all references. */
int kw_prim_ref_eq(lua_State *L)
{
	const struct kw_ref *x = kw_to_ref(L, 1), *y = kw_to_ref(L, 2);

	if (!x || !y)
		kw_lua_error(L, "%s == %s: only references compare",
			     kw_describe(L, 1), kw_describe(L, 2));
	lua_pushboolean(L, compare(L, x, y));
	return 1;
}

/* A table of primitives that share functions. */
void kw_prims_register(struct kw_build *b, const struct kw_prim *prims)
{
	for (; prims->name; prims++) {
		lua_pushinteger(b->L, prims->number);
		lua_pushstring(b->L, prims->name);
		lua_pushinteger(b->L, prims->extra);
		lua_pushcclosure(b->L, prims->fn, 3);
		lua_setglobal(b->L, prims->name);
	}
}

void kw_prims_open(struct kw_build *b)
{
	static const struct kw_prim prims[] = {
		{ "load", prim_load, 0, 0 },
		{ "READ_ONCE", prim_load, KW_NODE_ONCE, 0 },
		{ "smp_load_acquire", prim_load, KW_NODE_ACQUIRE, 0 },
		{ "store", prim_store, 0, 0 },
		{ "WRITE_ONCE", prim_store, KW_NODE_ONCE, 0 },
		{ "smp_store_release", prim_store, KW_NODE_RELEASE, 0 },
		{ "test_bit", prim_bit, KW_OP_LOAD_MASK, 0 },
		{ "set_bit", prim_bit, KW_OP_SET_MASK, 0 },
		{ "clear_bit", prim_bit, KW_OP_CLEAR_MASK, 0 },
		{ "test_and_set_bit", prim_bit, KW_OP_TEST_AND_SET, 0 },
		{ "test_and_clear_bit", prim_bit, KW_OP_TEST_AND_CLEAR, 0 },
		{ "any", prim_any, 0, 0 },
		{ "xchg", prim_xchg, 0, 0 },
		{ "cmpxchg", prim_cmpxchg, 0, 0 },
		{ "spin_lock", prim_lock, KW_OP_LOCK, 0 },
		{ "spin_unlock", prim_lock, KW_OP_UNLOCK, 0 },
		{ "spin_is_locked", prim_is_locked, 0, 0 },
		{ "mutex_lock", prim_lock, KW_OP_LOCK, 1 },
		{ "mutex_unlock", prim_lock, KW_OP_UNLOCK, 1 },
		{ "list_first", prim_list_first, 0, 0 },
		{ "list_empty", prim_list_empty, 0, 0 },
		{ "list_next", prim_list_next, 0, 0 },
		{ "list_add", prim_list_change, KW_OP_LIST_ADD, 0 },
		{ "list_add_tail", prim_list_change, KW_OP_LIST_ADD_TAIL, 0 },
		{ "list_del", prim_list_change, KW_OP_LIST_DEL, 0 },
		{ "smp_mb", prim_plain, KW_OP_MB, 0 },
		{ "smp_wmb", prim_plain, KW_OP_WMB, 0 },
		{ "smp_rmb", prim_plain, KW_OP_RMB, 0 },
		{ "yield_cpu", prim_plain, KW_OP_YIELD, 0 },
		{ "local_irq_disable", prim_plain, KW_OP_IRQ_OFF, 0 },
		{ "local_irq_enable", prim_plain, KW_OP_IRQ_ON, 0 },
		{ "preempt_disable", prim_plain, KW_OP_PREEMPT_OFF, 0 },
		{ "preempt_enable", prim_plain, KW_OP_PREEMPT_ON, 0 },
		{ "loop", kw_prim_loop, 0, 0 },
		{ "list_for_each", kw_prim_list_for_each, 0, 0 },
		{ NULL, NULL, 0, 0 } };

	kw_prims_register(b, prims);
}
