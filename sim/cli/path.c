/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how the way to a witness is shown: its moves are done again, step
 * by step, and the steps become columns, as a replay's do.
 */
#include <string.h>
#include "../machine/step.h"
#include "../oracle/oracle.h"
#include "path.h"

/* Which invariant it is about, or NULL. */
static const struct kw_invariant *invariant_of(const struct kw_path_opts *o)
{
	return o->what < KW_FINDS_INVARIANT ? NULL :
	       &o->program->invariants[o->what - KW_FINDS_INVARIANT];
}

struct again {
	const struct kw_path_opts *o;
	struct kw_recorder recorder;
	uint8_t *s;		/* at last the state that shows it */
	bool last, shown;	/* the last move; it shows already */
	uint8_t *at;		/* ... here, in its middle */
	uint16_t object;	/* of an invariant */
};

/* Of whom invariant v does not hold in g->at. */
static void find_broken(struct again *g, const struct kw_invariant *v,
			const struct kw_done *done, unsigned actor)
{
	const struct kw_program *p = g->o->program;
	unsigned i;

	for (i = 0; i < p->nr_objects && !g->shown; i++) {
		const struct kw_object *o = &p->objects[i];

		if (o->kind != v->kind ||
		    (v->when == KW_WHEN_ENTRY &&
		     (done->effect != KW_EFF_ENTER ||
		      p->actors[actor].object != o->addr)) ||
		    kw_eval(p, g->at, v->entry, o->addr))
			continue;
		g->shown = true;
		g->object = (uint16_t)i;
	}
}

/* A move goes on after the step that broke an invariant: not here. */
static void see_broken(struct again *g, const uint8_t *after, unsigned actor,
		       const struct kw_done *done)
{
	const struct kw_invariant *v = invariant_of(g->o);

	if (!v || v->eventually != KW_EVENTUALLY_NOT)
		return;
	memcpy(g->at, after, g->o->program->state_size);
	find_broken(g, v, done, actor);
}

void kw_path_record(struct kw_recorder *r, const uint8_t *before,
		    const uint8_t *after, unsigned actor,
		    const struct kw_done *done)
{
	const struct kw_program *p = r->program;
	const struct kw_actor_state *st = (const void *)
		(before + p->actors[actor].base);
	const struct kw_node *n = &p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + n->off;
	struct kw_event e = {
		.ns = r->seen->len, .actor = (uint16_t)actor, .node = st->pc,
		.addr = (uint16_t)addr, .cpu = -1, .before = -1, .after = -1,
		.outcome = done->outcome,
	};

	if (addr < p->objects_size) {
		e.before = before[addr];
		e.after = after[addr];
	}
	kw_record(r, &e, after);
}

static void see(void *arg, const uint8_t *before, const uint8_t *after,
		unsigned actor, const struct kw_done *done)
{
	struct again *g = arg;

	if (g->shown)
		return;
	kw_path_record(&g->recorder, before, after, actor, done);
	if (g->last)
		see_broken(g, after, actor, done);
}

static void go(struct again *g)
{
	const struct kw_witness *w = g->o->witness;
	struct kw_seen_by_move seen;
	unsigned i;

	kw_world_start(g->o->world, g->s);
	for (i = 0; i < w->nr_moves; i++) {
		g->last = i + 1 == w->nr_moves;
		kw_world_watch(g->o->world, g->s, &w->moves[i], &seen, see, g);
	}
	if (g->shown)
		memcpy(g->s, g->at, g->o->program->state_size);
}

/* Which object makes SPEC true for the vCPU in the last state. */
static uint16_t cause_of(struct again *g, const struct kw_object *vcpu)
{
	struct kw_oracle *oracle = kw_oracle_new(g->o->program);
	uint16_t cause;

	kw_oracle_reset(oracle, g->s);
	cause = oracle->vcpus[vcpu->index].cause;
	kw_oracle_free(oracle);
	return cause;
}

static char *failure(const struct kw_path_opts *o)
{
	const struct kw_witness *w = o->witness;
	GString *s;

	if (o->what == KW_FINDS_FAILED && w->message == KW_FAIL_NULL)
		return g_strdup("a NULL reference is followed");
	if (o->what == KW_FINDS_FAILED && w->message == KW_FAIL_RELOCK)
		return g_strdup("a lock is taken twice");
	if (o->what == KW_FINDS_FAILED)
		return g_strdup(o->program->messages[w->message]);
	s = g_string_new(o->program->actors[w->actor].name);
	g_string_append(s, " waits for ");
	kw_address_name(o->program, w->addr, s);
	g_string_append(s, " for ever");
	return g_string_free(s, FALSE);
}

static void put_why(struct again *g, GString *why)
{
	const struct kw_path_opts *o = g->o;
	const struct kw_step_seen *seen = (const void *)g->recorder.seen->data;
	struct kw_reached r = { .spurious = o->what == KW_FINDS_SPURIOUS };
	const struct kw_object *vcpu;
	char *text = NULL;

	if (o->what == KW_FINDS_FAILED || o->what == KW_FINDS_DEADLOCK) {
		r.failure = text = failure(o);
	} else if (invariant_of(o)) {
		r.invariant = invariant_of(o);
		r.vcpu = g->object;
		r.state = g->s;
	} else {
		vcpu = kw_world_vcpu(o->world, (unsigned)o->witness->vcpu);
		r.vcpu = (uint16_t)(vcpu - o->program->objects);
		r.cause = cause_of(g, vcpu);
	}
	kw_why_reached(o->program, &r, seen, g->recorder.seen->len, why);
	g_free(text);
}

static const char *name(const struct again *g)
{
	return kw_property_name(g->o->program, g->o->what);
}

static void put_steps(const struct again *g, GString *out)
{
	const struct kw_program *p = g->o->program;
	GString *text = g_string_new(NULL);
	struct kw_json j;
	unsigned i;

	for (i = 0; i < g->recorder.seen->len; i++) {
		const struct kw_step_seen *s = &g_array_index(
			g->recorder.seen, struct kw_step_seen, i);
		const struct kw_src *src = &p->srcs[p->nodes[s->e.node].src];

		if (!kw_step_matters(p, s))
			continue;
		g_string_truncate(text, 0);
		kw_step_text(p, s, text);
		kw_json_begin(&j, out, "step");
		kw_json_text(&j, "property", name(g));
		kw_json_text(&j, "actor", p->actors[s->e.actor].name);
		kw_json_text(&j, "path", src->path);
		kw_json_text(&j, "file", src->file);
		kw_json_u64(&j, "line", (uint64_t)src->line);
		kw_json_text(&j, "step", text->str);
		kw_json_end(&j);
	}
	g_string_free(text, TRUE);
}

static void put_text(struct again *g, GString *out)
{
	const struct kw_columns c = {
		.program = g->o->program, .vcpu = -1, .untimed = true,
		.seen = (const void *)g->recorder.seen->data,
		.nr_seen = g->recorder.seen->len, .to_ns = UINT64_MAX,
	};
	GString *why = g_string_new("why: ");

	g_string_append_printf(out, "\n%s, after %u moves, %u steps:\n\n",
			       name(g),
			       g->o->witness->nr_moves,
			       g->recorder.seen->len);
	kw_columns_print(&c, out);
	put_why(g, why);
	g_string_append_c(out, '\n');
	kw_text_fill(out, why->str, KW_WIDTH, "");
	g_string_append_printf(out, "replay: %s\n", g->o->replay);
	g_string_free(why, TRUE);
}

static void put_json(struct again *g, GString *out)
{
	GString *why = g_string_new(NULL);
	struct kw_json j;

	put_steps(g, out);
	put_why(g, why);
	kw_json_begin(&j, out, "why");
	kw_json_text(&j, "property", name(g));
	kw_json_u64(&j, "moves", g->o->witness->nr_moves);
	kw_json_text(&j, "why", why->str);
	kw_json_text(&j, "replay", g->o->replay);
	kw_json_end(&j);
	g_string_free(why, TRUE);
}

void kw_cli_path(const struct kw_path_opts *o, GString *out)
{
	struct again g = {
		.o = o, .object = o->witness->object,
		.recorder.program = o->program,
		.recorder.seen = g_array_new(FALSE, FALSE,
					     sizeof(struct kw_step_seen)),
		.s = g_malloc0(kw_world_size(o->world)),
		.at = g_malloc0(o->program->state_size),
	};

	go(&g);
	if (o->json)
		put_json(&g, out);
	else
		put_text(&g, out);
	g_array_free(g.recorder.seen, TRUE);
	g_free(g.s);
	g_free(g.at);
}
