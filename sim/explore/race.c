/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether two accesses to a variable that is declared guarded race:
 * both may be next, one of them writes, and one is plain.  Where no two are
 * ever next to each other, a lock or something like it orders them.  What
 * follows a race is what would if the two were marked.
 *
 * Folding hides no race: what is folded as guarded by a lock, or as one
 * actor's own, is so at every access, or the search begins again.
 */
#include "inside.h"

static bool is_write(const struct kw_node *n)
{
	return n->op >= KW_OP_STORE;
}

static bool is_plain(const struct kw_node *n)
{
	const unsigned marked = KW_NODE_ONCE | KW_NODE_ACQUIRE |
				KW_NODE_RELEASE;

	/* test_bit() and the atomics are marked. */
	return !(n->flags & marked) && n->op <= KW_OP_STORE_REF &&
	       n->op != KW_OP_LOAD_MASK;
}

unsigned kw_world_access(const struct kw_world *w,
			 const struct kw_actor_state *st)
{
	const struct kw_node *n = &w->p->nodes[st->pc];
	unsigned base = st->regs[n->reg], A = base + n->off;

	if (!w->guarded || !(w->node[st->pc] & KW_N_GUARDED) ||
	    (!base && n->reg) || !w->guarded[A])
		return 0;
	return A;
}

bool kw_world_conflict(const struct kw_world *w, unsigned node, unsigned with)
{
	const struct kw_node *a = &w->p->nodes[node];
	const struct kw_node *b = &w->p->nodes[with];

	return (is_write(a) || is_write(b)) && (is_plain(a) || is_plain(b));
}

bool kw_world_races(const struct kw_world *w, const uint8_t *s, unsigned a)
{
	unsigned A, b;

	A = w->guarded ? kw_world_access(w, kw_block(w, s, a)) : 0;
	if (!A)
		return false;
	for (b = 0; b < w->nr_actors; b++)
		if (b != a && kw_world_can_step(w, s, b) &&
		    kw_world_access(w, kw_block(w, s, b)) == A &&
		    kw_world_conflict(w, kw_block(w, s, a)->pc,
				      kw_block(w, s, b)->pc))
			return true;
	return false;
}

static bool find_guarded(struct kw_world *w)
{
	const struct kw_program *p = w->p;
	bool any = false;
	unsigned o, f;

	w->guarded = g_new0(bool, p->objects_size + 8);
	for (o = 0; o < p->nr_objects; o++) {
		const struct kw_kind *k = &p->kinds[p->objects[o].kind];

		for (f = 0; f < k->nr_fields; f++)
			if (k->fields[f].guarded) {
				any = true;
				w->guarded[p->objects[o].addr +
					   k->fields[f].off] = true;
			}
	}
	return any;
}

/* The last part of a name: "active" of "irq33.active". */
static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

/* May node i access a guarded field, by what its field is called? */
static bool may_access(const struct kw_world *w, unsigned i)
{
	const char *label = w->p->labels ? w->p->labels[i] : "";
	unsigned k, f;

	if (w->p->nodes[i].op > KW_OP_CMPXCHG)
		return false;
	for (k = 0; *label && k < w->p->nr_kinds; k++)
		for (f = 0; f < w->p->kinds[k].nr_fields; f++) {
			const struct kw_field *x = &w->p->kinds[k].fields[f];

			if (x->guarded && !strcmp(last_part(x->name),
						  last_part(label)))
				return true;
		}
	return !*label;
}

void kw_races_init(struct kw_world *w)
{
	unsigned i;

	if (!find_guarded(w)) {
		g_clear_pointer(&w->guarded, g_free);
		return;
	}
	for (i = 0; i < w->p->nr_nodes; i++)
		if (may_access(w, i))
			w->node[i] |= KW_N_GUARDED;
}
