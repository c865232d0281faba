/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what an actor may touch, at a node and from it on.
 *
 * Invariant: it says too much rather than too little.  A step that touches
 * a place which is not in its actor's set would cost the search states.
 */
#include "footprint.h"
#include "inside.h"
#include "registers.h"

struct analysis {
	struct kw_footprint *f;
	const struct kw_world *w;
	const struct kw_program *p;
	bool *stored;		/* [address]: a reference is stored there */
	bool any_stored;	/* ... somewhere that is not known */
	unsigned a;		/* the actor */
	struct kw_registers regs;
	GArray *nodes;		/* uint16_t: where the actor may stand */
};

unsigned kw_place_header(const struct kw_footprint *f, unsigned actor)
{
	return f->w->p->objects_size + actor;
}

unsigned kw_place_irqs(const struct kw_footprint *f, unsigned actor)
{
	return kw_place_header(f, f->w->p->nr_actors) + actor;
}

static unsigned place_flags(const struct kw_footprint *f, unsigned v)
{
	return kw_place_irqs(f, f->w->p->nr_actors) + v;
}

unsigned kw_place_checks(const struct kw_footprint *f)
{
	return place_flags(f, f->w->nr_vcpus);
}

unsigned kw_place_buffer(const struct kw_footprint *f, unsigned thread)
{
	return kw_place_checks(f) + 1 + thread;
}

/* --- where the actor may stand ----------------------------------------- */

static void find_nodes(struct analysis *s, const struct kw_path_graph *e,
		       bool *seen)
{
	const struct kw_path_graph *to;
	unsigned i, j;

	if (seen[e->entry])
		return;
	seen[e->entry] = true;
	for (i = 0; i < e->nodes->len; i++) {
		uint16_t at = g_array_index(e->nodes, uint16_t, i);
		const struct kw_node *n = &s->p->nodes[at];

		if (!s->f->of[s->a].index[at]) {
			g_array_append_val(s->nodes, at);
			s->f->of[s->a].index[at] = (uint16_t)s->nodes->len;
		}
		for (j = 0; kw_is_call(n) &&
			    (to = kw_callee(s->w->paths, n, j)); j++)
			find_nodes(s, to, seen);
	}
}

/* --- what a node touches ------------------------------------------------ */

static void add(struct kw_touch *t, unsigned place, bool writes)
{
	uint16_t x = (uint16_t)place;

	if (writes)
		g_array_append_val(t->writes, x);
	else
		g_array_append_val(t->reads, x);
}

static void add_bytes(struct kw_touch *t, unsigned addr, unsigned len,
		      bool writes)
{
	for (; len; len--)
		add(t, addr++, writes);
}

/* The field that a label, "vcpu.wq.lock", names. */
static const struct kw_field *field_of(const struct kw_program *p,
				       const char *label,
				       const struct kw_kind **kind)
{
	size_t len;
	unsigned k, f;

	for (k = 0; k < p->nr_kinds; k++) {
		*kind = &p->kinds[k];
		len = strlen((*kind)->name);
		if (strncmp(label, (*kind)->name, len) || label[len] != '.')
			continue;
		for (f = 0; f < (*kind)->nr_fields; f++)
			if (!strcmp((*kind)->fields[f].name, label + len + 1))
				return &(*kind)->fields[f];
	}
	return NULL;
}

/* "list" of "vcpu.wq.list", "x" of "x[1]" */
static size_t last_part(const char **name)
{
	const char *dot = strrchr(*name, '.');

	*name = dot ? dot + 1 : *name;
	return strcspn(*name, "[");
}

/* What a label may be of a structure within others, "swait.list". */
static void add_alike(const struct kw_program *p, const char *label,
		      GArray *all)
{
	size_t len = last_part(&label);
	unsigned o, f;

	for (o = 0; len && o < p->nr_objects; o++) {
		const struct kw_kind *k = &p->kinds[p->objects[o].kind];

		for (f = 0; f < k->nr_fields; f++) {
			const char *name = k->fields[f].name;
			uint16_t addr = (uint16_t)(p->objects[o].addr +
						   k->fields[f].off);

			if (last_part(&name) == len &&
			    !strncmp(name, label, len))
				g_array_append_val(all, addr);
		}
	}
}

/* The addresses that A may be; empty: any. */
static GArray *addresses(const struct analysis *s, unsigned node)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	const struct kw_node *n = &s->p->nodes[node];
	int base = kw_register_at(&s->regs, s->f->of[s->a].index[node] - 1u,
				  n->reg);
	const struct kw_kind *k;
	const struct kw_field *f;
	uint16_t addr;
	unsigned i;

	if (base != KW_REG_VARIES && base != KW_REG_UNSET) {
		addr = (uint16_t)(base + n->off);
		g_array_append_val(all, addr);
		return all;
	}
	f = field_of(s->p, s->p->labels ? s->p->labels[node] : "", &k);
	for (i = 0; f && i < s->p->nr_objects; i++)
		if (&s->p->kinds[s->p->objects[i].kind] == k) {
			addr = (uint16_t)(s->p->objects[i].addr + f->off);
			g_array_append_val(all, addr);
		}
	if (!all->len && s->p->labels)
		add_alike(s->p, s->p->labels[node], all);
	return all;
}

static void add_flags(const struct analysis *s, struct kw_touch *t, int addr)
{
	const struct kw_object *o = addr < 0 ? NULL :
			kw_object_at(s->p, (unsigned)addr);
	unsigned v;

	if (o && s->w->nr_vcpus && o->kind == s->p->oracle.vcpu_kind) {
		add(t, place_flags(s->f, o->index), true);
		return;
	}
	for (v = 0; v < s->w->nr_vcpus; v++)
		add(t, place_flags(s->f, v), true);
}

/* Links of whatever may be on such a list. */
static void touch_links(const struct analysis *s, unsigned node,
			struct kw_touch *t)
{
	const struct kw_node *n = &s->p->nodes[node];
	const struct kw_kind *k;
	const struct kw_field *f = field_of(s->p, s->p->labels ?
					    s->p->labels[node] : "", &k);
	unsigned i;

	if (!f || !f->target) {
		t->all = true;
		return;
	}
	for (i = 0; i < s->p->nr_objects; i++)
		if (!strcmp(s->p->kinds[s->p->objects[i].kind].name,
			    f->target))
			add_bytes(t, s->p->objects[i].addr + n->val, 4, true);
}

static unsigned thread_of(const struct analysis *s, unsigned a)
{
	while (s->p->actors[a].home != a)
		a = s->p->actors[a].home;
	return a;
}

static void touch_handler(const struct analysis *s, unsigned addr, bool writes,
			  struct kw_touch *t)
{
	unsigned h = kw_get16(s->p->init, addr);

	if (s->any_stored || s->stored[addr])
		t->all = true;
	if (!h || t->all)
		return;
	add(t, kw_place_header(s->f, h - 1), writes);
	add(t, kw_place_irqs(s->f, s->p->actors[h - 1].home), false);
	/* Who waits for a handler waits for the stores of its CPU. */
	if (!writes)
		add(t, kw_place_buffer(s->f, thread_of(s, h - 1)), false);
}

/* The bytes that the oracle keeps of a vCPU. */
static void touch_flags(const struct analysis *s, const struct kw_node *n,
			unsigned node, unsigned addr, struct kw_touch *t)
{
	if (n->op == KW_OP_MARK)
		add_flags(s, t, (int)addr);
	if (n->op == KW_OP_WAKE && s->w->opts.per_kick)
		add_flags(s, t, -1);
	if (s->w->node[node] & KW_N_ARCH)
		add_flags(s, t, n->flags & KW_NODE_ARCH_ALL ? -1 : (int)addr);
}

/* The node, where A is addr. */
static void touch_at(const struct analysis *s, const struct kw_node *n,
		     unsigned node, unsigned addr, struct kw_touch *t)
{
	unsigned h = 0;

	switch ((enum kw_op)n->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_AWAIT:
		add_bytes(t, addr, 1, false);
		break;
	case KW_OP_LOAD_REF:
	case KW_OP_IS_LOCKED:
		add_bytes(t, addr, 2, false);
		break;
	case KW_OP_STORE:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		add_bytes(t, addr, 1, true);
		break;
	case KW_OP_STORE_REF:
	case KW_OP_LOCK:
	case KW_OP_UNLOCK:
		add_bytes(t, addr, 2, true);
		break;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		add_bytes(t, addr, 4, true);
		touch_links(s, node, t);
		break;
	case KW_OP_WAKE:
		h = kw_get16(s->p->init, addr + KW_TASK_THREAD);
		/* fall through */
	case KW_OP_DEACTIVATE:
	case KW_OP_SWITCH:
		add_bytes(t, addr, KW_TASK_THREAD, true);
		if (h)
			add(t, kw_place_header(s->f, h - 1), true);
		break;
	case KW_OP_RAISE:
	case KW_OP_UNRAISE:
	case KW_OP_ARM:
	case KW_OP_CANCEL:
		touch_handler(s, addr, true, t);
		break;
	case KW_OP_AWAIT_IDLE:
		touch_handler(s, addr, false, t);
		break;
	case KW_OP_MARK:
		break;
	default:
		t->all = true;
		break;
	}
	touch_flags(s, n, node, addr, t);
}

/* Whether its interrupts are taken: only while its thread is in there. */
static void touch_guest(const struct analysis *s, unsigned thread,
			struct kw_touch *t)
{
	unsigned guest = s->w->guest_of[thread];

	if (guest != KW_NO_ACTOR)
		add(t, kw_place_irqs(s->f, guest), true);
}

/* What does not depend on A. */
static void touch_own(const struct analysis *s, const struct kw_node *n,
		      unsigned node, struct kw_touch *t)
{
	unsigned home = s->p->actors[s->a].home;
	int v = s->w->vcpu_of[s->a];

	switch ((enum kw_op)n->op) {
	case KW_OP_IRQ_OFF:
	case KW_OP_IRQ_ON:
		add(t, kw_place_irqs(s->f, s->a), true);
		break;
	case KW_OP_GUEST_EXIT:
		if (s->p->actors[s->a].type == KW_VIRQ)
			home = s->p->actors[home].home;
		touch_guest(s, home, t);
		add(t, kw_place_irqs(s->f, home), true);
		add(t, kw_place_checks(s->f), true);
		break;
	case KW_OP_GUEST_ENTER:
		touch_guest(s, s->a, t);
		/* fall through */
	case KW_OP_SWITCH:
		add(t, kw_place_irqs(s->f, s->a), true);
		add(t, kw_place_checks(s->f), true);
		if (v >= 0)
			add(t, place_flags(s->f, (unsigned)v), true);
		break;
	case KW_OP_END:
		add(t, kw_place_header(s->f, s->a), true);
		break;
	default:
		break;
	}
	if (s->w->node[node] & KW_N_CHECK)
		add(t, kw_place_checks(s->f), true);
}

static void touch(const struct analysis *s, unsigned node, struct kw_touch *t)
{
	const struct kw_node *n = &s->p->nodes[node];
	GArray *at;
	unsigned i;

	t->reads = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	t->writes = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	touch_own(s, n, node, t);
	if (!(kw_op_uses[n->op] & KW_USES_A) || n->op == KW_OP_LEA ||
	    n->op == KW_OP_REF_EQ || n->op == KW_OP_TIME_LOAD ||
	    n->op == KW_OP_TIME_STORE)
		return;
	at = addresses(s, node);
	t->all |= !at->len;
	for (i = 0; i < at->len; i++)
		if (g_array_index(at, uint16_t, i) + 8u <=
		    s->p->objects_size + 8)
			touch_at(s, n, node, g_array_index(at, uint16_t, i),
				 t);
	g_array_free(at, TRUE);
}

/* --- from there on ------------------------------------------------------ */

static uint64_t *set(const struct kw_footprint *f, uint64_t *of, unsigned i)
{
	return of + (size_t)i * f->words;
}

static bool unite(const struct kw_footprint *f, uint64_t *to,
		  const uint64_t *from)
{
	uint64_t grew = 0;
	unsigned i;

	for (i = 0; i < f->words; i++) {
		grew |= from[i] & ~to[i];
		to[i] |= from[i];
	}
	return grew;
}

static void put(uint64_t *x, unsigned place)
{
	x[place / 64] |= UINT64_C(1) << place % 64;
}

static void begin_sets(const struct kw_footprint *f, struct kw_prints *p)
{
	unsigned i, k;

	for (i = 0; i < p->nr; i++) {
		uint64_t *t = set(f, p->touched, i), *x = set(f, p->written,
							     i);

		if (p->own[i].all) {
			memset(t, 0xff, f->words * sizeof(*t));
			memset(x, 0xff, f->words * sizeof(*x));
		}
		for (k = 0; k < p->own[i].reads->len; k++)
			put(t, g_array_index(p->own[i].reads, uint16_t, k));
		for (k = 0; k < p->own[i].writes->len; k++) {
			put(t, g_array_index(p->own[i].writes, uint16_t, k));
			put(x, g_array_index(p->own[i].writes, uint16_t, k));
		}
	}
}

static bool loads_from(const struct kw_footprint *f, struct kw_prints *p,
		       unsigned i, unsigned node)
{
	unsigned j = p->index[node];

	return j && unite(f, set(f, p->loaded, i), set(f, p->loaded, j - 1));
}

static bool flows_from(const struct kw_footprint *f, struct kw_prints *to,
		       unsigned i, const struct kw_prints *from, unsigned node)
{
	unsigned j = from->index[node];
	bool grew;

	if (!j--)
		return false;
	grew = unite(f, set(f, to->touched, i), set(f, from->touched, j));
	grew |= unite(f, set(f, to->written, i), set(f, from->written, j));
	return grew;
}

static bool is_load(const struct kw_node *n)
{
	return n->op <= KW_OP_LOAD_REF || n->op == KW_OP_CMPXCHG ||
	       n->op == KW_OP_LOCK;
}

/* What each node itself loads, or takes. */
static void begin_loaded(const struct analysis *s, struct kw_prints *p)
{
	unsigned i, k;

	for (i = 0; i < p->nr; i++) {
		const struct kw_touch *own = &p->own[i];
		uint64_t *x = set(s->f, p->loaded, i);

		if (!is_load(&s->p->nodes[g_array_index(s->nodes, uint16_t,
							i)]))
			continue;
		if (own->all)
			memset(x, 0xff, s->f->words * sizeof(*x));
		for (k = 0; k < own->reads->len; k++)
			put(x, g_array_index(own->reads, uint16_t, k));
		for (k = 0; k < own->writes->len; k++)
			put(x, g_array_index(own->writes, uint16_t, k));
	}
}

/* As follow(); what comes after a barrier is not read early. */
static bool follow_loads(const struct analysis *s, struct kw_prints *p,
			 unsigned i)
{
	unsigned node = g_array_index(s->nodes, uint16_t, i), j, k;
	const struct kw_node *n = &s->p->nodes[node];
	const struct kw_path_graph *to;
	bool grew = false;

	if (kw_relaxed_sees_all(n))
		return false;
	for (k = 0; k < kw_nr_next(n); k++)
		grew |= loads_from(s->f, p, i, kw_next(s->p, n, k));
	for (j = 0; kw_is_call(n) && (to = kw_callee(s->w->paths, n, j));
	     j++) {
		grew |= loads_from(s->f, p, i, to->entry);
		for (k = 0; k < to->returns->len; k++)
			grew |= loads_from(s->f, p, p->index[g_array_index(
					to->returns, uint16_t, k)] - 1u,
				kw_after(s->w->paths, n, to, k));
	}
	return grew;
}

static void find_loaded(struct analysis *s, struct kw_prints *p)
{
	bool grew = true;
	unsigned i;

	p->loaded = g_new0(uint64_t, (size_t)p->nr * s->f->words);
	begin_loaded(s, p);
	while (grew)
		for (grew = false, i = p->nr; i-- > 0;)
			grew |= follow_loads(s, p, i);
}

/* A node gets what follows it. */
static bool follow(const struct analysis *s, struct kw_prints *p, unsigned i)
{
	unsigned node = g_array_index(s->nodes, uint16_t, i), j, k;
	const struct kw_node *n = &s->p->nodes[node];
	const struct kw_path_graph *to;
	bool grew = false;

	for (k = 0; k < kw_nr_next(n); k++)
		grew |= flows_from(s->f, p, i, p, kw_next(s->p, n, k));
	for (j = 0; kw_is_call(n) && (to = kw_callee(s->w->paths, n, j));
	     j++) {
		grew |= flows_from(s->f, p, i, p, to->entry);
		/* What comes after the call comes after its returns. */
		for (k = 0; k < to->returns->len; k++) {
			unsigned r = g_array_index(to->returns, uint16_t, k);

			grew |= flows_from(s->f, p, p->index[r] - 1u, p,
					   kw_after(s->w->paths, n, to, k));
		}
	}
	return grew;
}

/* Where a handler's header is written, its handler may run. */
static bool raise_handlers(const struct kw_footprint *f, struct kw_prints *p)
{
	bool grew = false;
	unsigned i, h;

	for (i = 0; i < p->nr; i++)
		for (h = 0; h < f->w->nr_actors; h++)
			if (!f->w->p->actors[h].autostart &&
			    &f->of[h] != p &&
			    kw_place_in(set(f, p->written, i),
					kw_place_header(f, h)))
				grew |= flows_from(f, p, i, &f->of[h],
						   f->w->p->actors[h].entry);
	return grew;
}

static void find_prints(struct analysis *s)
{
	struct kw_prints *p = &s->f->of[s->a];
	bool *seen = g_new0(bool, s->p->nr_nodes), grew = true;
	unsigned i;

	p->index = g_new0(uint16_t, s->p->nr_nodes);
	g_array_set_size(s->nodes, 0);
	find_nodes(s, s->w->paths->at[s->p->actors[s->a].entry], seen);
	g_free(seen);
	kw_registers_find(&s->regs, &s->p->actors[s->a], s->nodes, p->index);
	p->nr = s->nodes->len;
	p->own = g_new0(struct kw_touch, p->nr);
	p->touched = g_new0(uint64_t, (size_t)p->nr * s->f->words);
	p->written = g_new0(uint64_t, (size_t)p->nr * s->f->words);
	for (i = 0; i < p->nr; i++)
		touch(s, g_array_index(s->nodes, uint16_t, i), &p->own[i]);
	begin_sets(s->f, p);
	while (grew)
		for (grew = false, i = p->nr; i-- > 0;)
			grew |= follow(s, p, i);
	if (s->w->memory)
		find_loaded(s, p);
}

/* --- beside them --------------------------------------------------------- */

static void find_checked(struct kw_footprint *f, const struct analysis *s,
			 const struct kw_prints *p)
{
	unsigned i, k, node;

	for (i = 0; i < s->p->nr_nodes; i++) {
		node = p->index[i];
		if (!node || !(s->w->node[i] & KW_N_CHECK))
			continue;
		if (p->own[node - 1].all)
			memset(f->checked, true, s->p->objects_size);
		for (k = 0; k < p->own[node - 1].writes->len; k++)
			f->checked[g_array_index(p->own[node - 1].writes,
						 uint16_t, k)] = true;
	}
}

/* References that are stored: where?  Fields are told apart, objects not. */
static void find_stored(struct analysis *s)
{
	const struct kw_kind *k;
	const struct kw_field *f;
	unsigned i, o;

	for (i = 0; i < s->p->nr_nodes; i++) {
		if (s->p->nodes[i].op != KW_OP_STORE_REF)
			continue;
		f = field_of(s->p, s->p->labels ? s->p->labels[i] : "", &k);
		s->any_stored |= !f;
		for (o = 0; f && o < s->p->nr_objects; o++)
			if (&s->p->kinds[s->p->objects[o].kind] == k)
				s->stored[s->p->objects[o].addr + f->off] =
					true;
	}
	for (i = 0; i < s->p->nr_objects; i++) {
		k = &s->p->kinds[s->p->objects[i].kind];
		for (o = 0; o < k->nr_fields; o++)
			if (k->fields[o].type == KW_LIST ||
			    k->fields[o].type == KW_LINK) {
				s->stored[s->p->objects[i].addr +
					  k->fields[o].off] = true;
				s->stored[s->p->objects[i].addr +
					  k->fields[o].off + 2] = true;
			}
	}
}

struct kw_footprint *kw_footprint_new(const struct kw_world *w)
{
	struct kw_footprint *f = g_new0(struct kw_footprint, 1);
	struct analysis s = { .f = f, .w = w, .p = w->p };
	bool grew = true;
	unsigned a;

	f->w = w;
	f->nr_places = kw_place_buffer(f, w->p->nr_actors);
	f->words = f->nr_places / 64 + 1;
	f->of = g_new0(struct kw_prints, w->p->nr_actors);
	s.stored = g_new0(bool, w->p->objects_size + 8);
	s.nodes = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	find_stored(&s);
	kw_registers_init(&s.regs, w->p, w->paths);
	s.regs.stored = s.stored;
	s.regs.any_stored = s.any_stored;
	for (s.a = 0; s.a < w->nr_actors; s.a++)
		find_prints(&s);
	while (grew)
		for (grew = false, a = 0; a < w->nr_actors; a++)
			grew |= raise_handlers(f, &f->of[a]);
	kw_footprint_stays(f);
	f->checked = g_new0(bool, f->nr_places);
	for (a = 0; a < w->nr_actors; a++)
		find_checked(f, &s, &f->of[a]);
	g_free(s.stored);
	kw_registers_free(&s.regs);
	g_array_free(s.nodes, TRUE);
	return f;
}

void kw_footprint_free(struct kw_footprint *f)
{
	unsigned a, i;

	if (!f)
		return;
	for (a = 0; a < f->w->nr_actors; a++) {
		for (i = 0; i < f->of[a].nr; i++) {
			g_array_free(f->of[a].own[i].reads, TRUE);
			g_array_free(f->of[a].own[i].writes, TRUE);
		}
		g_free(f->of[a].index);
		g_free(f->of[a].own);
		g_free(f->of[a].touched);
		g_free(f->of[a].written);
		g_free(f->of[a].loaded);
	}
	g_free(f->of);
	g_free(f->sticky);
	g_free(f->waits);
	g_free(f->checked);
	g_free(f);
}
