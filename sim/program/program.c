/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the parts of a program are called, and which operands of an
 * operation are registers.
 *
 * Invariant: the tables follow ops.def, one entry an operation.
 */
#include "program.h"

#include "../base/arena.h"
#include "link.h"

const char *const kw_op_names[KW_NR_OPS] = {
#define KW_OP(name, cost, outcomes, operands) #name,
#include "ops.def"
#undef KW_OP
};

const uint8_t kw_op_cost[KW_NR_OPS] = {
#define KW_OP(name, cost, outcomes, operands) KW_COST_##cost,
#include "ops.def"
#undef KW_OP
};

const uint8_t kw_op_outcomes[KW_NR_OPS] = {
#define KW_OP(name, cost, outcomes, operands) KW_##outcomes,
#include "ops.def"
#undef KW_OP
};

const char *const kw_cost_names[KW_NR_COSTS] = {
	"none", "load", "store", "atomic", "fence", "lock", "unlock", "sched",
	"wake", "raise", "timer"
};

const char *const kw_when_names[KW_NR_WHENS] = {
	"always", "entry", "guest", "asleep",
};

const char *const kw_eventually_names[KW_NR_EVENTUALLYS] = {
	"no", "any", "host",
};

const uint8_t kw_op_uses[KW_NR_OPS] = {
	[KW_OP_LOAD] = KW_USES_A,
	[KW_OP_LOAD_FLAG] = KW_USES_A,
	[KW_OP_LOAD_MASK] = KW_USES_A,
	[KW_OP_LOAD_REF] = KW_USES_A | KW_WRITES_D,
	[KW_OP_STORE] = KW_USES_A,
	[KW_OP_STORE_REF] = KW_USES_A | KW_READS_D,
	[KW_OP_SET_MASK] = KW_USES_A,
	[KW_OP_CLEAR_MASK] = KW_USES_A,
	[KW_OP_TEST_AND_SET] = KW_USES_A,
	[KW_OP_TEST_AND_CLEAR] = KW_USES_A,
	[KW_OP_XCHG] = KW_USES_A,
	[KW_OP_CMPXCHG] = KW_USES_A,
	[KW_OP_LOCK] = KW_USES_A,
	[KW_OP_UNLOCK] = KW_USES_A,
	[KW_OP_LIST_ADD] = KW_USES_A | KW_READS_D,
	[KW_OP_LIST_ADD_TAIL] = KW_USES_A | KW_READS_D,
	[KW_OP_LIST_DEL] = KW_USES_A | KW_READS_D,
	[KW_OP_LEA] = KW_USES_A | KW_WRITES_D,
	[KW_OP_REF_EQ] = KW_USES_A | KW_READS_D,
	[KW_OP_CALL] = KW_WRITES_D,
	[KW_OP_RETURN] = KW_READS_D,
	[KW_OP_DEACTIVATE] = KW_USES_A,
	[KW_OP_SWITCH] = KW_USES_A,
	[KW_OP_WAKE] = KW_USES_A,
	[KW_OP_RAISE] = KW_USES_A,
	[KW_OP_UNRAISE] = KW_USES_A,
	[KW_OP_ARM] = KW_USES_A | KW_TIME_OF_D,
	[KW_OP_CANCEL] = KW_USES_A,
	[KW_OP_AWAIT] = KW_USES_A,
	[KW_OP_AWAIT_IDLE] = KW_USES_A,
	[KW_OP_IS_LOCKED] = KW_USES_A,
	[KW_OP_IS_PENDING] = KW_USES_A,
	[KW_OP_IS_ARMED] = KW_USES_A,
	[KW_OP_CALL_TRAP] = KW_WRITES_D,
	[KW_OP_MARK] = KW_USES_A,
	[KW_OP_TIME_NOW] = KW_TIME_TO_D,
	[KW_OP_TIME_SET] = KW_TIME_TO_D,
	[KW_OP_TIME_ADD] = KW_TIME_TO_D | KW_TIME_OF_R | KW_TIME_OF_V,
	[KW_OP_TIME_SUB] = KW_TIME_TO_D | KW_TIME_OF_R | KW_TIME_OF_V,
	[KW_OP_TIME_LESS] = KW_TIME_OF_D | KW_TIME_OF_V,
	[KW_OP_TIME_LOAD] = KW_USES_A | KW_TIME_TO_D,
	[KW_OP_TIME_STORE] = KW_USES_A | KW_TIME_OF_D,
};

const struct kw_object *kw_object_at(const struct kw_program *p, unsigned addr)
{
	if (addr < 8 || addr >= p->objects_size)
		return NULL;
	return &p->objects[p->object_at[addr >> 3]];
}

const struct kw_field *kw_field_at(const struct kw_kind *k, unsigned off)
{
	static const uint8_t sizes[KW_NR_FIELD_TYPES] = {
		[KW_FLAG] = 1, [KW_COUNT] = 1, [KW_ENUM] = 1, [KW_WORD] = 1,
		[KW_REF] = 2, [KW_LOCK] = 2, [KW_LIST] = 4, [KW_LINK] = 4,
		[KW_HANDLER] = 2 };
	unsigned i;

	for (i = 0; i < k->nr_fields; i++) {
		const struct kw_field *f = &k->fields[i];

		if (f->type != KW_TIME && off >= f->off &&
		    off < f->off + (unsigned)sizes[f->type])
			return f;
	}
	return NULL;
}

void kw_address_name(const struct kw_program *p, unsigned addr, GString *out)
{
	const struct kw_object *o = kw_object_at(p, addr);
	const struct kw_field *f;

	if (!o) {
		g_string_append(out, addr == KW_NULL ? "NULL" : "?");
		return;
	}
	g_string_append(out, o->name);
	f = kw_field_at(&p->kinds[o->kind], addr - o->addr);
	if (f)
		g_string_append_printf(out, ".%s", f->name);
	else
		g_string_append_printf(out, "+%u", addr - o->addr);
}

void kw_program_free(struct kw_program *p)
{
	if (!p)
		return;
	if (p->arena) {
		kw_arena_free(p->arena);
		g_free(p->arena);
	}
	if (p->strings)
		g_string_chunk_free(p->strings);
	g_free(p);
}
