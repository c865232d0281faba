/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the parts of a litmus file are: name, initial state, threads,
 * conditions.
 *
 * A thread's parameters are the shared variables that it names; the same
 * name is the same variable in all threads.
 */
#include <string.h>
#include "read.h"

unsigned kw_lit_var(struct kw_lit_reader *r, const char *name)
{
	GPtrArray *vars = r->l->vars;
	unsigned v;

	for (v = 0; v < vars->len; v++)
		if (!strcmp(vars->pdata[v], name))
			return v;
	if (vars->len == KW_LIT_MAX_VARS) {
		kw_lit_fail(r, r->tok.line, "more than %u variables",
			    KW_LIT_MAX_VARS);
		return 0;
	}
	g_ptr_array_add(vars, g_strdup(name));
	return vars->len - 1;
}

unsigned kw_lit_reg(struct kw_lit_reader *r, unsigned t, const char *name)
{
	GPtrArray *regs = r->l->threads[t].regs;
	unsigned i;

	for (i = 0; name && i < regs->len; i++)
		if (regs->pdata[i] && !strcmp(regs->pdata[i], name))
			return i;
	if (regs->len == KW_LIT_MAX_REGS) {
		kw_lit_fail(r, r->tok.line, "more than %u variables of P%u",
			    KW_LIT_MAX_REGS, t);
		return 0;
	}
	g_ptr_array_add(regs, g_strdup(name));
	return regs->len - 1;
}

/* 1, -1, x, &x, NULL, ATOMIC_INIT(1) */
int64_t kw_lit_read_value(struct kw_lit_reader *r)
{
	int64_t value = 0;
	char *name;

	if (kw_lit_accept(r, "(")) {
		if (!kw_lit_enter(r))
			return 0;
		value = kw_lit_read_value(r);
		kw_lit_expect(r, ")");
		r->depth--;
		return value;
	}
	if (kw_lit_accept(r, "-")) {
		value = -r->tok.number;
		if (r->tok.type != KW_T_NUMBER)
			kw_lit_unexpected(r, "a number");
		kw_lit_next(r);
		return value;
	}
	if (r->tok.type == KW_T_NUMBER) {
		value = r->tok.number;
		kw_lit_next(r);
		return value;
	}
	kw_lit_accept(r, "&");
	name = kw_lit_take_name(r, "a value");
	if (!strcmp(name, "ATOMIC_INIT") || !strcmp(name, "ATOMIC64_INIT")) {
		kw_lit_expect(r, "(");
		value = kw_lit_read_value(r);
		kw_lit_expect(r, ")");
	} else if (strcmp(name, "NULL")) {
		unsigned v = kw_lit_var(r, name);

		r->l->escaped |= UINT64_C(1) << v;
		value = kw_lit_address(v);
	}
	g_free(name);
	return value;
}

static unsigned thread_number(struct kw_lit_reader *r)
{
	int64_t n = r->tok.number;

	if (r->tok.type != KW_T_NUMBER || n < 0 || n >= KW_LIT_MAX_THREADS) {
		kw_lit_unexpected(r, "the number of a thread, below 16");
		return 0;
	}
	kw_lit_next(r);
	return (unsigned)n;
}

/* x=1  int x=1  int *x=&y  [x]=1  0:r1=x  atomic_t x=ATOMIC_INIT(1)  x={} */
static void read_init(struct kw_lit_reader *r)
{
	int64_t *place;
	char *name;

	kw_lit_skip_type(r);
	while (kw_lit_accept(r, "*") || kw_lit_skip_type(r))
		;
	if (r->tok.type == KW_T_NUMBER) {
		unsigned t = thread_number(r), reg;

		kw_lit_expect(r, ":");
		name = kw_lit_take_name(r, "a register");
		reg = kw_lit_reg(r, t, name);
		place = &r->l->threads[t].init[reg];
	} else {
		bool bracket = kw_lit_accept(r, "[");
		unsigned v;

		name = kw_lit_take_name(r, "a variable");
		v = r->err ? 0 : kw_lit_var(r, name);
		place = &r->l->init[v];
		if (bracket)
			kw_lit_expect(r, "]");
	}
	g_free(name);
	if (kw_lit_is(r, "["))
		kw_lit_fail(r, r->tok.line, "arrays are not supported");
	if (!kw_lit_accept(r, "="))
		return;
	if (kw_lit_accept(r, "{"))	/* struct srcu_struct s = {}; */
		kw_lit_expect(r, "}");
	else
		*place = kw_lit_read_value(r);
}

static void read_header(struct kw_lit_reader *r)
{
	const char *p, *name, *end;

	while (r->at < r->end && g_ascii_isspace(*r->at))
		r->line += *r->at++ == '\n';
	for (p = r->at; p < r->end && *p != '\n'; p++)
		;
	for (name = r->at; name < p && !g_ascii_isspace(*name); name++)
		;
	if (name - r->at != 1 || *r->at != 'C') {
		char *arch = g_utf8_make_valid(r->at, name - r->at);

		kw_lit_fail(r, r->line, "a litmus test in C begins with \"C "
			    "NAME\"%s%s%s", *arch ? ", not \"" : "", arch,
			    *arch ? "\"" : "");
		g_free(arch);
		return;
	}
	while (name < p && g_ascii_isspace(*name))
		name++;
	for (end = name; end < p && !g_ascii_isspace(*end); end++)
		;
	if (name == end)
		kw_lit_fail(r, r->line, "the test has no name");
	r->l->name = g_utf8_make_valid(name, end - name);
	r->at = r->err ? r->end : p;
	kw_lit_next(r);
}

/* 0:x=y in the initial state; a parameter x is the address of x. */
static void check_param(struct kw_lit_reader *r, const char *name, unsigned v)
{
	const struct kw_lit_thread *th = &r->l->threads[r->t];
	unsigned i;

	for (i = 0; i < th->regs->len; i++)
		if (!strcmp(th->regs->pdata[i], name) &&
		    th->init[i] != kw_lit_address(v))
			kw_lit_fail(r, r->tok.line, "%u:%s is a parameter: "
				    "it begins as the address of %s",
				    r->t, name, name);
}

static void read_params(struct kw_lit_reader *r)
{
	r->params = 0;
	kw_lit_expect(r, "(");
	while (!r->err && !kw_lit_is(r, ")")) {
		unsigned stars = 0;
		char *name;

		kw_lit_skip_type(r);
		while (kw_lit_accept(r, "*") || kw_lit_skip_type(r))
			stars++;
		if (kw_lit_is(r, ")"))	/* (void) */
			break;
		name = kw_lit_take_name(r, "a parameter");
		if (!stars)
			kw_lit_fail(r, r->tok.line, "%s is not a pointer: "
				    "parameters are the addresses of shared "
				    "variables", name);
		if (!r->err) {
			unsigned v = kw_lit_var(r, name);

			r->params |= UINT64_C(1) << v;
			check_param(r, name, v);
		}
		g_free(name);
		if (!kw_lit_is(r, ")"))
			kw_lit_expect(r, ",");
	}
	kw_lit_expect(r, ")");
}

static void read_thread(struct kw_lit_reader *r)
{
	char *name = kw_lit_take_name(r, "a thread");
	char *end;
	guint64 t = g_ascii_strtoull(name + 1, &end, 10);

	if (t >= KW_LIT_MAX_THREADS || *end) {
		kw_lit_fail(r, r->tok.line, "%s: threads are P0 to P%u", name,
			    KW_LIT_MAX_THREADS - 1);
	} else if (r->l->threads[t].present) {
		kw_lit_fail(r, r->tok.line, "there are two of %s", name);
	} else {
		r->t = (unsigned)t;
		r->in_body = true;
		r->l->threads[t].present = true;
		r->l->nr_threads = MAX(r->l->nr_threads, r->t + 1);
		read_params(r);
		kw_lit_read_body(r);
	}
	g_free(name);
}

bool kw_lit_at_thread(const struct kw_lit_reader *r)
{
	return r->tok.type == KW_T_NAME && *r->tok.at == 'P' &&
	       r->tok.len > 1 && g_ascii_isdigit(r->tok.at[1]);
}

static void read_file(struct kw_lit_reader *r)
{
	unsigned t;

	read_header(r);
	while (r->tok.type != KW_T_END && !kw_lit_is(r, "{"))
		kw_lit_next(r);
	kw_lit_expect(r, "{");
	while (!r->err && !kw_lit_is(r, "}")) {
		if (kw_lit_accept(r, ";"))
			continue;
		read_init(r);
		if (!kw_lit_is(r, "}"))
			kw_lit_expect(r, ";");
	}
	kw_lit_expect(r, "}");
	while (kw_lit_at_thread(r))
		read_thread(r);
	if (!r->err && !r->l->nr_threads)
		kw_lit_unexpected(r, "a thread, such as P0(int *x)");
	for (t = 0; t < r->l->nr_threads; t++)
		if (!r->l->threads[t].present)
			kw_lit_fail(r, r->tok.line, "P%u is missing", t);
	kw_lit_read_conditions(r);
}

/* Looks for "Result: VERDICT", which people put into a comment. */
static int documented(const char *text, size_t size)
{
	const char *at = g_strstr_len(text, (gssize)size, "Result: ");
	const char *end = text + size, *p;
	int v;

	if (!at)
		return -1;
	at += strlen("Result: ");
	for (p = at; p < end && *p != '\n'; p++)
		;
	if (g_strstr_len(at, p - at, "DATARACE"))
		return -1;
	for (v = KW_LITMUS_NEVER; v <= KW_LITMUS_ALWAYS; v++) {
		size_t n = strlen(kw_litmus_seen_names[v]);

		if ((size_t)(p - at) >= n &&
		    !memcmp(at, kw_litmus_seen_names[v], n))
			return v;
	}
	return -1;
}

static struct kw_litmus *new_litmus(void)
{
	struct kw_litmus *l = g_new0(struct kw_litmus, 1);
	unsigned t;

	l->vars = g_ptr_array_new_with_free_func(g_free);
	l->nodes = g_array_new(FALSE, TRUE, sizeof(struct kw_lit_node));
	l->conds = g_array_new(FALSE, TRUE, sizeof(struct kw_lit_cond));
	l->shown = g_array_new(FALSE, TRUE, sizeof(struct kw_lit_loc));
	l->cond = l->filter = -1;
	l->nr_domains = 1;
	for (t = 0; t < KW_LIT_MAX_THREADS; t++) {
		struct kw_lit_thread *th = &l->threads[t];

		th->insns = g_array_new(FALSE, TRUE,
					sizeof(struct kw_lit_insn));
		th->regs = g_ptr_array_new_with_free_func(g_free);
	}
	return l;
}

static unsigned count(const struct kw_litmus *l, unsigned t,
		      enum kw_lit_op op, unsigned domain)
{
	unsigned pc, nr = 0;

	for (pc = 0; pc < l->threads[t].insns->len; pc++) {
		const struct kw_lit_insn *insn = kw_lit_insn(l, t, pc);

		nr += insn->op == op && insn->domain == domain;
	}
	return nr;
}

/*
 * An srcu_up_read() ends a reader of its own thread; without one, that of
 * another thread, which has to be the only one of its srcu_struct.
 */
static void settle_up(struct kw_lit_reader *r, unsigned t, unsigned pc)
{
	struct kw_lit_insn *insn = kw_lit_insn(r->l, t, pc);
	unsigned downs = 0, ups = 0, u;

	if (count(r->l, t, KW_I_RCU_LOCK, insn->domain)) {
		insn->op = KW_I_RCU_UNLOCK;
		return;
	}
	for (u = 0; u < r->l->nr_threads; u++) {
		downs += count(r->l, u, KW_I_RCU_LOCK, insn->domain);
		ups += count(r->l, u, KW_I_RCU_UP, insn->domain) +
		       count(r->l, u, KW_I_RCU_UNLOCK, insn->domain);
	}
	if (downs > 1 || ups > 1)
		kw_lit_fail(r, insn->line, "srcu_up_read() in another thread "
			    "is supported for one reader of an srcu_struct");
}

static void settle_ups(struct kw_lit_reader *r)
{
	unsigned t, pc;

	for (t = 0; t < r->l->nr_threads; t++)
		for (pc = 0; pc < r->l->threads[t].insns->len; pc++)
			if (kw_lit_insn(r->l, t, pc)->op == KW_I_RCU_UP)
				settle_up(r, t, pc);
}

static void check_length(struct kw_lit_reader *r)
{
	unsigned t, nr = 0;

	for (t = 0; t < r->l->nr_threads; t++)
		nr += r->l->threads[t].nr_messages;
	for (t = 0; t < r->l->nr_threads; t++)
		if (r->l->threads[t].nr_readers > KW_LIT_MAX_READERS)
			kw_lit_fail(r, r->line, "more than %u RCU readers in "
				    "P%u", KW_LIT_MAX_READERS, t);
	if (nr > KW_LIT_MAX_MESSAGES)
		kw_lit_fail(r, r->line, "more than %u stores",
			    KW_LIT_MAX_MESSAGES);
}

struct kw_litmus *kw_litmus_parse(const char *file, const char *text,
				  size_t size, GError **err)
{
	struct kw_lit_reader r = {
		.file = file, .at = text, .end = text + size, .line = 1,
		.l = new_litmus(),
	};

	r.l->documented = documented(text, size);
	read_file(&r);
	settle_ups(&r);
	if (!r.err) {
		kw_lit_analyse(r.l);
		kw_lit_find_late(r.l);
		check_length(&r);
	}
	if (r.err) {
		g_propagate_error(err, r.err);
		kw_litmus_free(r.l);
		return NULL;
	}
	return r.l;
}

void kw_litmus_free(struct kw_litmus *l)
{
	unsigned t;

	if (!l)
		return;
	for (t = 0; t < KW_LIT_MAX_THREADS; t++) {
		g_array_free(l->threads[t].insns, TRUE);
		g_ptr_array_free(l->threads[t].regs, TRUE);
	}
	g_ptr_array_free(l->vars, TRUE);
	g_array_free(l->nodes, TRUE);
	g_array_free(l->conds, TRUE);
	g_array_free(l->shown, TRUE);
	g_free(l->condition);
	g_free(l->name);
	g_free(l);
}
