/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Spin and a plain search see of a program, in a form that can be
 * compared: end states are bytes of the explorer's state.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../../sim/export/promela.h"
#include "../../sim/explore/orders.h"
#include "../../sim/explore/visited.h"
#include "../../sim/machine/step.h"
#include "spin.h"

/* None of it matters for what is counted; it makes pan.c compile faster. */
#define CFLAGS "-O0 -w -DNOREDUCE -DNOFAIR"

static GHashTable *set_new(void)
{
	return g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
				     (GDestroyNotify)g_bytes_unref, NULL);
}

bool same_set(GHashTable *a, GHashTable *b)
{
	GHashTableIter it;
	void *state;

	if (g_hash_table_size(a) != g_hash_table_size(b))
		return false;
	g_hash_table_iter_init(&it, a);
	while (g_hash_table_iter_next(&it, &state, NULL))
		if (!g_hash_table_contains(b, state))
			return false;
	return true;
}

void seen_free(struct seen *s)
{
	g_hash_table_destroy(s->ends);
	if (s->keys)
		g_hash_table_destroy(s->keys);
	g_free(s->wrote);
}

/* Who nests on whom follows from who runs. */
static GBytes *comparable(const struct kw_program *p, const uint8_t *s,
			  uint32_t size)
{
	uint8_t *copy = g_memdup2(s, size);
	unsigned a;

	for (a = 0; a < p->nr_actors; a++)
		kw_actor(p, copy, a)->nest = 0;
	return g_bytes_new_take(copy, size);
}

static bool is_stopped(const struct kw_program *p, uint8_t *s, unsigned a)
{
	const struct kw_actor *ac = &p->actors[a];
	unsigned home = ac->home;

	if (kw_actor(p, s, a)->run != KW_READY)
		return false;
	if (kw_actor(p, s, a)->nest)
		return true;
	if (ac->type == KW_VIRQ)
		home = p->actors[home].home;
	return (ac->type == KW_GUEST || ac->type == KW_VIRQ) &&
	       kw_actor(p, s, home)->run != KW_IN_GUEST;
}

bool has_stopped(const struct kw_program *p, const uint8_t *s)
{
	uint8_t *copy = g_memdup2(s, p->state_size);
	bool any = false;
	unsigned a;

	for (a = 0; a + 1 < p->nr_actors; a++)
		any |= is_stopped(p, copy, a);
	g_free(copy);
	return any;
}

GBytes *end_key(const struct kw_program *p, const struct seen *all,
		const uint8_t *s)
{
	uint8_t *from = g_memdup2(s, all->size), *to = g_memdup2(s, all->size);
	unsigned a, i;
	GBytes *key;

	for (a = 0; a + 1 < p->nr_actors; a++) {
		if (!is_stopped(p, from, a))
			continue;
		for (i = 0; i < all->size; i++)
			if (all->wrote[a * all->size + i])
				to[i] = 0;
		memset(kw_actor(p, to, a), 0, sizeof(struct kw_actor_state) +
					      2u * p->actors[a].nr_regs);
	}
	key = comparable(p, to, all->size);
	g_free(from);
	g_free(to);
	return key;
}

/* --- plainly ---------------------------------------------------------- */

struct plain {
	const struct kw_program *p;
	struct kw_world *w;
	struct seen *seen;
	GHashTable *states;
	GQueue todo;
	uint32_t size;
	struct kw_locks *locks;
	struct kw_orders *orders;
};

static void reach(struct plain *b, const uint8_t *s)
{
	GBytes *state = g_bytes_new(s, b->size);

	if (g_hash_table_contains(b->states, state)) {
		g_bytes_unref(state);
		return;
	}
	g_hash_table_add(b->states, state);
	g_queue_push_tail(&b->todo, state);
}

static unsigned property_of(const struct plain *b, unsigned slot)
{
	const struct kw_slot *x = kw_world_slot(b->w, slot);

	return x->vcpu >= 0 ? KW_FINDS_MISSED :
			      KW_FINDS_INVARIANT + x->invariant;
}

/* Nothing follows s, or only failures do. */
static void at_end(struct plain *b, uint8_t *s)
{
	unsigned v;

	g_hash_table_add(b->seen->ends, comparable(b->p, s, b->size));
	for (v = 0; v < kw_world_nr_slots(b->w); v++)
		if (kw_world_slot(b->w, v)->lasts &&
		    kw_world_ails(b->w, s, v))
			b->seen->found |= 1u << property_of(b, v);
}

/* Which bytes a step of the actor changes. */
static void learn(struct plain *b, const struct kw_move *move,
		  const uint8_t *from, const uint8_t *to)
{
	uint8_t *wrote = b->seen->wrote + move->actor * b->size;
	uint32_t i;

	for (i = 0; move->type == KW_STEP && i < b->size; i++)
		wrote[i] |= from[i] != to[i];
}

static void note_orders(struct plain *b, const uint8_t *s)
{
	struct kw_order of[KW_MAX_ORDERS];
	unsigned a, i, nr;

	for (a = 0; a + 1 < b->p->nr_actors; a++) {
		nr = kw_world_shows_orders(b->w, s, a, of);
		for (i = 0; i < nr; i++)
			kw_orders_add(b->orders, &of[i]);
	}
}

static void find_cycle(struct plain *b)
{
	GArray *cycle = kw_orders_cycle(b->orders);

	if (!cycle)
		return;
	b->seen->found |= 1 << KW_FINDS_ORDER;
	g_array_free(cycle, TRUE);
}

static void expand(struct plain *b, uint8_t *from)
{
	static struct kw_move moves[KW_MAX_MOVES];
	uint8_t *to = g_malloc(b->size);
	unsigned nr = kw_world_moves(b->w, from, moves), i, addr, next = 0;
	struct kw_seen_by_move by;

	note_orders(b, from);
	for (i = 0; i < nr; i++) {
		memcpy(to, from, b->size);
		kw_world_apply(b->w, to, &moves[i], &by);
		b->seen->transitions++;
		if (by.spurious >= 0)
			b->seen->found |= 1 << KW_FINDS_SPURIOUS;
		if (by.raced)
			b->seen->found |= 1 << KW_FINDS_RACE;
		if (by.row >= 0)
			b->seen->found |= 1 << KW_FINDS_ROW;
		b->seen->found |= (unsigned)by.broken << KW_FINDS_INVARIANT;
		if (by.failed) {
			b->seen->found |= 1 << KW_FINDS_FAILED;
			continue;
		}
		next++;
		learn(b, &moves[i], from, to);
		reach(b, to);
	}
	if (!next)
		at_end(b, from);
	if (!nr)
		b->seen->nr_ends++;
	if (!nr && kw_world_blocked(b->w, from, &addr))
		b->seen->found |= 1 << KW_FINDS_DEADLOCK;
	g_free(to);
}

/* When all is known that the keys depend on. */
static void make_keys(struct plain *b)
{
	struct kw_move *moves = g_new(struct kw_move, KW_MAX_MOVES);
	GHashTableIter it;
	void *state;

	g_hash_table_iter_init(&it, b->states);
	while (g_hash_table_iter_next(&it, &state, NULL)) {
		uint8_t *s = g_memdup2(g_bytes_get_data(state, NULL), b->size);

		if (!kw_world_moves(b->w, s, moves))
			g_hash_table_add(b->seen->keys,
					 end_key(b->p, b->seen, s));
		g_free(s);
	}
	g_free(moves);
}

void seen_plainly(const struct kw_program *p, const struct kw_world_opts *o,
		  struct seen *s)
{
	struct plain b = { .p = p, .w = kw_world_new(p, o), .seen = s,
			   .locks = kw_locks_new(p) };
	uint8_t *start;

	*s = (struct seen){ .ends = set_new(), .keys = set_new() };
	b.states = set_new();
	b.orders = kw_orders_new(b.locks);
	s->size = b.size = kw_world_size(b.w);
	s->wrote = g_malloc0((size_t)p->nr_actors * b.size);
	g_queue_init(&b.todo);
	start = g_malloc(b.size);
	kw_world_start(b.w, start);
	reach(&b, start);
	while (b.todo.length) {
		GBytes *state = g_queue_pop_head(&b.todo);

		memcpy(start, g_bytes_get_data(state, NULL), b.size);
		expand(&b, start);
	}
	s->states = g_hash_table_size(b.states);
	find_cycle(&b);
	kw_orders_free(b.orders);
	kw_locks_free(b.locks);
	make_keys(&b);
	g_hash_table_destroy(b.states);
	kw_world_free(b.w);
	g_free(start);
}

/* --- by Spin ---------------------------------------------------------- */

bool spin_is_there(void)
{
	char *spin = g_find_program_in_path("spin");
	char *gcc = g_find_program_in_path("gcc");
	bool both = spin && gcc;

	g_free(spin);
	g_free(gcc);
	return both;
}

/* Runs it in folder; its output, or NULL with a word. */
static char *run(const char *folder, const char *command)
{
	char *argv[] = { (char *)"sh", (char *)"-c", NULL, NULL };
	char *line = g_strdup_printf("cd '%s' && exec %s 2>&1", folder,
				     command);
	char *out = NULL;
	GError *err = NULL;
	int status = -1;

	argv[2] = line;
	if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
			  &out, NULL, &status, &err)) {
		fprintf(stderr, "%s: %s\n", command, err->message);
		g_clear_error(&err);
	} else if (status) {
		fprintf(stderr, "%s: status %d\n%.2000s\n", command, status,
			out);
		g_clear_pointer(&out, g_free);
	}
	g_free(line);
	return out;
}

static uint64_t number_before(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	while (at && at > text && at[-1] != '\n')
		at--;
	return at ? g_ascii_strtoull(at, NULL, 10) : 0;
}

/* " 12=5 14=1" */
static void read_bytes(const char *line, uint8_t *state, uint32_t size)
{
	unsigned addr, value;
	int used;

	for (; sscanf(line, " %u=%u%n", &addr, &value, &used) == 2;
	     line += used) {
		g_assert_cmpuint(addr, <, size);
		state[addr] = (uint8_t)value;
	}
}

/* What the model says of that place. */
static void read_place(const char *model, unsigned a, unsigned place,
		       uint8_t *state, uint32_t size)
{
	char *want = g_strdup_printf("/* place %u %u ", a, place);
	const char *at = strstr(model, want);

	/* Where it is idle there may be no byte but 0. */
	if (at)
		read_bytes(at + strlen(want) - 1, state, size);
	g_free(want);
}

struct start {
	const struct kw_program *p;
	const char *model;
	uint8_t *state;
	uint32_t size;
};

/* " 0@5 1@7 12=5 14=1" */
static void read_end(const struct start *b, const char *line, struct seen *s)
{
	uint8_t *state = g_memdup2(b->state, b->size);
	unsigned a, place;
	int used;

	for (; sscanf(line, " %u@%u%n", &a, &place, &used) == 2;
	     line += used) {
		memset(kw_actor(b->p, state, a), 0,
		       sizeof(struct kw_actor_state) +
		       2u * b->p->actors[a].nr_regs);
		read_place(b->model, a, place, state, b->size);
	}
	read_bytes(line, state, b->size);
	g_hash_table_add(s->ends, comparable(b->p, state, b->size));
	g_free(state);
}

static void read_pan(const struct kw_program *p, const struct kw_world_opts *o,
		     const char *model, const char *out, struct seen *s)
{
	struct kw_world *w = kw_world_new(p, o);
	struct start b = { p, model, g_malloc(kw_world_size(w)),
			   kw_world_size(w) };
	char **lines = g_strsplit(out, "\n", -1);
	unsigned i, f;

	kw_world_start(w, b.state);
	for (i = 0; lines[i]; i++) {
		if (g_str_has_prefix(lines[i], "end "))
			read_end(&b, lines[i] + 3, s);
		for (f = 0; f < KW_FINDS_INVARIANT + p->nr_invariants; f++)
			if (g_str_has_prefix(lines[i], "found ") &&
			    !strcmp(lines[i] + 6, kw_property_name(p, f)))
				s->found |= 1u << f;
	}
	s->states = number_before(out, " states, stored");
	/* It counts the way to the first state, too. */
	s->transitions = number_before(out, " transitions (") - 1;
	g_strfreev(lines);
	g_free(b.state);
	kw_world_free(w);
}

/* Returns its text. */
static char *write_model(const char *folder, const struct kw_program *p,
			 const struct kw_promela_opts *o)
{
	char *path = g_build_filename(folder, "model.pml", NULL);
	GString *text = g_string_new(NULL);
	GError *err = NULL;

	kw_promela_write(p, o, text, &err);
	g_assert_no_error(err);
	g_file_set_contents(path, text->str, (gssize)text->len, &err);
	g_assert_no_error(err);
	g_free(path);
	return g_string_free(text, FALSE);
}

/* What pan says of it, or NULL; *model is its text. */
static char *judge(const struct kw_program *p,
		   const struct kw_promela_opts *o, const char *gcc,
		   const char *pan, char **model)
{
	const char *const commands[] = {
		"spin -a -o2 -o3 model.pml", gcc, pan,
	};
	char *folder = g_dir_make_tmp("kw-spin-XXXXXX", NULL), *out = NULL;
	char *rm = g_strdup_printf("rm -rf '%s'", folder);
	bool fine = true;
	unsigned i;

	*model = write_model(folder, p, o);
	for (i = 0; fine && i < G_N_ELEMENTS(commands); i++) {
		g_free(out);
		out = run(folder, commands[i]);
		fine = out != NULL;
	}
	g_free(run("/", rm));
	g_free(rm);
	g_free(folder);
	return out;
}

bool seen_by_spin(const struct kw_program *p, const struct kw_world_opts *o,
		  struct seen *s)
{
	const struct kw_promela_opts opts = {
		.about = "a test", .list = true, .orders = true,
		.preemptions = o->preemptions, .check = o->check,
		.row = o->row, .per_kick = o->per_kick,
	};
	char *model, *out;

	*s = (struct seen){ .ends = set_new() };
	out = judge(p, &opts, "gcc " CFLAGS " -DSAFETY -DNOCLAIM -o pan pan.c",
		    "./pan -E -c0 -m100000 -w18", &model);
	if (out)
		read_pan(p, o, model, out, s);
	g_free(model);
	g_free(out);
	return s->states;
}

int storm_by_spin(const struct kw_program *p)
{
	const struct kw_promela_opts opts = {
		.about = "a test", .storm = true,
	};
	char *model, *out;
	int found = -1;

	out = judge(p, &opts, "gcc " CFLAGS " -o pan pan.c",
		    "./pan -a -m1000000 -w20", &model);
	if (out && !strstr(out, "max search depth too small"))
		found = strstr(out, "acceptance cycle (") != NULL;
	g_free(model);
	g_free(out);
	return found;
}
