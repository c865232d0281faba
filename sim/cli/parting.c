/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what "the same" is for two kernels: each actor changes the same
 * shared state, in the same order among all actors.
 *
 * The other one follows, move by move of the explorer.  When the leader's
 * move changes something, the follower's actor goes on until it has changed
 * something, too, which must be the same; a store to a field that nobody
 * reads under one of them is passed over.  When it changes nothing (a load, a
 * lock), the follower makes one move, if that changes nothing either: both
 * have then looked, at whatever they look at, before anybody goes on.
 */
#include <string.h>
#include "parting.h"
#include "retrace.h"

#define MAX_MOVES	200	/* of one actor, to its next change */
#define AFTERWARDS	8	/* of the follower, shown after the parting */

struct follow {
	const struct kw_world *w;
	const struct kw_program *lead, *p;
	struct kw_recorder r;
	uint8_t *s;
	uint32_t size;
	unsigned *done;		/* [actor]: steps before are compared */
	const char *wanted;	/* what the leader did first, in words */
};

/* A store that waits is told as it will be: the other one may not wait. */
static void record(void *arg, const uint8_t *before, const uint8_t *after,
		   unsigned actor, const struct kw_done *done)
{
	const struct kw_recorder *r = arg;
	struct kw_step_seen *s;
	const struct kw_node *n;

	kw_path_record(arg, before, after, actor, done);
	s = &g_array_index(r->seen, struct kw_step_seen, r->seen->len - 1);
	n = &r->program->nodes[s->e.node];
	if (n->op == KW_OP_STORE && s->e.addr < r->program->objects_size)
		s->e.after = n->val;
}

static const struct kw_step_seen *step_at(const GArray *seen, unsigned i)
{
	return &g_array_index(seen, struct kw_step_seen, i);
}

/* The actor of that name in the other program, or -1. */
static int same_actor(const struct kw_program *p, const char *name)
{
	unsigned i;

	for (i = 0; i < p->nr_actors; i++)
		if (!strcmp(p->actors[i].name, name))
			return (int)i;
	return -1;
}

static void words(const struct kw_program *p, const GArray *seen, unsigned i,
		  GString *out)
{
	g_string_truncate(out, 0);
	kw_step_text(p, step_at(seen, i), out);
}

void kw_parting_text(const struct kw_parting *part, unsigned k, unsigned i,
		     GString *out)
{
	kw_step_text(part->p[k], step_at(part->seen[k], i), out);
}

static bool is_store(unsigned op)
{
	return op == KW_OP_STORE || op == KW_OP_STORE_REF ||
	       op == KW_OP_SET_MASK || op == KW_OP_CLEAR_MASK;
}

/* Does anybody read, in the other program, what this step of p stores? */
static bool is_read(const struct kw_program *p, const struct kw_step_seen *s,
		    const struct kw_program *other)
{
	unsigned i;

	if (!is_store(p->nodes[s->e.node].op))
		return true;
	for (i = 0; i < other->nr_nodes; i++)
		if (!is_store(other->nodes[i].op) &&
		    !strcmp(other->labels[i], p->labels[s->e.node]))
			return true;
	return false;
}

/*
 * A change of p that concerns somebody in both programs.  Where stores may wait
 * memory does not tell what one changes: each is a change then.
 */
static bool is_change(const struct follow *f, const struct kw_program *p,
		      const struct kw_step_seen *s,
		      const struct kw_program *other)
{
	bool store = kw_world_is_weak(f->w) &&
		     p->nodes[s->e.node].op == KW_OP_STORE;

	return (store || kw_step_matters(p, s)) && !kw_step_is_load(p, s) &&
	       is_read(p, s, p) && is_read(p, s, other);
}

/* The next change of a that was not compared yet, or -1. */
static int next_change(struct follow *f, unsigned a)
{
	unsigned i;

	for (i = f->done[a]; i < f->r.seen->len; i++) {
		const struct kw_step_seen *s = step_at(f->r.seen, i);

		if (s->e.actor == a && is_change(f, f->p, s, f->lead))
			return (int)i;
	}
	f->done[a] = i;
	return -1;
}

/*
 * A move of actor a; false: it has none.  Of several (a value that it may
 * read, a choice) the one that begins as the leader's did.
 */
static bool move(struct follow *f, unsigned type, unsigned a)
{
	struct kw_move moves[KW_MAX_MOVES];
	unsigned n = kw_world_moves(f->w, f->s, moves), i;
	unsigned was = f->r.seen->len;
	uint8_t *before = g_memdup2(f->s, f->size);
	GString *text = g_string_new(NULL);
	struct kw_seen_by_move seen;
	int chosen = -1;
	bool same = false;

	for (i = 0; i < n && !same; i++) {
		if (moves[i].type != type || moves[i].actor != a)
			continue;
		kw_world_watch(f->w, f->s, &moves[i], &seen, record, &f->r);
		if (f->r.seen->len > was)
			words(f->p, f->r.seen, was, text);
		same = f->wanted && !strcmp(text->str, f->wanted);
		if (chosen < 0 || same)
			chosen = (int)i;
		g_array_set_size(f->r.seen, was);
		memcpy(f->s, before, f->size);
	}
	if (chosen >= 0)
		kw_world_watch(f->w, f->s, &moves[chosen], &seen, record,
			       &f->r);
	g_free(before);
	g_string_free(text, TRUE);
	return chosen >= 0;
}

/* A step of actor a; where it waits for a store of its CPU's, that drains. */
static bool step(struct follow *f, unsigned a)
{
	return move(f, KW_STEP, a) ||
	       move(f, KW_FLOW, kw_world_flows_as(f->w, a));
}

/* One move that changes nothing, if that is what comes next. */
static void look(struct follow *f, unsigned a)
{
	uint8_t *before = g_memdup2(f->s, f->size);
	unsigned was = f->r.seen->len;

	if (next_change(f, a) < 0 && step(f, a) &&
	    next_change(f, a) >= 0) {
		memcpy(f->s, before, f->size);
		g_array_set_size(f->r.seen, was);
		f->done[a] = MIN(f->done[a], was);
	}
	g_free(before);
}

/* Makes the change that step i of the leader's was, or parts. */
static bool follow_change(struct follow *f, struct kw_parting *part,
			  unsigned i)
{
	const struct kw_step_seen *s = step_at(part->seen[0], i);
	int a = same_actor(f->p, f->lead->actors[s->e.actor].name), at = -1;
	GString *ours = g_string_new(NULL), *theirs = g_string_new(NULL);
	unsigned n;
	bool same = false;

	part->actor = s->e.actor;
	part->at[0] = i;
	for (n = 0; a >= 0 && n < MAX_MOVES; n++) {
		at = next_change(f, (unsigned)a);
		if (at >= 0 || !step(f, (unsigned)a))
			break;
	}
	part->stuck = at < 0;
	if (at >= 0) {
		part->at[1] = (unsigned)at;
		f->done[a] = (unsigned)at + 1;
		words(f->p, f->r.seen, (unsigned)at, ours);
		words(f->lead, part->seen[0], i, theirs);
		same = !strcmp(ours->str, theirs->str);
	}
	g_string_free(ours, TRUE);
	g_string_free(theirs, TRUE);
	return same;
}

/* A little further than the parting. */
static void afterwards(struct follow *f, unsigned a)
{
	unsigned until = f->r.seen->len + AFTERWARDS, n;

	for (n = 0; n < MAX_MOVES && f->r.seen->len < until; n++)
		if (!step(f, a))
			return;
}

/* The rest of the leader's way, for whoever shows it. */
static void finish(const struct kw_explored *x, enum kw_property p,
		   unsigned next, uint8_t *s, struct kw_recorder *r)
{
	struct kw_seen_by_move seen;

	for (; next < x->res.of[p].nr_moves; next++)
		kw_world_watch(x->world, s, &x->res.of[p].moves[next], &seen,
			       record, r);
}

/* One move of the leader's; false: the follower parted. */
static bool lead(struct follow *f, struct kw_parting *part,
		 const struct kw_explored *x, uint8_t *s,
		 const struct kw_move *m)
{
	struct kw_recorder r = { .program = f->lead, .seen = part->seen[0] };
	int a = same_actor(f->p, f->lead->actors[m->actor].name);
	GString *first = g_string_new(NULL);
	unsigned i = part->seen[0]->len;
	struct kw_seen_by_move seen;
	bool same = a >= 0, changes = false;

	kw_world_watch(x->world, s, m, &seen, record, &r);
	if (part->seen[0]->len > i)
		words(f->lead, part->seen[0], i, first);
	f->wanted = first->str;
	part->actor = m->actor;
	part->at[0] = i ? i - 1 : 0;
	/* A store that the follower did not make has no need to drain. */
	if (same && m->type != KW_STEP)
		same = move(f, m->type, (unsigned)a) || m->type == KW_FLOW;
	part->stuck = !same;
	for (; same && i < part->seen[0]->len; i++)
		if (is_change(f, f->lead, step_at(part->seen[0], i), f->p)) {
			changes = true;
			same = follow_change(f, part, i);
		}
	if (same && !changes && m->type == KW_STEP)
		look(f, (unsigned)a);
	g_string_free(first, TRUE);
	f->wanted = NULL;
	return same;
}

/* Whatever the leader does from here, in one order. */
static void go_on(struct follow *f, struct kw_parting *part,
		  const struct kw_explored *x, uint8_t *s)
{
	struct kw_move moves[KW_MAX_MOVES];
	unsigned n, i, k;

	for (n = 0; n < MAX_MOVES && !part->parted; n++) {
		k = kw_world_moves(x->world, s, moves);
		for (i = 0; i < k && moves[i].slow; i++)
			;
		if (i == k)
			return;
		part->parted = !lead(f, part, x, s, &moves[i]);
	}
}

/*
 * Nothing wakes the leader's sleeper any more, whatever is done.  When it has
 * been done: what does the follower do beyond that?
 */
static void go_beyond(struct follow *f, struct kw_parting *part,
		      const struct kw_explored *x, uint8_t *s)
{
	unsigned i, n;
	int a, at = -1;

	go_on(f, part, x, s);
	if (part->parted)
		return;

	for (i = 0; i < f->lead->nr_actors && at < 0; i++) {
		a = same_actor(f->p, f->lead->actors[i].name);
		for (n = 0; a >= 0 && n < MAX_MOVES; n++) {
			at = next_change(f, (unsigned)a);
			if (at >= 0 || !step(f, (unsigned)a))
				break;
		}
		if (at < 0)
			continue;
		part->parted = part->ended = true;
		part->stuck = false;
		part->actor = i;
		part->at[1] = (unsigned)at;
	}
}

static void begin(struct follow *f, struct kw_parting *part,
		  const struct kw_explored *x, const struct kw_explored *other)
{
	unsigned k;

	memset(part, 0, sizeof(*part));
	for (k = 0; k < 2; k++)
		part->seen[k] = g_array_new(FALSE, FALSE,
					    sizeof(struct kw_step_seen));
	f->w = other->world;
	part->p[0] = f->lead = x->scenario->program;
	part->p[1] = f->p = f->r.program = other->scenario->program;
	f->r.seen = part->seen[1];
	f->size = kw_world_size(f->w);
	f->s = g_malloc0(f->size);
	f->done = g_new0(unsigned, f->p->nr_actors);
	kw_world_watch_start(f->w, f->s, record, &f->r);
}

/*
 * What is done before anybody's first move; what that is, is not the same for
 * both.
 */
static bool lead_start(struct follow *f, struct kw_parting *part,
		       const struct kw_explored *x, uint8_t *s)
{
	struct kw_recorder r = { .program = f->lead, .seen = part->seen[0] };
	bool same = true;
	unsigned i;

	kw_world_watch_start(x->world, s, record, &r);
	for (i = 0; same && i < part->seen[0]->len; i++)
		if (is_change(f, f->lead, step_at(part->seen[0], i), f->p))
			same = follow_change(f, part, i);
	return same;
}

void kw_part(const struct kw_explored *x, enum kw_property p,
	     const struct kw_explored *other, struct kw_parting *part)
{
	const struct kw_witness *way = &x->res.of[p];
	uint8_t *s = g_malloc0(kw_world_size(x->world));
	struct kw_recorder r = { .program = x->scenario->program };
	struct follow f = { .wanted = NULL };
	unsigned m;
	int a;

	begin(&f, part, x, other);
	r.seen = part->seen[0];
	part->parted = !lead_start(&f, part, x, s);
	for (m = 0; m < way->nr_moves && !part->parted; m++)
		part->parted = !lead(&f, part, x, s, &way->moves[m]);
	finish(x, p, m, s, &r);
	if (!part->parted && (p == KW_FINDS_MISSED || p == KW_FINDS_DEADLOCK))
		go_beyond(&f, part, x, s);
	a = same_actor(f.p, f.lead->actors[part->actor].name);
	if (part->parted && a >= 0)
		afterwards(&f, (unsigned)a);
	g_free(f.done);
	g_free(f.s);
	g_free(s);
}

void kw_parting_free(struct kw_parting *part)
{
	g_array_free(part->seen[0], TRUE);
	g_array_free(part->seen[1], TRUE);
}
