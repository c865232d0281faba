/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Straight-line programs by chance under arm64: with and without reduction a
 * search ends in the same states; and, where KVMWAKE_MODEL names the model's
 * reference, in those that it allows (straight.py).  Timed runs end in states
 * that a search under the same model ends in, and in some that it does not
 * end in under a stronger one.
 *
 * Two or three threads, two to four accesses each.  What a load reads is
 * stored where nobody else looks, so that an end state tells it.
 */
#include <stdio.h>
#include <unistd.h>
#include "../lib/asm.h"
#include "../../sim/explore/search.h"
#include "../../sim/run/run.h"

#define PROGRAMS 100
#define TIMED_PROGRAMS 400
#define RUNS 100		/* of each, under each model */

enum { VARS = 8, NR_VARS = 3, OUTS = 16, NR_OUTS = 16 };

struct op {
	const char *kind;	/* as the reference calls it */
	unsigned var, value, out;
};

struct program {
	struct op of[3][4];
	unsigned nr_threads, nr[3], nr_values, nr_outs;
};

static unsigned draw(uint64_t *x, unsigned n)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

static bool is_read(const char *kind)
{
	return *kind == 'R' || *kind == 'X';
}

static void generate(struct program *p, uint64_t seed)
{
	static const char *const kinds[] = {
		"R", "R", "Ra", "W", "W", "Wr", "mb", "rmb", "wmb", "X",
	};
	unsigned t, i;

	memset(p, 0, sizeof(*p));
	p->nr_threads = draw(&seed, 3) ? 2 : 3;
	for (t = 0; t < p->nr_threads; t++) {
		p->nr[t] = 2 + draw(&seed, p->nr_threads == 2 ? 3 : 2);
		for (i = 0; i < p->nr[t]; i++) {
			struct op *a = &p->of[t][i];

			a->kind = kinds[draw(&seed, G_N_ELEMENTS(kinds))];
			a->var = draw(&seed, p->nr_threads);
			if (*a->kind == 'W' || *a->kind == 'X')
				a->value = ++p->nr_values;
			if (is_read(a->kind))
				a->out = p->nr_outs++;
		}
	}
}

/* A load or an xchg, and a store of each value to its own place. */
static void read_and_tell(struct assembler *m, const struct program *p,
			  const struct op *a)
{
	bool xchg = *a->kind == 'X';
	struct kw_node *n = asm_op(m, xchg ? KW_OP_XCHG : KW_OP_LOAD,
				   VARS + a->var, a->value);
	uint16_t *succ = m->succ + m->p.nr_succ, after;
	unsigned v;

	n->flags = KW_NODE_MANY | KW_NODE_ONCE |
		   (strcmp(a->kind, "Ra") ? 0 : KW_NODE_ACQUIRE);
	n->next[0] = (uint16_t)m->p.nr_succ;
	n->next[1] = (uint16_t)(p->nr_values + 1);
	m->p.nr_succ += p->nr_values + 1;
	after = (uint16_t)(asm_here(m) + p->nr_values + 1);
	for (v = 0; v <= p->nr_values; v++) {
		succ[v] = asm_here(m);
		n = asm_op(m, KW_OP_STORE, OUTS + a->out, v);
		n->next[0] = after;
	}
}

static void put_access(struct assembler *m, const struct program *p,
		       const struct op *a)
{
	struct kw_node *n;

	if (!strcmp(a->kind, "mb"))
		asm_op(m, KW_OP_MB, 0, 0);
	else if (!strcmp(a->kind, "rmb"))
		asm_op(m, KW_OP_RMB, 0, 0);
	else if (!strcmp(a->kind, "wmb"))
		asm_op(m, KW_OP_WMB, 0, 0);
	else if (is_read(a->kind))
		read_and_tell(m, p, a);
	else {
		n = asm_op(m, KW_OP_STORE, VARS + a->var, a->value);
		n->flags = KW_NODE_ONCE |
			   (strcmp(a->kind, "Wr") ? 0 : KW_NODE_RELEASE);
	}
}

static void assemble(struct assembler *m, const struct program *p)
{
	static const char *const names[] = { "x", "y", "z" };
	unsigned t, i;
	uint16_t at;

	asm_begin(m);
	asm_object(m, OUTS + NR_OUTS - VARS);
	m->kind.size = OUTS + NR_OUTS - VARS;
	m->kind.fields = m->fields;
	for (i = 0; i < NR_VARS + NR_OUTS; i++)
		m->fields[m->kind.nr_fields++] = (struct kw_field){
			.name = i < NR_VARS ? names[i] : "out",
			.type = KW_COUNT, .max = (uint8_t)p->nr_values,
			.off = (uint16_t)(i < NR_VARS ? i :
					  OUTS - VARS + i - NR_VARS),
		};
	for (t = 0; t < p->nr_threads; t++) {
		at = asm_here(m);
		for (i = 0; i < p->nr[t]; i++)
			put_access(m, p, &p->of[t][i]);
		asm_op(m, KW_OP_JUMP, 0, 0)->op = KW_OP_END;
		asm_actor(m, KW_THREAD, true, at, 0xffff);
	}
	g_assert_cmpuint(m->p.nr_nodes, <=, ASM_MAX);
	/* Which field a node accesses is what reductions look at. */
	m->p.labels = m->labels;
	for (i = 0; i < m->p.nr_nodes; i++)
		m->labels[i] = m->nodes[i].off >= OUTS ? "out" :
			       m->nodes[i].off >= VARS ?
				       names[m->nodes[i].off - VARS] : "";
	asm_end(m);
}

static void at_end(void *arg, const uint8_t *s)
{
	GHashTable *ends = arg;

	g_hash_table_add(ends, g_bytes_new(s + VARS, OUTS + NR_OUTS - VARS));
}

static GHashTable *search(struct assembler *m, enum kw_weak_model memory,
			  bool fold, bool *bounded)
{
	const struct kw_world_opts o = {
		.memory = memory, .fold = fold, .settle = fold,
	};
	GHashTable *ends = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					(GDestroyNotify)g_bytes_unref, NULL);
	const struct kw_search_opts how = { .end = at_end, .end_arg = ends };
	struct kw_world *w = kw_world_new(&m->p, &o);
	struct kw_search_result res;

	kw_search(w, &how, &res);
	g_assert_true(res.complete);
	*bounded |= kw_world_was_bounded(w);
	kw_search_result_free(&res);
	kw_world_free(w);
	return ends;
}

/* --- for straight.py: a line of JSON a program ------------------------- */

static void put_program(const struct program *p, GString *out)
{
	unsigned t, i, reg;

	g_string_append(out, "{\"program\": [");
	for (t = 0; t < p->nr_threads; t++) {
		g_string_append(out, t ? ", [" : "[");
		for (i = reg = 0; i < p->nr[t]; i++) {
			const struct op *a = &p->of[t][i];

			g_string_append_printf(out, "%s[\"%s\"", i ? ", " : "",
					       a->kind);
			if (!strchr(a->kind, 'b'))
				g_string_append_printf(out, ", %u", a->var);
			if (*a->kind == 'W' || *a->kind == 'X')
				g_string_append_printf(out, ", %u", a->value);
			if (is_read(a->kind))
				g_string_append_printf(out, ", %u", reg++);
			g_string_append_c(out, ']');
		}
		g_string_append_c(out, ']');
	}
	g_string_append(out, "], \"ends\": [");
}

static void put_ends(const struct program *p, GHashTable *ends, GString *out)
{
	GHashTableIter it;
	bool first = true;
	unsigned i;
	void *key;

	g_hash_table_iter_init(&it, ends);
	while (g_hash_table_iter_next(&it, &key, NULL)) {
		const uint8_t *b = g_bytes_get_data(key, NULL);

		g_string_append(out, first ? "[" : ", [");
		for (i = 0; i < p->nr_outs; i++)
			g_string_append_printf(out, "%u, ",
					       b[OUTS - VARS + i]);
		g_string_append_printf(out, "%u, %u, %u]", b[0], b[1], b[2]);
		first = false;
	}
	g_string_append(out, "]}\n");
}

static void ask_reference(const GString *lines)
{
	const char *named = g_getenv("KVMWAKE_MODEL");
	const char *reference = named ? named : "../shared/memory_model.py";
	char *argv[] = {
		(char *)"python3", (char *)"tests/explore/straight.py",
		(char *)(uintptr_t)reference, NULL, NULL,
	};
	char *path = NULL, *out = NULL;
	GError *err = NULL;
	int fd, status;

	if (access(reference, R_OK)) {
		g_test_skip("KVMWAKE_MODEL does not name the reference");
		return;
	}
	fd = g_file_open_tmp("kw-straight-XXXXXX", &path, &err);
	g_assert_no_error(err);
	close(fd);
	g_file_set_contents(path, lines->str, (gssize)lines->len, &err);
	g_assert_no_error(err);
	argv[3] = path;
	g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
		     NULL, &status, &err);
	g_assert_no_error(err);
	g_test_message("%s", out);
	g_assert_cmpint(status, ==, 0);
	remove(path);
	g_free(path);
	g_free(out);
}

static void test_straight(void)
{
	GString *lines = g_string_new(NULL);
	struct assembler m;
	struct program p;
	unsigned seed;

	for (seed = 1; seed <= PROGRAMS; seed++) {
		bool bounded = false;
		GHashTable *plain, *folded;
		GHashTableIter it;
		void *key;

		generate(&p, seed);
		assemble(&m, &p);
		plain = search(&m, KW_WEAK_ARM64, false, &bounded);
		folded = search(&m, KW_WEAK_ARM64, true, &bounded);
		g_assert_false(bounded);
		g_assert_cmpuint(g_hash_table_size(plain), ==,
				 g_hash_table_size(folded));
		g_hash_table_iter_init(&it, plain);
		while (g_hash_table_iter_next(&it, &key, NULL))
			g_assert_true(g_hash_table_contains(folded, key));
		put_program(&p, lines);
		put_ends(&p, plain, lines);
		g_hash_table_destroy(plain);
		g_hash_table_destroy(folded);
	}
	ask_reference(lines);
	g_string_free(lines, TRUE);
}

/* --- in time ------------------------------------------------------------ */

static void keep_memory(void *arg, const struct kw_event *e, const uint8_t *s)
{
	(void)e;
	memcpy(arg, s + VARS, OUTS + NR_OUTS - VARS);
}

/* The states that runs end in. */
static GHashTable *run(struct assembler *m, enum kw_weak_model memory)
{
	uint8_t last[OUTS + NR_OUTS - VARS] = { 0 };
	const struct kw_run_opts o = {
		.seed = 1, .memory = memory, .duration_ns = 1000000,
		.observe = keep_memory, .observe_arg = last,
	};
	struct kw_runner *r = kw_runner_new(&m->p, &o);
	GHashTable *seen = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					(GDestroyNotify)g_bytes_unref, NULL);
	struct kw_result res;
	unsigned i;

	for (i = 0; i < RUNS; i++) {
		memset(last, 0, sizeof(last));
		kw_runner_run(r, i, &res);
		g_assert_null(res.failure);
		g_hash_table_add(seen, g_bytes_new(last, sizeof(last)));
	}
	kw_runner_free(r);
	return seen;
}

/* How many of these are not among those? */
static unsigned others(GHashTable *these, GHashTable *those)
{
	GHashTableIter it;
	unsigned nr = 0;
	void *key;

	g_hash_table_iter_init(&it, these);
	while (g_hash_table_iter_next(&it, &key, NULL))
		nr += !g_hash_table_contains(those, key);
	return nr;
}

static void time_passes(struct assembler *m)
{
	unsigned i;

	for (i = 0; i < KW_NR_COSTS; i++)
		m->p.host.op_ns[i].max = 40;
	m->p.host.store_drain_ns.max = 100;
	m->p.host.load_window_ns.max = 100;
}

static void test_timed(void)
{
	unsigned seen[KW_WEAK_NR] = { 0 }, weak[KW_WEAK_NR] = { 0 }, seed, i;
	GHashTable *ends[KW_WEAK_NR], *runs;
	struct assembler m;
	struct program p;
	bool bounded = false;

	for (seed = 1; seed <= TIMED_PROGRAMS; seed++) {
		generate(&p, seed);
		assemble(&m, &p);
		time_passes(&m);
		for (i = 0; i < KW_WEAK_NR; i++) {
			ends[i] = search(&m, (enum kw_weak_model)i, true,
					 &bounded);
			runs = run(&m, (enum kw_weak_model)i);
			g_assert_cmpuint(others(runs, ends[i]), ==, 0);
			seen[i] += g_hash_table_size(runs);
			weak[i] += others(runs, ends[i ? i - 1 : 0]);
			g_hash_table_destroy(runs);
		}
		for (i = 0; i < KW_WEAK_NR; i++)
			g_hash_table_destroy(ends[i]);
	}
	for (i = 0; i < KW_WEAK_NR; i++)
		g_test_message("%s: %u ends, %u of them not under a stronger "
			       "model", kw_weak_names[i], seen[i], weak[i]);
	g_assert_cmpuint(weak[KW_WEAK_TSO], >, 0);
	g_assert_cmpuint(weak[KW_WEAK_ARM64], >, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/straight/arm64", test_straight);
	g_test_add_func("/straight/timed", test_timed);
	return g_test_run();
}
