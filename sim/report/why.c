/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what to say about a run that went wrong: which wait, since when
 * something was deliverable, and which loads of the kernel's predicate let
 * the vCPU sleep (or enter its guest for nothing).
 *
 * The predicate's operands are found without knowing its name: they are the
 * loads of the vCPU's thread between setting its task's state and leaving
 * the run queue (missed, late) or the verdict (spurious).  A verdict of halt
 * polling, which does not set the state, is told by its last load.
 */
#include <string.h>
#include "../machine/machine.h"
#include "../oracle/oracle.h"
#include "report.h"

#define MAX_LOADS 12

const struct kw_episode *kw_worst_episode(const struct kw_result *r)
{
	static const uint8_t order[] = {
		KW_CLASS_MISSED, KW_CLASS_LATE, KW_CLASS_SPURIOUS,
	};
	unsigned c, i;

	for (c = 0; c < G_N_ELEMENTS(order); c++)
		for (i = 0; i < r->nr_episodes; i++)
			if (r->episodes[i].class == order[c])
				return &r->episodes[i];
	return NULL;
}

struct search {
	const struct kw_program *p;
	const struct kw_step_seen *seen;
	unsigned nr;
	unsigned thread;		/* actor number */
};

static unsigned op_of(const struct search *f, unsigned i)
{
	return f->p->nodes[f->seen[i].e.node].op;
}

static bool thread_of(struct search *f, unsigned vcpu)
{
	const struct kw_object *o = &f->p->objects[vcpu];
	unsigned a;

	for (a = 0; a < f->p->nr_actors; a++) {
		if (f->p->actors[a].type == KW_THREAD &&
		    f->p->actors[a].object == o->addr) {
			f->thread = a;
			return true;
		}
	}
	return false;
}

/* The last step of the thread with that op up to time ns, or -1. */
static int last_op(const struct search *f, unsigned op, int outcome,
		   uint64_t ns)
{
	unsigned i;

	for (i = f->nr; i--;)
		if (f->seen[i].e.actor == f->thread && op_of(f, i) == op &&
		    f->seen[i].e.ns <= ns &&
		    (outcome < 0 || f->seen[i].e.outcome == (unsigned)outcome))
			return (int)i;
	return -1;
}

static bool sets_task_state(const struct search *f, unsigned i)
{
	GString *name;
	bool is;

	if (op_of(f, i) != KW_OP_STORE || f->seen[i].late == KW_LATE_DRAIN)
		return false;
	name = g_string_new(NULL);
	kw_address_name(f->p, f->seen[i].e.addr, name);
	is = g_str_has_suffix(name->str, "task.state");
	g_string_free(name, TRUE);
	return is;
}

static const char *path_of(const struct search *f, unsigned i)
{
	const char *path = f->p->srcs[f->p->nodes[f->seen[i].e.node].src].path;

	return path ? path : "";
}

/* Nothing was tested after the task was marked: what was seen before? */
static void put_last_load(const struct search *f, unsigned begin,
			  GString *out)
{
	unsigned i = begin;

	g_string_append(out, "tested nothing after its task was marked "
			"sleeping");
	while (i && !(f->seen[i].e.actor == f->thread &&
		      kw_step_is_load(f->p, &f->seen[i])))
		i--;
	if (!i)
		return;
	g_string_append(out, " (that anybody changes in this scenario). What "
			"it saw last, before that: ");
	kw_step_text(f->p, &f->seen[i], out);
	g_string_append_printf(out, ", in %s()", path_of(f, i));
}

/* Where the thread set its task's state last, up to step i; or 0. */
static unsigned state_set(const struct search *f, unsigned i)
{
	while (i && !(f->seen[i].e.actor == f->thread &&
		      sets_task_state(f, i)))
		i--;
	return i;
}

/* The loads from step begin to step end, path by path. */
static void put_loads(const struct search *f, unsigned begin, unsigned end,
		      GString *out)
{
	const char *path = NULL;
	unsigned i, nr = 0;

	for (i = begin; i < end; i++) {
		if (f->seen[i].e.actor != f->thread ||
		    !kw_step_is_load(f->p, &f->seen[i]))
			continue;
		if (nr++ == MAX_LOADS) {
			g_string_append(out, ", ...");
			return;
		}
		if (!path || strcmp(path, path_of(f, i))) {
			g_string_append_printf(out, "%s%s(): ",
					       path ? "; " : "seen in ",
					       path_of(f, i));
			path = path_of(f, i);
		} else {
			g_string_append(out, ", ");
		}
		kw_step_text(f->p, &f->seen[i], out);
	}
	if (!nr)
		put_last_load(f, begin, out);
}

static void explain_sleep(const struct search *f, const struct kw_episode *e,
			  GString *out)
{
	char a[KW_NS_TEXT], b[KW_NS_TEXT];
	const char *vcpu = f->p->objects[e->vcpu].name;
	const char *cause = f->p->objects[e->cause].name;
	uint64_t until = e->class == KW_CLASS_MISSED || e->left == KW_NEVER_NS ?
		e->end : e->left;
	int sleep = last_op(f, KW_OP_DEACTIVATE, 1, until);

	if (e->class == KW_CLASS_MISSED)
		g_string_append_printf(out, "%s sleeps, and nobody wakes it "
			"until the run ends at %s, although ", vcpu,
			kw_ns_text(e->end, a));
	else
		g_string_append_printf(out, "%s left its sleep at %s, too "
			"late: ", vcpu, kw_ns_text(until, a));
	if (e->cause != e->vcpu)
		g_string_append_printf(out, "%s is deliverable since %s. ",
				       cause, kw_ns_text(e->deliverable, b));
	else
		g_string_append_printf(out, "%s since %s. ",
				       e->uninterruptible ? "it may run" :
				       "an input of its own is deliverable",
				       kw_ns_text(e->deliverable, b));
	if (e->woken != KW_NEVER_NS)
		g_string_append_printf(out, "It was last woken at %s. ",
				       kw_ns_text(e->woken, a));
	else
		g_string_append(out, "Nobody woke it. ");
	if (sleep < 0)
		return;
	g_string_append_printf(out, "It last went to sleep at %s, having ",
			       kw_ns_text(f->seen[sleep].e.ns, a));
	put_loads(f, state_set(f, (unsigned)sleep), (unsigned)sleep, out);
	g_string_append_c(out, '.');
}

/*
 * What the thread saw before the verdict, step i: since it set its task's
 * state; or last, where it has marked something since (it polls, or a timer
 * ended the wait).
 */
static void put_last_seen(const struct search *f, int i, GString *out)
{
	unsigned begin, k, last = 0;

	if (i < 0)
		return;
	begin = state_set(f, (unsigned)i);
	for (k = begin; k < (unsigned)i; k++) {
		if (f->seen[k].e.actor != f->thread)
			continue;
		if (op_of(f, k) == KW_OP_MARK)
			begin = 0;
		if (kw_step_is_load(f->p, &f->seen[k]))
			last = k;
	}
	if (!last)
		return;
	g_string_append(out, " It ended the wait having ");
	put_loads(f, begin ? begin : last, (unsigned)i, out);
	g_string_append_c(out, '.');
}

static void explain_spurious(const struct search *f,
			     const struct kw_episode *e, GString *out)
{
	char a[KW_NS_TEXT], b[KW_NS_TEXT];

	g_string_append_printf(out, "%s ended its wait at %s and entered its "
		"guest at %s with nothing deliverable.",
		f->p->objects[e->vcpu].name, kw_ns_text(e->left, a),
		kw_ns_text(e->end, b));
	put_last_seen(f, last_op(f, KW_OP_MARK, -1, e->left), out);
}

/* SPEC holds of the vCPU by itself: it waits no longer, or for its inputs. */
static void own_cause(const struct kw_program *p, const struct kw_reached *r,
		      GString *out)
{
	uint16_t addr = p->objects[r->vcpu].addr, entry = p->oracle.pending;
	uint8_t *s = g_memdup2(r->state, p->state_size);

	if (kw_eval(p, s, p->oracle.waits, addr) == KW_WAITS_NOT)
		entry = p->oracle.waits;
	g_string_append(out, entry == p->oracle.waits ? "it may run: " :
			"an input of its own is deliverable: ");
	kw_operands(p, r->state, entry, addr, out);
	g_string_append(out, ". ");
	g_free(s);
}

static void reached_sleep(const struct search *f, const struct kw_reached *r,
			  GString *out)
{
	int sleep = last_op(f, KW_OP_DEACTIVATE, 1, UINT64_MAX);

	g_string_append_printf(out, "%s sleeps, and nothing that must happen "
			       "wakes it, although ",
			       f->p->objects[r->vcpu].name);
	if (r->cause != r->vcpu)
		g_string_append_printf(out, "%s is deliverable. ",
				       f->p->objects[r->cause].name);
	else
		own_cause(f->p, r, out);
	if (sleep < 0)
		return;
	g_string_append(out, "It went to sleep having ");
	put_loads(f, state_set(f, (unsigned)sleep), (unsigned)sleep, out);
	g_string_append_c(out, '.');
}

/* The last step of the thread that marks the predicate's verdict, or -1. */
static int last_verdict(const struct search *f)
{
	unsigned i;

	for (i = f->nr; i--;)
		if (f->seen[i].e.actor == f->thread &&
		    op_of(f, i) == KW_OP_MARK &&
		    !strcmp(f->p->marks[f->p->nodes[f->seen[i].e.node].val],
			    "verdict"))
			return (int)i;
	return -1;
}

/* "in the guest, it has to hold sooner or later, and never will" */
static void reached_invariant(const struct kw_program *p,
			      const struct kw_reached *r, GString *out)
{
	static const char *const when[KW_NR_WHENS] = {
		[KW_WHEN_ENTRY] = " as it enters its guest",
		[KW_WHEN_GUEST] = " while it is in its guest",
		[KW_WHEN_ASLEEP] = " while it sleeps",
	};
	static const char *const lasts[KW_NR_EVENTUALLYS] = {
		[KW_EVENTUALLY_ANY] = ", and nothing that must happen "
				      "changes that",
		[KW_EVENTUALLY_HOST] = ", and unless the guest leaves by "
				       "itself or a timer expires nothing "
				       "changes that",
	};
	const struct kw_invariant *v = r->invariant;

	g_string_append_printf(out, "%s does not hold of %s%s%s. It says: "
			       "%s. It has read: ", v->name,
			       p->objects[r->vcpu].name,
			       when[v->when] ? when[v->when] : "",
			       lasts[v->eventually] ? lasts[v->eventually] :
						      "", v->about);
	kw_operands(p, r->state, v->entry, p->objects[r->vcpu].addr, out);
	g_string_append_c(out, '.');
}

void kw_why_reached(const struct kw_program *p, const struct kw_reached *r,
		    const struct kw_step_seen *seen, unsigned nr_seen,
		    GString *out)
{
	struct search f = { .p = p, .seen = seen, .nr = nr_seen };

	if (r->failure)
		g_string_append_printf(out, "%s.", r->failure);
	if (r->invariant)
		reached_invariant(p, r, out);
	if (r->failure || r->invariant || !thread_of(&f, r->vcpu))
		return;
	if (!r->spurious) {
		reached_sleep(&f, r, out);
		return;
	}
	g_string_append_printf(out, "%s ended its wait and entered its guest "
			       "with nothing deliverable.",
			       p->objects[r->vcpu].name);
	put_last_seen(&f, last_verdict(&f), out);
}

void kw_why(const struct kw_program *p, const struct kw_result *r,
	    const struct kw_step_seen *seen, unsigned nr_seen, GString *out)
{
	const struct kw_episode *e = kw_worst_episode(r);
	struct search f = { .p = p, .seen = seen, .nr = nr_seen };
	char ns[KW_NS_TEXT];

	if (r->failure)
		g_string_append_printf(out, "failed at %s: %s. ",
				       kw_ns_text(r->failure_ns, ns),
				       r->failure);
	if (!e || !thread_of(&f, e->vcpu)) {
		if (!r->failure && !r->counts.exposures)
			g_string_append(out, "nothing could have been missed: "
					"the run is vacuous.");
		else if (!r->failure)
			g_string_append(out, "every wait ended for something, "
					"in time.");
		return;
	}
	if (e->class == KW_CLASS_SPURIOUS)
		explain_spurious(&f, e, out);
	else
		explain_sleep(&f, e, out);
}
