/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how an interleaving that was done again is printed and kept. */
#include <stdio.h>
#include <string.h>
#include "../machine/step.h"
#include "../oracle/oracle.h"
#include "retrace.h"

static const char *const type_names[] = {
	[KW_STEP] = "step", [KW_FLOW] = "flow", [KW_BEGIN] = "begin",
	[KW_FIRE] = "fire", [KW_FORCE] = "force", [KW_SWITCH] = "switch",
};

void kw_steps_text(const struct kw_program *p, const GArray *steps,
		   GString *out)
{
	unsigned i;

	for (i = 0; i < steps->len; i++) {
		const struct kw_move *m = &g_array_index(steps,
							 struct kw_move, i);

		g_string_append_printf(out, "%s[\"%s\",\"%s\",%u,%u]",
				       i ? "," : "[",
				       p->actors[m->actor].name,
				       type_names[m->type], m->way,
				       m->choice);
	}
	g_string_append(out, i ? "]" : "[]");
}

static int number_of(const char *const *names, unsigned nr, const char *name)
{
	unsigned i;

	for (i = 0; i < nr; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

static int actor_of(const struct kw_program *p, const char *name)
{
	unsigned i;

	for (i = 0; i + 1 < p->nr_actors; i++)
		if (!strcmp(p->actors[i].name, name))
			return (int)i;
	return -1;
}

/* Ends at the first that this program does not have. */
GArray *kw_steps_of(const struct kw_program *p, const char *text)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct kw_move));
	char name[256], type[16];
	unsigned way, choice;
	int n, actor, t;

	while (sscanf(text, "%*[[,]\"%255[^\"]\",\"%15[^\"]\",%u,%u]%n", name,
		      type, &way, &choice, &n) == 4) {
		struct kw_move m = { .way = (uint8_t)way,
				     .choice = (uint16_t)choice };

		actor = actor_of(p, name);
		t = number_of(type_names, G_N_ELEMENTS(type_names), type);
		if (actor < 0 || t < 0)
			break;
		m.actor = (uint16_t)actor;
		m.type = (uint8_t)t;
		g_array_append_val(steps, m);
		text += n;
	}
	return steps;
}

/* Which object makes SPEC true for the vCPU in the last state. */
static uint16_t cause_of(const struct kw_retrace *r,
			 const struct kw_object *vcpu)
{
	struct kw_oracle *oracle = kw_oracle_new(r->program);
	uint16_t cause;

	kw_oracle_reset(oracle, r->s);
	cause = oracle->vcpus[vcpu->index].cause;
	kw_oracle_free(oracle);
	return cause;
}

static void put_access(const struct kw_program *p, unsigned actor,
		       unsigned node, GString *out)
{
	const struct kw_src *src = &p->srcs[p->nodes[node].src];

	g_string_append_printf(out, "%s in %s (%s:%d)",
			       p->actors[actor].name, src->path, src->file,
			       src->line);
}

void kw_order_text(const struct kw_program *p, const struct kw_order *o,
		   GString *out)
{
	const struct kw_src *src = &p->srcs[p->nodes[o->node].src];
	bool takes = p->nodes[o->node].op == KW_OP_LOCK;

	g_string_append_printf(out, "%s %s ", p->actors[o->actor].name,
			       takes ? "takes" : "holds");
	kw_address_name(p, o->to == KW_IN_IRQ ? o->from : o->to, out);
	if (o->from == KW_IN_IRQ)
		g_string_append(out, " in a hard interrupt");
	else if (o->to == KW_IN_IRQ)
		g_string_append(out, " with interrupts on");
	if (o->from != KW_IN_IRQ && o->to != KW_IN_IRQ) {
		g_string_append(out, " while it holds ");
		kw_address_name(p, o->from, out);
	}
	g_string_append_printf(out, ", in %s (%s:%d)", src->path, src->file,
			       src->line);
}

static void put_cycle(const struct kw_retrace *r, GString *out)
{
	const GArray *cycle = r->what->cycle;
	unsigned i;

	if (!cycle) {
		g_string_append(out, r->what->why);
		return;
	}
	g_string_append(out, "locks are taken in no order: ");
	for (i = 0; i < cycle->len; i++) {
		if (i)
			g_string_append(out, i + 1 == cycle->len ? "; and " :
								   "; ");
		kw_order_text(r->program, &g_array_index(cycle,
			struct kw_order, i), out);
	}
	g_string_append_c(out, '.');
}

/* The last step, and who still stands at an access to the same. */
static char *race(const struct kw_retrace *r)
{
	const struct kw_program *p = r->program;
	const struct kw_event *e = &g_array_index(r->seen,
		struct kw_step_seen, r->seen->len - 1).e;
	GString *s = g_string_new("data race on ");
	const char *sep = " and ";
	unsigned a;

	kw_address_name(p, e->addr, s);
	g_string_append(s, ": ");
	put_access(p, e->actor, e->node, s);
	for (a = 0; a + 1 < p->nr_actors; a++) {
		const struct kw_actor_state *st = kw_actor(p, r->s, a);
		const struct kw_node *n = &p->nodes[st->pc];

		if (a == e->actor || st->run != KW_READY || st->nest ||
		    n->op > KW_OP_CMPXCHG ||
		    st->regs[n->reg] + n->off != e->addr)
			continue;
		g_string_append(s, sep);
		put_access(p, a, st->pc, s);
	}
	return g_string_free(s, FALSE);
}

static void put_storm(const struct kw_retrace *r, GString *out)
{
	const char *vcpu = kw_world_vcpu(r->world,
					 (unsigned)r->what->vcpu)->name;

	if (r->nr_woken)
		g_string_append_printf(out, "this comes again and again: %s is "
			"woken, forced out of its guest or enters it for "
			"nothing, %u time%s each round,", vcpu, r->nr_woken,
			r->nr_woken == 1 ? "" : "s");
	else
		g_string_append_printf(out, "this comes again and again: the "
			"thread of %s goes round, and neither sleeps nor "
			"enters its guest,", vcpu);
	g_string_append(out, " and nobody gets anything done. Everybody who "
			"can move does, and each choice goes every way.");
}

/* What failed, and where: in the last step. */
static char *assertion(const struct kw_retrace *r)
{
	const struct kw_event *e = &g_array_index(r->seen,
		struct kw_step_seen, r->seen->len - 1).e;
	GString *s = g_string_new(
		r->message == KW_FAIL_NULL ? "a NULL reference is followed" :
		r->message == KW_FAIL_RELOCK ? "a lock is taken twice" :
		r->program->messages[r->message]);

	g_string_append(s, ": ");
	put_access(r->program, e->actor, e->node, s);
	return g_string_free(s, FALSE);
}

static char *failure(const struct kw_retrace *r)
{
	GString *s;

	if (r->what->property == KW_FINDS_RACE)
		return race(r);
	if (r->what->property == KW_FINDS_FAILED)
		return assertion(r);
	s = g_string_new(r->program->actors[r->actor].name);
	g_string_append(s, " waits for ");
	kw_address_name(r->program, r->addr, s);
	g_string_append(s, " for ever");
	return g_string_free(s, FALSE);
}

void kw_retrace_why(const struct kw_retrace *r, GString *out)
{
	const struct kw_program *p = r->program;
	unsigned property = r->what->property;
	struct kw_reached e = { .spurious = property == KW_FINDS_SPURIOUS };
	const struct kw_object *vcpu;
	char *text = NULL;

	if (!r->shown) {
		g_string_append(out, "this is no longer so.");
		return;
	}
	if (property == KW_FINDS_NOTHING) {
		g_string_append_printf(out, "nobody can do anything more. On "
			"the way, %s became deliverable during a wait.",
			r->exposed ? "something" : "nothing");
		return;
	}
	if (property == KW_FINDS_ROW) {
		vcpu = kw_world_vcpu(r->world, (unsigned)r->what->vcpu);
		g_string_append_printf(out, "%s was woken for nothing, "
			"spurious or futile, that often %s.", vcpu->name,
			kw_world_is_per_kick(r->world) ?
			"since the last kick" :
			"in a row, and never for something in between");
		return;
	}
	if (property == KW_FINDS_STORM) {
		put_storm(r, out);
		return;
	}
	if (property == KW_FINDS_ORDER) {
		put_cycle(r, out);
		return;
	}
	if (property >= KW_FINDS_FAILED && property <= KW_FINDS_RACE) {
		e.failure = text = failure(r);
	} else if (property >= KW_FINDS_INVARIANT) {
		e.invariant = &p->invariants[property - KW_FINDS_INVARIANT];
		e.vcpu = r->object;
		e.state = r->s;
	} else {
		vcpu = kw_world_vcpu(r->world, (unsigned)r->what->vcpu);
		e.vcpu = (uint16_t)(vcpu - p->objects);
		e.cause = cause_of(r, vcpu);
		e.state = r->s;
	}
	kw_why_reached(p, &e, (const void *)r->seen->data, r->seen->len, out);
	g_free(text);
}

static const char *name(const struct kw_retrace *r)
{
	return kw_property_name(r->program, r->what->property);
}

void kw_retrace_excerpt(const struct kw_retrace *r, unsigned max_steps,
			GString *out)
{
	const struct kw_columns c = {
		.program = r->program, .vcpu = -1, .untimed = true,
		.seen = (const void *)r->seen->data,
		.nr_seen = r->seen->len, .to_ns = UINT64_MAX,
		.max_steps = max_steps, .loop_at = r->loop_at + 1,
	};
	GString *why = g_string_new("why: ");

	kw_columns_print(&c, out);
	kw_retrace_why(r, why);
	g_string_append_c(out, '\n');
	kw_text_fill(out, why->str, KW_WIDTH, "");
	g_string_free(why, TRUE);
}

void kw_retrace_print(const struct kw_retrace *r, const char *replay,
		      GString *out)
{
	bool sample = r->what->property == KW_FINDS_NOTHING;

	g_string_append_printf(out, "\n%s, %s%u moves, %u steps:\n\n",
			       sample ? "a sample execution" : name(r),
			       sample ? "" : "after ", r->what->nr_moves,
			       r->seen->len);
	kw_retrace_excerpt(r, 0, out);
	g_string_append_printf(out, "replay: %s\n", replay);
}

static void put_step(const struct kw_retrace *r, const struct kw_step_seen *s,
		     GString *out)
{
	const struct kw_program *p = r->program;
	const struct kw_src *src = &p->srcs[p->nodes[s->e.node].src];
	GString *text = g_string_new(NULL);
	struct kw_json j;

	kw_step_text(p, s, text);
	kw_json_begin(&j, out, "step");
	kw_json_text(&j, "property", name(r));
	kw_json_text(&j, "actor", p->actors[s->e.actor].name);
	kw_json_text(&j, "path", src->path);
	kw_json_text(&j, "file", src->file);
	kw_json_u64(&j, "line", (uint64_t)src->line);
	kw_json_text(&j, "step", text->str);
	if (s->late)
		kw_json_text(&j, "memory", kw_late_names[s->late]);
	if (s->e.ns >= r->loop_at)
		kw_json_bool(&j, "again", true);
	kw_json_end(&j);
	g_string_free(text, TRUE);
}

void kw_retrace_json(const struct kw_retrace *r, const char *replay,
		     GString *out)
{
	GString *why = g_string_new(NULL);
	struct kw_json j;
	unsigned i;

	for (i = 0; i < r->seen->len; i++) {
		const struct kw_step_seen *s = &g_array_index(
			r->seen, struct kw_step_seen, i);

		if (kw_step_matters(r->program, s))
			put_step(r, s, out);
	}
	kw_retrace_why(r, why);
	kw_json_begin(&j, out, "why");
	kw_json_text(&j, "property", name(r));
	kw_json_u64(&j, "moves", r->what->nr_moves);
	kw_json_text(&j, "why", why->str);
	kw_json_text(&j, "replay", replay);
	kw_json_end(&j);
	g_string_free(why, TRUE);
}
