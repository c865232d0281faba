/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how a program reads.
 *
 * Invariant: what is printed follows from the program alone; nodes come in
 * the order of their numbers.
 */
#include "show.h"

#include <string.h>

/* The field that a label names, in the struct that declares it. */
static const struct kw_field *find_field(const struct kw_program *p,
					 const char *label)
{
	const char *dot = strchr(label, '.');
	size_t len = dot ? (size_t)(dot - label) : 0;
	unsigned i, k;

	for (i = 0; dot && i < p->nr_kinds; i++) {
		const struct kw_kind *kind = &p->kinds[i];

		if (strncmp(kind->name, label, len) || kind->name[len])
			continue;
		for (k = 0; k < kind->nr_fields; k++) {
			const char *name = kind->fields[k].name;
			size_t n = strcspn(name, "[");

			if (!strncmp(name, dot + 1, n) && !dot[1 + n])
				return &kind->fields[k];
		}
	}
	return NULL;
}

static void put_value(const struct kw_program *p, unsigned node, unsigned v,
		      GString *out)
{
	const struct kw_field *f = find_field(p, p->labels[node]);
	unsigned i;

	if (f && f->type == KW_FLAG)
		g_string_append(out, v ? "true" : "false");
	else if (f && f->type == KW_ENUM && v <= f->max)
		g_string_append(out, f->names[v]);
	else if (f && f->type == KW_WORD && v && !(v & (v - 1u)))
		for (i = 0; f->names[i]; i++)
			g_string_append(out, v == 1u << i ? f->names[i] : "");
	else
		g_string_append_printf(out, "%u", v);
}

/* A field, or in a node that accesses none, an object. */
static void put_constant(const struct kw_program *p, unsigned node,
			 GString *out)
{
	const struct kw_node *n = &p->nodes[node];
	const struct kw_object *o = kw_object_at(p, n->off);

	if (o && o->addr == n->off && !*p->labels[node])
		g_string_append(out, o->name);
	else
		kw_address_name(p, n->off, out);
}

/* The address A of a node. */
static void put_address(const struct kw_program *p, unsigned node,
			GString *out)
{
	const struct kw_node *n = &p->nodes[node];
	const char *label = p->labels[node];
	bool time = n->op == KW_OP_TIME_LOAD || n->op == KW_OP_TIME_STORE;

	if (!n->reg && time)
		g_string_append_printf(out, "%s(slot %u)", label, n->off);
	else if (!n->reg)
		put_constant(p, node, out);
	else if (*label)
		g_string_append_printf(out, "%s(r%u)", label, n->reg);
	else if (n->off)
		g_string_append_printf(out, "r%u+%u", n->reg, n->off);
	else
		g_string_append_printf(out, "r%u", n->reg);
}

static void put_reg(unsigned r, GString *out)
{
	if (r)
		g_string_append_printf(out, "r%u", r);
	else
		g_string_append(out, "NULL");
}

static void put_dist(const struct kw_program *p, unsigned nr, GString *out)
{
	static const char *const names[] = { "", "uniform", "exponential",
					     "empirical", "sequence" };
	const struct kw_dist *d = &p->dists[nr];

	if (d->kind == KW_CONSTANT)
		g_string_append_printf(out, "%" G_GUINT64_FORMAT " ns", d->a);
	else if (d->nr)
		g_string_append_printf(out, "%s of %u", names[d->kind], d->nr);
	else
		g_string_append_printf(out, "%s(%" G_GUINT64_FORMAT
				       ", %" G_GUINT64_FORMAT ") ns",
				       names[d->kind], d->a, d->b);
}

static const struct kw_path *path_at(const struct kw_program *p,
				     unsigned entry)
{
	unsigned i;

	for (i = 0; i < p->nr_paths; i++)
		if (p->paths[i].entry == entry)
			return &p->paths[i];
	return NULL;
}

static void put_memory(const struct kw_program *p, unsigned node, GString *out)
{
	const struct kw_node *n = &p->nodes[node];

	put_address(p, node, out);
	switch (n->op) {
	case KW_OP_STORE:
	case KW_OP_XCHG:
	case KW_OP_AWAIT:
		g_string_append(out, n->op == KW_OP_AWAIT ? " == " : " = ");
		put_value(p, node, n->val, out);
		break;
	case KW_OP_CMPXCHG:
		g_string_append(out, " ");
		put_value(p, node, n->val & 0xff, out);
		g_string_append(out, " to ");
		put_value(p, node, n->val >> 8, out);
		break;
	case KW_OP_LOAD_MASK:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
		g_string_append(out, " ");
		put_value(p, node, n->val, out);
		break;
	case KW_OP_STORE_REF:
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		g_string_append(out, n->op == KW_OP_STORE_REF ? " = " : " ");
		put_reg(n->dst, out);
		break;
	case KW_OP_REF_EQ:
		g_string_append(out, " == ");
		put_reg(n->dst, out);
		break;
	}
}

static void put_callee(const struct kw_program *p, unsigned entry,
		       GString *out)
{
	const struct kw_path *path = path_at(p, entry);

	g_string_append(out, path ? path->name : "?");
	g_string_append(out, path ? path->args : "");
}

/* The operands of what is not an access. */
static void put_other(const struct kw_program *p, unsigned node, GString *out)
{
	const struct kw_node *n = &p->nodes[node];

	switch (n->op) {
	case KW_OP_LOAD_REF:
	case KW_OP_LEA:
		g_string_append_printf(out, "r%u = ", n->dst);
		put_address(p, node, out);
		break;
	case KW_OP_CALL:
		put_callee(p, n->next[0], out);
		break;
	case KW_OP_RETURN:
		g_string_append_printf(out, "%u", n->val);
		break;
	case KW_OP_RAISE:
	case KW_OP_ARM:
		put_address(p, node, out);
		if (!n->val && n->op == KW_OP_ARM)
			g_string_append_printf(out, " at t%u", n->dst);
		if (!n->val)
			break;
		g_string_append(out, " after ");
		put_dist(p, n->val, out);
		break;
	case KW_OP_DELAY:
	case KW_OP_BURN:
		put_dist(p, n->val, out);
		break;
	case KW_OP_GUEST_EXIT:
		g_string_append(out, p->exits[n->val]);
		if (!n->next[1])
			break;
		g_string_append(out, ", ");
		put_callee(p, n->next[1], out);
		break;
	case KW_OP_MARK:
		g_string_append_printf(out, "\"%s\" ", p->marks[n->val]);
		put_address(p, node, out);
		break;
	case KW_OP_FAIL:
		g_string_append_printf(out, "\"%s\"", p->messages[n->val]);
		break;
	}
}

static void put_time(const struct kw_program *p, unsigned node, GString *out)
{
	const struct kw_node *n = &p->nodes[node];

	if (n->op != KW_OP_TIME_STORE && n->op != KW_OP_TIME_LESS)
		g_string_append_printf(out, "t%u = ", n->dst);
	switch (n->op) {
	case KW_OP_TIME_NOW:
		g_string_append(out, "now");
		break;
	case KW_OP_TIME_SET:
		g_string_append_printf(out, "%" G_GUINT64_FORMAT " ns",
				       p->times[n->val]);
		break;
	case KW_OP_TIME_ADD:
	case KW_OP_TIME_SUB:
		g_string_append_printf(out, "t%u %c t%u", n->reg,
				       n->op == KW_OP_TIME_ADD ? '+' : '-',
				       n->val);
		break;
	case KW_OP_TIME_LESS:
		g_string_append_printf(out, "t%u < t%u", n->dst, n->val);
		break;
	case KW_OP_TIME_LOAD:
		put_address(p, node, out);
		break;
	case KW_OP_TIME_STORE:
		put_address(p, node, out);
		g_string_append_printf(out, " = t%u", n->dst);
		break;
	}
}

void kw_show_node(const struct kw_program *p, unsigned node, GString *out)
{
	const struct kw_node *n = &p->nodes[node];
	const char *suffix = n->flags & KW_NODE_ACQUIRE ? " acquire" :
			     n->flags & KW_NODE_RELEASE ? " release" :
			     n->flags & KW_NODE_ONCE ? " once" : "";

	g_string_append_printf(out, "%s ", kw_op_names[n->op]);
	switch (n->op) {
	case KW_OP_LOAD_REF:
	case KW_OP_LEA:
	case KW_OP_CALL:
	case KW_OP_RETURN:
	case KW_OP_RAISE:
	case KW_OP_ARM:
	case KW_OP_DELAY:
	case KW_OP_BURN:
	case KW_OP_GUEST_EXIT:
	case KW_OP_MARK:
	case KW_OP_FAIL:
		put_other(p, node, out);
		break;
	case KW_OP_MB:
	case KW_OP_WMB:
	case KW_OP_RMB:
	case KW_OP_JUMP:
	case KW_OP_CHOICE:
	case KW_OP_YIELD:
	case KW_OP_IRQ_OFF:
	case KW_OP_IRQ_ON:
	case KW_OP_PREEMPT_OFF:
	case KW_OP_PREEMPT_ON:
	case KW_OP_GUEST_ENTER:
	case KW_OP_EXIT_REASON:
	case KW_OP_CALL_TRAP:
	case KW_OP_END:
		break;
	default:
		if (n->op >= KW_OP_TIME_NOW)
			put_time(p, node, out);
		else
			put_memory(p, node, out);
	}
	g_strchomp(out->str);
	out->len = strlen(out->str);
	g_string_append(out, suffix);
}

/* How many outcomes node has; its k-th follower by follower(). */
static unsigned nr_outcomes(const struct kw_program *p,
			    const struct kw_node *n)
{
	const struct kw_path *callee;

	if (n->op == KW_OP_CALL) {
		callee = path_at(p, n->next[0]);
		return callee ? callee->nr_outcomes : 0;
	}
	if (n->op == KW_OP_CALL_TRAP)
		return 1;
	switch ((enum kw_outcomes)kw_op_outcomes[n->op]) {
	case KW_ONE:
		return 1;
	case KW_TWO:
		return 2;
	case KW_MANY:
		return n->next[1];
	default:
		return 0;
	}
}

static unsigned follower(const struct kw_program *p, const struct kw_node *n,
			 unsigned k)
{
	if (n->op == KW_OP_CALL || n->op == KW_OP_CALL_TRAP)
		return p->succ[p->points[n->val] + k];
	return kw_next(p, n, k);
}

/* The last node stands where none can be. */
static bool impossible(const struct kw_program *p, unsigned node)
{
	return node == p->nr_nodes - 1;
}

static void mark_path(const struct kw_program *p, unsigned node, bool *in)
{
	const struct kw_node *n;
	unsigned k, nr;

	while (!in[node] && !impossible(p, node)) {
		n = &p->nodes[node];
		nr = nr_outcomes(p, n);
		in[node] = true;
		if (!nr)
			return;
		for (k = 1; k < nr; k++)
			mark_path(p, follower(p, n, k), in);
		node = follower(p, n, 0);
	}
}

static void put_outcome_name(const struct kw_program *p, unsigned node,
			     unsigned k, GString *out)
{
	const struct kw_node *n = &p->nodes[node];

	if (n->op == KW_OP_EXIT_REASON)
		g_string_append(out, p->exits[k]);
	else if (n->op == KW_OP_LOAD || n->op == KW_OP_XCHG ||
		 n->op == KW_OP_CMPXCHG)
		put_value(p, node, k, out);
	else
		g_string_append_printf(out, "%u", k);
}

static void put_next(const struct kw_program *p, unsigned node, GString *out)
{
	const struct kw_node *n = &p->nodes[node];
	unsigned nr = nr_outcomes(p, n), k;

	if (nr == 1 && follower(p, n, 0) == node + 1)
		return;
	if (nr == 1) {
		g_string_append_printf(out, " -> %u", follower(p, n, 0));
		return;
	}
	for (k = 0; k < nr; k++) {
		if (impossible(p, follower(p, n, k)))
			continue;
		g_string_append_c(out, ' ');
		put_outcome_name(p, node, k, out);
		g_string_append_printf(out, ":%u", follower(p, n, k));
	}
}

static void put_place(const struct kw_src *src, GString *out)
{
	const char *slash = strrchr(src->file, '/');

	g_string_append_printf(out, "%s:%d", slash ? slash + 1 : src->file,
			       src->line);
}

static void show_one(const struct kw_program *p, const struct kw_path *path,
		     GString *out)
{
	bool *in = g_new0(bool, p->nr_nodes);
	GString *line = g_string_new(NULL);
	unsigned i;

	g_string_append_printf(out, "%s%s%s%s, entry %u\n", path->name,
			       path->args, *path->kernel ? ", " : "",
			       path->kernel, path->entry);
	mark_path(p, path->entry, in);
	for (i = 0; i < p->nr_nodes; i++) {
		if (!in[i])
			continue;
		g_string_printf(line, "%5u  ", i);
		kw_show_node(p, i, line);
		put_next(p, i, line);
		g_string_append_printf(out, "%-54s  ", line->str);
		if (i)
			put_place(&p->srcs[p->nodes[i].src], out);
		g_strchomp(out->str);
		out->len = strlen(out->str);
		g_string_append_c(out, '\n');
	}
	g_string_free(line, TRUE);
	g_free(in);
}

static void dot_one(const struct kw_program *p, const struct kw_path *path,
		    GString *out)
{
	bool *in = g_new0(bool, p->nr_nodes);
	unsigned i, k;

	mark_path(p, path->entry, in);
	for (i = 0; i < p->nr_nodes; i++) {
		const struct kw_node *n = &p->nodes[i];
		GString *text = g_string_new(NULL);
		char *escaped;

		if (in[i]) {
			kw_show_node(p, i, text);
			escaped = g_strescape(text->str, NULL);
			g_string_append_printf(out, "\tn%u [label=\"%s\"%s];\n",
					       i, escaped, i == path->entry ?
					       ", style=bold" : "");
			g_free(escaped);
		}
		for (k = 0; in[i] && k < nr_outcomes(p, n); k++) {
			if (impossible(p, follower(p, n, k)))
				continue;
			g_string_append_printf(out, "\tn%u -> n%u", i,
					       follower(p, n, k));
			if (nr_outcomes(p, n) > 1) {
				g_string_append(out, " [label=\"");
				put_outcome_name(p, i, k, out);
				g_string_append(out, "\"]");
			}
			g_string_append(out, ";\n");
		}
		g_string_free(text, TRUE);
	}
	g_free(in);
}

unsigned kw_show_path(const struct kw_program *p, const char *name,
		      GString *out)
{
	unsigned i, n = 0;

	for (i = 0; i < p->nr_paths; i++) {
		if (strcmp(p->paths[i].name, name))
			continue;
		if (n++)
			g_string_append_c(out, '\n');
		show_one(p, &p->paths[i], out);
	}
	return n;
}

unsigned kw_show_dot(const struct kw_program *p, const char *name,
		     GString *out)
{
	unsigned i, n = 0;

	g_string_append_printf(out, "digraph \"%s\" {\n", name);
	g_string_append(out, "\tnode [shape=box, fontname=monospace];\n");
	for (i = 0; i < p->nr_paths; i++) {
		if (strcmp(p->paths[i].name, name))
			continue;
		dot_one(p, &p->paths[i], out);
		n++;
	}
	g_string_append(out, "}\n");
	return n;
}

void kw_show_names(const struct kw_program *p, GString *out)
{
	bool *in = g_new(bool, p->nr_nodes);
	unsigned i, k, n;

	for (i = 0; i < p->nr_paths; i++) {
		memset(in, 0, p->nr_nodes * sizeof(*in));
		mark_path(p, p->paths[i].entry, in);
		for (n = 0, k = 1; k < p->nr_nodes; k++)
			n += in[k];
		g_string_append_printf(out, "%5u  %s%s", n, p->paths[i].name,
				       p->paths[i].args);
		if (*p->paths[i].kernel)
			g_string_append_printf(out, "  %s",
					       p->paths[i].kernel);
		g_string_append_c(out, '\n');
	}
	g_free(in);
}
