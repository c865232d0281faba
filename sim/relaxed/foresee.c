/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what may come before the next barrier, over the whole program.
 *
 *	local(n)	from n to the end of n's path, calls included
 *	context(e)	after path e returns, whoever called it
 *
 * A path says, beside what comes, whether its end can come without a barrier;
 * only then does what follows it count.
 */
#include <string.h>
#include "../machine/step.h"
#include "foresee.h"
#include "relaxed.h"


/* What may come before a barrier. */
struct before {
	struct kw_foreseen what;
	bool passes;		/* RETURN or END */
};

/* What a node is to that question. */
struct part {
	struct kw_foreseen what;
	bool closes, leaves;
};

struct kw_foresee {
	const struct kw_program *p;
	struct kw_paths *paths;
	GHashTable *names;		/* last part: class + 1 */
	int16_t *class_of;		/* [node], -1: any */
	struct part *parts;		/* [node], of the question asked last */
	struct before *loads, *open, *later, *many;	/* [node], answers */
	bool *acts;			/* [node] */
	uint64_t devices[KW_CLASS_WORDS];	/* that hardware may touch */
	struct kw_noticed noticed;	/* racy: devices, too */
	const uint16_t *same;		/* [node], or NULL: none are */
};

/* --- classes ---------------------------------------------------------- */

/* "state" of "vcpu0.lr[2].state", "x" of "x[1]" */
static int class_of(const struct kw_foresee *f, const char *name)
{
	const char *dot = strrchr(name, '.');
	char *last = g_strdup(dot ? dot + 1 : name);
	gpointer known;
	unsigned nr;

	last[strcspn(last, "[")] = 0;
	known = g_hash_table_lookup(f->names, last);
	if (!known) {
		nr = g_hash_table_size(f->names) % KW_NR_CLASSES;
		known = GUINT_TO_POINTER(nr + 1);
		g_hash_table_insert(f->names, g_strdup(last), known);
	}
	g_free(last);
	return (int)GPOINTER_TO_UINT(known) - 1;
}

int kw_foresee_class_at(const struct kw_foresee *f, unsigned node)
{
	return f->class_of[node];
}

int kw_foresee_class(const struct kw_foresee *f, unsigned addr)
{
	const struct kw_object *o = kw_object_at(f->p, addr);
	const struct kw_field *field = o ?
		kw_field_at(&f->p->kinds[o->kind], addr - o->addr) : NULL;

	return field ? class_of(f, field->name) : -1;
}

static bool has(const uint64_t classes[KW_CLASS_WORDS], int class)
{
	return class < 0 || classes[class / 64] >> class % 64 & 1;
}

static void add_class(uint64_t classes[KW_CLASS_WORDS], int class)
{
	if (class < 0)
		memset(classes, 0xff, KW_CLASS_WORDS * sizeof(*classes));
	else
		classes[class / 64] |= UINT64_C(1) << class % 64;
}

void kw_foresee_add(const struct kw_foresee *f, unsigned addr,
		    uint64_t classes[KW_CLASS_WORDS])
{
	add_class(classes, kw_foresee_class(f, addr));
}

static void add_classes(uint64_t classes[KW_CLASS_WORDS],
			const uint64_t more[KW_CLASS_WORDS])
{
	unsigned w;

	for (w = 0; w < KW_CLASS_WORDS; w++)
		classes[w] |= more[w];
}

static void add_path(const struct kw_foresee *f,
		     const struct kw_path_graph *e,
		     uint64_t classes[KW_CLASS_WORDS])
{
	const struct kw_path_graph *to;
	unsigned j, i;

	for (j = 0; j < e->nodes->len; j++) {
		unsigned at = g_array_index(e->nodes, uint16_t, j);
		const struct kw_node *n = &f->p->nodes[at];

		if (n->op <= KW_OP_LIST_DEL && n->op != KW_OP_MB &&
		    n->op != KW_OP_WMB && n->op != KW_OP_RMB)
			add_class(classes, f->class_of[at]);
		for (i = 0; kw_is_call(n) &&
			    (to = kw_callee(f->paths, n, i)); i++)
			add_path(f, to, classes);
	}
}

/* All that hardware may touch. */
static void find_devices(struct kw_foresee *f)
{
	unsigned a;

	for (a = 0; a + 1 < f->p->nr_actors; a++)
		if (f->p->actors[a].type == KW_HW)
			add_path(f, f->paths->at[f->p->actors[a].entry],
				 f->devices);
}

/* --- before a barrier --------------------------------------------------- */

static bool join(struct before *to, const struct kw_foreseen *what,
		 bool passes)
{
	const struct before was = *to;
	unsigned w;

	for (w = 0; w < KW_CLASS_WORDS; w++)
		to->what.loads[w] |= what->loads[w];
	add_classes(to->what.takes, what->takes);
	to->what.fence |= what->fence;
	to->what.orders |= what->orders;
	to->what.open |= what->open;
	to->what.enables |= what->enables;
	to->what.raises |= what->raises;
	to->passes |= passes;
	return memcmp(was.what.loads, to->what.loads,
		      sizeof(was.what.loads)) ||
	       memcmp(was.what.takes, to->what.takes,
		      sizeof(was.what.takes)) ||
	       was.what.fence != to->what.fence ||
	       was.what.orders != to->what.orders ||
	       was.what.open != to->what.open ||
	       was.what.enables != to->what.enables ||
	       was.what.raises != to->what.raises ||
	       was.passes != to->passes;
}

static bool update(const struct kw_foresee *f, struct before *in,
		   unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	const struct part *part = &f->parts[node];
	bool grew = join(&in[node], &part->what, part->leaves);
	const struct kw_path_graph *e;
	const struct before *next;
	unsigned i, k;

	if (part->closes || part->leaves)
		return grew;
	for (k = 0; k < kw_nr_next(n); k++) {
		next = &in[kw_next(f->p, n, k)];
		grew |= join(&in[node], &next->what, next->passes);
	}
	for (i = 0; kw_is_call(n) && (e = kw_callee(f->paths, n, i)); i++) {
		grew |= join(&in[node], &in[e->entry].what, false);
		for (k = 0; in[e->entry].passes && k < e->returns->len; k++) {
			next = &in[kw_after(f->paths, n, e, k)];
			grew |= join(&in[node], &next->what, next->passes);
		}
	}
	return grew;
}

/* What follows the calls that path e makes; true when one grew. */
static bool give_context(const struct kw_foresee *f, const struct before *in,
			 struct before *context,
			 const struct kw_path_graph *e)
{
	const struct kw_path_graph *to;
	const struct before *after;
	unsigned j, i, k;
	bool grew = false;

	for (j = 0; j < e->nodes->len; j++) {
		const struct kw_node *n =
			&f->p->nodes[g_array_index(e->nodes, uint16_t, j)];

		for (i = 0; kw_is_call(n) &&
			    (to = kw_callee(f->paths, n, i)); i++)
			for (k = 0; k < to->returns->len; k++) {
				after = &in[kw_after(f->paths, n, to, k)];
				grew |= join(&context[to->entry],
					     &after->what, false);
				if (after->passes)
					grew |= join(&context[to->entry],
						&context[e->entry].what,
						context[e->entry].passes);
			}
	}
	return grew;
}

static void add_context(const struct kw_path_graph *e, const bool *passes,
			const struct before *context, struct before *in)
{
	unsigned j;

	for (j = 0; j < e->nodes->len; j++) {
		unsigned n = g_array_index(e->nodes, uint16_t, j);

		if (passes[n])
			join(&in[n], &context[e->entry].what,
			     context[e->entry].passes);
	}
}

void kw_foresee_alike(struct kw_foresee *f, const uint16_t *same)
{
	f->same = same;
}

static void share(const struct kw_foresee *f, struct before *in)
{
	unsigned n;

	for (n = 0; f->same && n < f->p->nr_nodes; n++)
		join(&in[f->same[n]], &in[n].what, in[n].passes);
	for (n = 0; f->same && n < f->p->nr_nodes; n++)
		in[n] = in[f->same[n]];
}

/* in[node] := what may come, contexts included. */
static void answer(const struct kw_foresee *f, struct before *in)
{
	struct before *context = g_new0(struct before, f->p->nr_nodes);
	bool *passes = g_new(bool, f->p->nr_nodes), grew = true;
	GPtrArray *all = f->paths->paths;
	unsigned n, i;

	memset(in, 0, f->p->nr_nodes * sizeof(*in));
	while (grew)
		for (grew = false, n = f->p->nr_nodes; n-- > 0;)
			grew |= update(f, in, n);
	for (i = 0; i < f->p->nr_actors; i++)
		context[f->p->actors[i].entry].passes = true;
	for (grew = true; grew;)
		for (grew = false, i = 0; i < all->len; i++)
			grew |= give_context(f, in, context, all->pdata[i]);
	for (n = 0; n < f->p->nr_nodes; n++)
		passes[n] = in[n].passes;
	for (i = 0; i < all->len; i++)
		add_context(all->pdata[i], passes, context, in);
	share(f, in);
	g_free(context);
	g_free(passes);
}

/* --- the two questions -------------------------------------------------- */

static bool is_full_barrier(const struct kw_node *n)
{
	switch ((enum kw_op)n->op) {
	case KW_OP_MB:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_DEACTIVATE:
	case KW_OP_WAKE:
	case KW_OP_SWITCH:
	case KW_OP_YIELD:
		return true;
	default:
		return false;
	}
}

bool kw_relaxed_sees_all(const struct kw_node *n)
{
	return is_full_barrier(n) || n->op == KW_OP_END ||
	       n->op == KW_OP_GUEST_ENTER || n->op == KW_OP_GUEST_EXIT;
}

/* What is loaded before all is seen anyway? */
static struct part loads_part(const struct kw_foresee *f, unsigned node,
			      bool counts)
{
	const struct kw_node *n = &f->p->nodes[node];
	struct part part = {
		.closes = kw_relaxed_sees_all(n),
		.leaves = n->op == KW_OP_RETURN,
	};

	if ((n->op <= KW_OP_LOAD_REF && counts) || n->op == KW_OP_CMPXCHG)
		add_class(part.what.loads, f->class_of[node]);
	part.what.fence = n->op == KW_OP_RMB || n->op == KW_OP_UNLOCK ||
			  n->op == KW_OP_LOCK;
	part.what.orders = n->op == KW_OP_RMB || n->op == KW_OP_UNLOCK;
	if (n->op == KW_OP_LOCK)
		add_class(part.what.takes, f->class_of[node]);
	return part;
}

/* ... after something that others notice? */
static struct part later_part(const struct kw_foresee *f, unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	struct part part = loads_part(f, node, false);
	unsigned k;

	memset(&part.what, 0, sizeof(part.what));
	if (part.closes || part.leaves || !f->acts[node])
		return part;
	part.closes = true;
	for (k = 0; k < kw_nr_next(n); k++)
		add_classes(part.what.loads,
			    f->loads[kw_next(f->p, n, k)].what.loads);
	return part;
}

/* ... and would it matter which of two that are read alike? */
static struct part many_part(const struct kw_foresee *f, unsigned node,
			     bool counts)
{
	const struct kw_node *n = &f->p->nodes[node];
	struct part part = loads_part(f, node, counts);
	bool many = n->op == KW_OP_LOAD_REF || (n->flags & KW_NODE_ACQUIRE);
	uint64_t loads = 0;
	unsigned k, i;

	for (i = 0; i < KW_CLASS_WORDS; i++)
		loads |= part.what.loads[i];
	for (k = 0; loads && k < kw_nr_next(n); k++) {
		const struct kw_foreseen *after =
			&f->loads[kw_next(f->p, n, k)].what;

		many |= after->orders || has(after->loads, f->class_of[node]);
	}
	if (!many)
		memset(part.what.loads, 0, sizeof(part.what.loads));
	return part;
}

static bool acts(const struct kw_foresee *f, unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	const uint8_t *loads = f->noticed.loads;

	switch ((enum kw_op)n->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
		/* Quiet ones are as good as private, devices are not. */
		return has(f->noticed.racy, f->class_of[node]) &&
		       (!loads || loads[node] ||
			has(f->noticed.devices,
			    f->class_of[node]));
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		return has(f->noticed.racy, f->class_of[node]);
	case KW_OP_MB:
	case KW_OP_WMB:
	case KW_OP_RMB:
	case KW_OP_LEA:
	case KW_OP_REF_EQ:
	case KW_OP_CALL:
	case KW_OP_RETURN:
	case KW_OP_JUMP:
	case KW_OP_CALL_TRAP:
	case KW_OP_EXIT_REASON:
	case KW_OP_BURN:
	case KW_OP_IRQ_OFF:
	case KW_OP_IRQ_ON:
	case KW_OP_PREEMPT_OFF:
	case KW_OP_PREEMPT_ON:
	case KW_OP_MARK:
		return false;
	default:
		return true;
	}
}

/*
 * With fifo loads overtake what is buffered, else stores do; so does what
 * timers, handlers and devices are told or asked.
 */
static bool overtakes(const struct kw_foresee *f, unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	bool racy = has(f->noticed.racy, f->class_of[node]);
	bool fifo = f->noticed.fifo;

	switch ((enum kw_op)n->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
	case KW_OP_CMPXCHG:
		/* What a device says it says now, not late. */
		return fifo ? racy :
			      has(f->noticed.devices, f->class_of[node]);
	case KW_OP_AWAIT:
		return racy;
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
		return !fifo && racy && !(n->flags & KW_NODE_RELEASE);
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
		return !fifo && racy;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
	case KW_OP_GUEST_ENTER:
	case KW_OP_GUEST_EXIT:
	case KW_OP_ARM:
	case KW_OP_CANCEL:
	case KW_OP_UNRAISE:
	case KW_OP_IS_LOCKED:
	case KW_OP_IS_PENDING:
	case KW_OP_IS_ARMED:
		return true;
	default:
		return false;
	}
}

static struct part open_part(const struct kw_foresee *f, unsigned node)
{
	const struct kw_node *n = &f->p->nodes[node];
	bool fifo = f->noticed.fifo;
	struct part part = {
		.what.open = overtakes(f, node),
		.what.enables = n->op == KW_OP_IRQ_ON,
		.what.raises = n->op == KW_OP_RAISE,
		.closes = is_full_barrier(n) ||
			  (fifo ? n->op == KW_OP_LOCK : n->op == KW_OP_WMB),
		.leaves = n->op == KW_OP_RETURN || n->op == KW_OP_END,
	};

	return part;
}

void kw_foresee_noticed(struct kw_foresee *f, const struct kw_noticed *what)
{
	unsigned n;

	f->noticed = *what;
	add_classes(f->noticed.devices, f->devices);
	add_classes(f->noticed.racy, f->noticed.devices);
	for (n = 0; n < f->p->nr_nodes; n++)
		f->acts[n] = acts(f, n);
	for (n = 0; n < f->p->nr_nodes; n++)
		f->parts[n] = open_part(f, n);
	answer(f, f->open);
	for (n = 0; n < f->p->nr_nodes; n++)
		f->parts[n] = loads_part(f, n, !what->loads || what->loads[n]);
	answer(f, f->loads);
	for (n = 0; n < f->p->nr_nodes; n++)
		f->parts[n] = later_part(f, n);
	answer(f, f->later);
	for (n = 0; n < f->p->nr_nodes; n++)
		f->parts[n] = many_part(f, n, !what->loads || what->loads[n]);
	answer(f, f->many);
	for (n = 0; n < f->p->nr_nodes; n++) {
		memcpy(f->loads[n].what.later, f->later[n].what.loads,
		       sizeof(f->loads[n].what.later));
		memcpy(f->loads[n].what.many, f->many[n].what.loads,
		       sizeof(f->loads[n].what.many));
	}
}

bool kw_foresee_notices(const struct kw_foresee *f, unsigned node)
{
	return has(f->noticed.racy, f->class_of[node]);
}

bool kw_foresee_acts(const struct kw_foresee *f, unsigned node)
{
	return f->acts[node];
}

bool kw_foresee_open(const struct kw_foresee *f, unsigned node)
{
	return f->open[node].what.open;
}

bool kw_foresee_enables(const struct kw_foresee *f, unsigned node)
{
	return f->open[node].what.enables;
}

bool kw_foresee_raises(const struct kw_foresee *f, unsigned node)
{
	return f->open[node].what.raises;
}

bool kw_foresee_ends(const struct kw_foresee *f, unsigned node)
{
	return f->open[node].passes;
}

const struct kw_foreseen *kw_foreseen(const struct kw_foresee *f,
				      unsigned node)
{
	return &f->loads[node].what;
}

struct kw_foresee *kw_foresee_new(const struct kw_program *p)
{
	struct kw_foresee *f = g_new0(struct kw_foresee, 1);
	unsigned n;

	f->p = p;
	f->paths = kw_paths_new(p);
	f->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					 NULL);
	f->class_of = g_new(int16_t, p->nr_nodes);
	for (n = 0; n < p->nr_nodes; n++)
		f->class_of[n] = p->labels && *p->labels[n] ? (int16_t)
			class_of(f, p->labels[n]) : -1;
	f->parts = g_new0(struct part, p->nr_nodes);
	f->loads = g_new0(struct before, p->nr_nodes);
	f->open = g_new0(struct before, p->nr_nodes);
	find_devices(f);
	f->later = g_new0(struct before, p->nr_nodes);
	f->many = g_new0(struct before, p->nr_nodes);
	f->acts = g_new0(bool, p->nr_nodes);
	return f;
}

void kw_foresee_free(struct kw_foresee *f)
{
	if (!f)
		return;
	kw_paths_free(f->paths);
	g_hash_table_destroy(f->names);
	g_free(f->class_of);
	g_free(f->parts);
	g_free(f->loads);
	g_free(f->open);
	g_free(f->later);
	g_free(f->many);
	g_free(f->acts);
	g_free(f);
}
