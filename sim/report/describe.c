/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how one step of an actor is said in words, and whether it is worth
 * saying: what changes shared state or decides which way a path goes is,
 * locks, register moves and stores of what was there already are not.
 */
#include <string.h>
#include "../program/show.h"
#include "report.h"

const char *const kw_late_names[] = {
	[KW_LATE_NOT] = "", [KW_LATE_READ] = "stale",
	[KW_LATE_STORE] = "waits", [KW_LATE_DRAIN] = "visible",
};

void kw_record(void *arg, const struct kw_event *e, const uint8_t *state)
{
	struct kw_recorder *r = arg;
	const struct kw_node *n = &r->program->nodes[e->node];
	/* const is cast away to find the block; it is only read. */
	const struct kw_actor_state *st =
		kw_actor(r->program, (uint8_t *)(uintptr_t)state, e->actor);
	struct kw_step_seen s = { .e = *e, .late = e->late };

	if (e->late == KW_LATE_DRAIN)
		s.ref = e->ref;
	else if (n->dst < r->program->actors[e->actor].nr_regs)
		s.ref = st->regs[n->dst];
	switch (n->op) {
	case KW_OP_LOCK:
	case KW_OP_AWAIT:
	case KW_OP_AWAIT_IDLE:
		s.blocked = st->pc == e->node;
	}
	g_array_append_val(r->seen, s);
}

static const struct kw_node *node(const struct kw_program *p,
				  const struct kw_step_seen *s)
{
	return &p->nodes[s->e.node];
}

bool kw_step_is_load(const struct kw_program *p, const struct kw_step_seen *s)
{
	switch (node(p, s)->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
		return true;
	default:
		return false;
	}
}

bool kw_step_matters(const struct kw_program *p, const struct kw_step_seen *s)
{
	const char *kernel = p->srcs[node(p, s)->src].kernel;

	if (s->late)
		return true;
	switch (node(p, s)->op) {
	case KW_OP_STORE:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
		return s->e.before != s->e.after;
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
		/* What the hardware and the guest look at is no news. */
		return kernel && *kernel && *kernel != '(';
	case KW_OP_LOAD_REF:
		/* Nothing there: that ends a walk, or nobody is woken. */
		return !s->ref && kernel && *kernel && *kernel != '(';
	case KW_OP_CANCEL:
		return s->e.outcome;
	case KW_OP_STORE_REF:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
	case KW_OP_DEACTIVATE:
	case KW_OP_WAKE:
	case KW_OP_RAISE:
	case KW_OP_ARM:
	case KW_OP_GUEST_ENTER:
	case KW_OP_GUEST_EXIT:
	case KW_OP_CHOICE:
	case KW_OP_MARK:
	case KW_OP_FAIL:
		return true;
	case KW_OP_LOCK:
		return s->blocked;
	default:
		return false;
	}
}

static const struct kw_field *field_of(const struct kw_program *p,
				       unsigned addr)
{
	const struct kw_object *o = kw_object_at(p, addr);

	return o ? kw_field_at(&p->kinds[o->kind], addr - o->addr) : NULL;
}

static void put_object(const struct kw_program *p, unsigned addr, GString *out)
{
	const struct kw_object *o = addr ? kw_object_at(p, addr) : NULL;

	g_string_append(out, o ? o->name : "NULL");
}

/* A value of the field at addr: an enum's name, or a number. */
static void put_value(const struct kw_program *p, unsigned addr, int value,
		      GString *out)
{
	const struct kw_field *f = field_of(p, addr);
	int i;

	if (f && f->type == KW_ENUM && f->names && value >= 0) {
		for (i = 0; i < value && f->names[i]; i++)
			;
		if (f->names[i]) {
			g_string_append(out, f->names[i]);
			return;
		}
	}
	g_string_append_printf(out, "%d", value);
}

/* The names of the bits of a word, or "" when it is every bit it has. */
static void put_bits(const struct kw_program *p, unsigned addr, unsigned mask,
		     GString *out)
{
	const struct kw_field *f = field_of(p, addr);
	unsigned i, nr = 0;

	for (i = 0; i < 8; i++) {
		if (!(mask >> i & 1))
			continue;
		if (nr++)
			g_string_append_c(out, '|');
		if (f && f->type == KW_WORD && f->names && i <
		    g_strv_length((gchar **)(uintptr_t)f->names))
			g_string_append(out, f->names[i]);
		else
			g_string_append_printf(out, "bit %u", i);
	}
}

static void load_text(const struct kw_program *p, const struct kw_step_seen *s,
		      GString *out)
{
	const struct kw_node *n = node(p, s);
	const struct kw_field *f = field_of(p, s->e.addr);

	kw_address_name(p, s->e.addr, out);
	switch (n->op) {
	case KW_OP_LOAD_REF:
		g_string_append(out, " is ");
		put_object(p, s->ref, out);
		break;
	case KW_OP_LOAD_MASK:
		if (f && f->type == KW_WORD && n->val & (n->val - 1)) {
			if (!s->e.outcome)
				g_string_append(out, " is 0");
			else
				g_string_append(out, " has ");
			if (s->e.outcome)
				put_bits(p, s->e.addr,
					 (unsigned)s->e.before & n->val, out);
			break;
		}
		g_string_append(out, s->e.outcome ? " has " : " lacks ");
		put_bits(p, s->e.addr, n->val, out);
		break;
	case KW_OP_LOAD_FLAG:
		if (f && f->type != KW_FLAG) {
			g_string_append(out, s->e.outcome ? " is not 0" :
					" is 0");
			break;
		}
		/* fall through */
	default:
		g_string_append(out, " is ");
		put_value(p, s->e.addr, s->e.before, out);
	}
}

static void store_text(const struct kw_program *p, const struct kw_step_seen *s,
		       GString *out)
{
	const struct kw_node *n = node(p, s);
	bool old;

	kw_address_name(p, s->e.addr, out);
	switch (n->op) {
	case KW_OP_STORE:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		if (n->op != KW_OP_STORE && s->e.before == s->e.after)
			g_string_append(out, " stays ");
		else
			g_string_append(out, " = ");
		put_value(p, s->e.addr, s->e.after, out);
		if (n->op == KW_OP_STORE || s->e.before == s->e.after)
			break;
		g_string_append(out, ", was ");
		put_value(p, s->e.addr, s->e.before, out);
		break;
	case KW_OP_STORE_REF:
		g_string_append(out, " = ");
		put_object(p, s->ref, out);
		break;
	case KW_OP_SET_MASK:
	case KW_OP_TEST_AND_SET:
		old = (unsigned)s->e.before & n->val;
		g_string_append(out, old ? " has " : " |= ");
		put_bits(p, s->e.addr, n->val, out);
		g_string_append(out, old ? " already" : "");
		break;
	default:
		old = (unsigned)s->e.before & n->val;
		g_string_append(out, old ? " &= ~" : " lacks ");
		put_bits(p, s->e.addr, n->val, out);
	}
}

static void list_text(const struct kw_program *p, const struct kw_step_seen *s,
		      GString *out)
{
	kw_address_name(p, s->e.addr, out);
	g_string_append(out, node(p, s)->op == KW_OP_LIST_DEL ? " loses " :
			" gets ");
	put_object(p, s->ref, out);
}

static void task_text(const struct kw_program *p, const struct kw_step_seen *s,
		      GString *out)
{
	const struct kw_node *n = node(p, s);

	switch (n->op) {
	case KW_OP_DEACTIVATE:
		g_string_append(out, s->e.outcome ? "goes to sleep" :
				"stays awake");
		break;
	case KW_OP_SWITCH:
		g_string_append(out, "sleeps until it is woken");
		break;
	case KW_OP_WAKE:
		g_string_append(out, s->e.outcome ? "wakes " : "finds awake ");
		put_object(p, s->e.addr, out);
		break;
	case KW_OP_GUEST_ENTER:
		g_string_append(out, "enters the guest");
		break;
	case KW_OP_GUEST_EXIT:
		g_string_append(out, "guest leaves: ");
		g_string_append(out, n->val < p->nr_exits ? p->exits[n->val] :
				"?");
		break;
	case KW_OP_MARK:
		g_string_append_printf(out, "* %s", p->marks[n->val]);
		break;
	case KW_OP_FAIL:
		g_string_append_printf(out, "FAILS: %s", p->messages[n->val]);
		break;
	case KW_OP_CHOICE:
		g_string_append_printf(out, "chooses %u", s->e.outcome);
		break;
	}
}

static void state_text(const struct kw_program *p,
		       const struct kw_step_seen *s, GString *out)
{
	static const char *const is[] = {
		[KW_OP_IS_LOCKED] = "locked", [KW_OP_IS_PENDING] = "pending",
		[KW_OP_IS_ARMED] = "armed",
	};

	kw_address_name(p, s->e.addr, out);
	g_string_append_printf(out, s->e.outcome ? " is %s" : " is not %s",
			       is[node(p, s)->op]);
}

static void handler_text(const struct kw_program *p,
			 const struct kw_step_seen *s, GString *out)
{
	switch (node(p, s)->op) {
	case KW_OP_RAISE:
		g_string_append(out, "raises ");
		break;
	case KW_OP_UNRAISE:
		g_string_append(out, "takes back ");
		break;
	case KW_OP_ARM:
		g_string_append(out, "arms ");
		break;
	default:
		g_string_append(out, s->e.outcome ? "cancels " :
				"finds not armed ");
	}
	kw_address_name(p, s->e.addr, out);
}

static void op_text(const struct kw_program *p, const struct kw_step_seen *s,
		    GString *out)
{
	switch (node(p, s)->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
		load_text(p, s, out);
		break;
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		store_text(p, s, out);
		break;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		list_text(p, s, out);
		break;
	case KW_OP_RAISE:
	case KW_OP_UNRAISE:
	case KW_OP_ARM:
	case KW_OP_CANCEL:
		handler_text(p, s, out);
		break;
	case KW_OP_IS_LOCKED:
	case KW_OP_IS_PENDING:
	case KW_OP_IS_ARMED:
		state_text(p, s, out);
		break;
	case KW_OP_DEACTIVATE:
	case KW_OP_SWITCH:
	case KW_OP_WAKE:
	case KW_OP_GUEST_ENTER:
	case KW_OP_GUEST_EXIT:
	case KW_OP_MARK:
	case KW_OP_FAIL:
	case KW_OP_CHOICE:
		task_text(p, s, out);
		break;
	case KW_OP_LOCK:
	case KW_OP_UNLOCK:
		g_string_append(out, s->blocked ? "waits for " :
				node(p, s)->op == KW_OP_LOCK ? "locks " :
				"unlocks ");
		kw_address_name(p, s->e.addr, out);
		break;
	default:
		kw_show_node(p, s->e.node, out);
	}
}

void kw_step_text(const struct kw_program *p, const struct kw_step_seen *s,
		  GString *out)
{
	static const char *const late[] = {
		[KW_LATE_NOT] = "", [KW_LATE_READ] = " (stale)",
		[KW_LATE_STORE] = " (buffered)",
		[KW_LATE_DRAIN] = " (visible now)",
	};

	op_text(p, s, out);
	g_string_append(out, late[s->late]);
}
