/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which variables have messages in a run: all that are no device's,
 * so that nothing has to be learnt, and a run depends on no other.
 *
 * What hardware may touch is a device's: each field that is named by a node
 * of a hardware actor, of whichever object.  Too many are devices then rather
 * than too few, and a device's variable shows less of a weak memory, never
 * more.
 */
#include <string.h>
#include "../program/paths.h"
#include "inside.h"

/* --- fields ----------------------------------------------------------- */

static void add(struct kw_relaxed *r, unsigned addr, unsigned width)
{
	r->whole[addr] = true;
	r->known.width[addr] = (uint8_t)width;
}

static void add_field(struct kw_relaxed *r, const struct kw_field *f,
		      unsigned addr)
{
	switch ((enum kw_field_type)f->type) {
	case KW_FLAG:
	case KW_COUNT:
	case KW_ENUM:
	case KW_WORD:
		add(r, addr, 1);
		break;
	case KW_REF:
		add(r, addr, 2);
		break;
	case KW_LIST:
	case KW_LINK:
		add(r, addr, 2);
		add(r, addr + 2, 2);
		break;
	case KW_LOCK:
	case KW_HANDLER:
	case KW_TIME:
	case KW_NR_FIELD_TYPES:
		break;
	}
}

static void add_fields(struct kw_relaxed *r)
{
	const struct kw_object *o = r->p->objects;
	const struct kw_kind *k;
	unsigned i, f;

	for (i = 0; i < r->p->nr_objects; i++, o++) {
		k = &r->p->kinds[o->kind];
		for (f = 0; f < k->nr_fields; f++)
			add_field(r, &k->fields[f],
				  o->addr + k->fields[f].off);
	}
}

/* Programs by hand have no fields: what a node names by its address. */
static void add_named(struct kw_relaxed *r)
{
	const struct kw_node *n;
	unsigned i;

	for (i = 0; i < r->p->nr_nodes; i++) {
		n = &r->p->nodes[i];
		if (n->reg || n->op > KW_OP_CMPXCHG ||
		    r->known.width[n->off] || r->lock_of[n->off])
			continue;
		add(r, n->off, n->op == KW_OP_LOAD_REF ||
			       n->op == KW_OP_STORE_REF ? 2 : 1);
	}
}

/* --- what hardware touches -------------------------------------------- */

/* "lr[2].state" is "lr.state" to a label. */
static void without_index(const char *field, char *out, size_t size)
{
	for (; *field && size > 1; field++) {
		if (*field == '[')
			field += strcspn(field, "]");
		else
			*out++ = *field, size--;
	}
	*out = 0;
}

/*
 * Does a label name this field?  It begins with a struct, which is the kind,
 * or is embedded in it: "swait.list" is "wq.list" of a vcpu.
 */
static bool is_named(const char *label, const char *kind, const char *field)
{
	size_t len = strcspn(label, ".");
	char name[128];

	if (!label[len])
		return false;
	without_index(field, name, sizeof(name));
	if (!strncmp(label, kind, len) && !kind[len])
		return !strcmp(label + len + 1, name);
	return g_str_has_suffix(name, label + len);
}

static void set_device(struct kw_relaxed *r, unsigned addr)
{
	r->known.cpus[addr] |= KW_HARDWARE;
}

static void mark(struct kw_relaxed *r, unsigned addr,
		 const struct kw_field *f)
{
	set_device(r, addr);
	if (f->type == KW_LIST || f->type == KW_LINK)
		set_device(r, addr + 2);
}

/* Is f the state of a task, an embedded struct of kind k? */
static bool is_task(const struct kw_kind *k, const struct kw_field *f)
{
	const struct kw_field *next = kw_field_at(k, f->off + KW_TASK_ON_RQ);

	return g_str_has_suffix(f->name, "state") && next != f && next &&
	       g_str_has_suffix(next->name, "on_rq");
}

/* What may node n touch of object o, by its fields?  Is there such a one? */
static bool touch_object(struct kw_relaxed *r, const struct kw_node *n,
			 const char *label, const struct kw_object *o)
{
	const struct kw_kind *k = &r->p->kinds[o->kind];
	bool task = n->op == KW_OP_WAKE || n->op == KW_OP_DEACTIVATE;
	const struct kw_field *f;
	bool found = false;
	unsigned i;

	for (i = 0; i < k->nr_fields; i++) {
		f = &k->fields[i];
		if (f->type == KW_TIME || !(task ? is_task(k, f) :
					    is_named(label, k->name, f->name)))
			continue;
		found = true;
		mark(r, o->addr + f->off, f);
		if (n->op == KW_OP_DEACTIVATE)
			set_device(r, o->addr + f->off + KW_TASK_SIGPENDING);
	}
	return found;
}

/* Links of whatever may be on such a list.  Are there any? */
static bool touch_links(struct kw_relaxed *r, const struct kw_node *n)
{
	const struct kw_object *o = r->p->objects;
	const struct kw_field *f;
	bool found = false;
	unsigned i;

	for (i = 0; i < r->p->nr_objects; i++, o++) {
		f = kw_field_at(&r->p->kinds[o->kind], n->val);
		if (!f || f->type != KW_LINK || f->off != n->val)
			continue;
		found = true;
		mark(r, o->addr + n->val, f);
	}
	return found;
}

static void touch(struct kw_relaxed *r, unsigned node)
{
	const struct kw_node *n = &r->p->nodes[node];
	const char *label = r->p->labels ? r->p->labels[node] : "";
	bool list = n->op >= KW_OP_LIST_ADD && n->op <= KW_OP_LIST_DEL;
	bool found = !n->reg;
	unsigned i;

	if (n->op > KW_OP_CMPXCHG && n->op != KW_OP_DEACTIVATE &&
	    n->op != KW_OP_WAKE && n->op != KW_OP_AWAIT && !list)
		return;
	for (i = 0; n->reg && i < r->p->nr_objects; i++)
		found |= touch_object(r, n, label, &r->p->objects[i]);
	if (list && !touch_links(r, n))
		found = false;
	for (i = 0; !found && i < r->p->objects_size; i++)
		set_device(r, i);	/* it may be anything */
	if (n->reg)
		return;
	set_device(r, n->off);
	if (list || n->op == KW_OP_DEACTIVATE)
		set_device(r, n->off + 2u);
}

static void touch_path(struct kw_relaxed *r, const struct kw_paths *paths,
		       bool *done, const struct kw_path_graph *g)
{
	const struct kw_path_graph *callee;
	const struct kw_node *n;
	unsigned i, k, node;

	if (done[g->entry])
		return;
	done[g->entry] = true;
	for (i = 0; i < g->nodes->len; i++) {
		node = g_array_index(g->nodes, uint16_t, i);
		n = &r->p->nodes[node];
		touch(r, node);
		for (k = 0; kw_is_call(n) &&
			    (callee = kw_callee(paths, n, k)); k++)
			touch_path(r, paths, done, callee);
	}
}

void kw_whole_init(struct kw_relaxed *r)
{
	struct kw_paths *paths = kw_paths_new(r->p);
	bool *done = g_new0(bool, r->p->nr_nodes);
	unsigned a;

	r->whole = g_new0(bool, r->p->objects_size + 8);
	add_fields(r);
	add_named(r);
	for (a = 0; a + 1 < r->p->nr_actors; a++)
		if (r->cpu_of[a] == r->nr_cpus)
			touch_path(r, paths, done,
				   paths->at[r->p->actors[a].entry]);
	g_free(done);
	kw_paths_free(paths);
}
