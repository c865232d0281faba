/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Lua directory made for a test: a prelude of three lines, one kernel
 * "v1", one scenario.  Line 1 of either text is the first line of its file.
 */
#ifndef KW_TEST_KIT_H
#define KW_TEST_KIT_H

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "machine/machine.h"
#include "program/show.h"
#include "script/script.h"

static const char kit_prelude[] =
	"function scenario(t)\n"
	"	if kernel_name() then t.build() end\n"
	"	t.build = nil; t.expect = { v1 = {} } return t\n"
	"end\n";

struct kit {
	char *dir, *scenario;
};

static inline void kit_write(const struct kit *k, const char *name,
			     const char *text)
{
	char *path = g_build_filename(k->dir, name, NULL);
	char *folder = g_path_get_dirname(path);

	g_mkdir_with_parents(folder, 0700);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_free(folder);
	g_free(path);
}

static inline struct kit kit_new(const char *kernel, const char *build)
{
	struct kit k = { g_dir_make_tmp("kw-XXXXXX", NULL), NULL };
	char *text;

	text = g_strdup_printf("return scenario { name = \"t\", build = "
			       "function() %s\nend }\n", build);
	kit_write(&k, "kvmwake/init.lua", kit_prelude);
	kit_write(&k, "kernel/v1.lua", kernel);
	kit_write(&k, "s.lua", text);
	k.scenario = g_build_filename(k.dir, "s.lua", NULL);
	g_free(text);
	return k;
}

static inline void kit_remove(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		char *below = g_build_filename(path, name, NULL);

		kit_remove(below);
		g_free(below);
	}
	if (dir)
		g_dir_close(dir);
	g_remove(path);
}

static inline void kit_free(struct kit *k)
{
	kit_remove(k->dir);
	g_free(k->dir);
	g_free(k->scenario);
}

static inline struct kw_scenario *kit_load(const struct kit *k,
					   const char *kernel, GError **err)
{
	struct kw_script script = {
		.lua_dir = k->dir, .kernel = kernel, .path = k->scenario,
		.whole_paths = true,
	};

	return kw_script_load(&script, err);
}

/* Must compile. */
static inline struct kw_scenario *kit_compile(const char *kernel,
					      const char *build)
{
	struct kit k = kit_new(kernel, build);
	GError *err = NULL;
	struct kw_scenario *s = kit_load(&k, "v1", &err);

	g_assert_no_error(err);
	kit_free(&k);
	return s;
}

/* Must not; the message begins with place and has text in it. */
static inline void kit_refuses(const char *kernel, const char *build,
			       const char *place, const char *text)
{
	struct kit k = kit_new(kernel, build);
	GError *err = NULL;
	struct kw_scenario *s = kit_load(&k, "v1", &err);
	char *want = g_strdup_printf("%s/%s", k.dir, place);

	g_assert_null(s);
	if (!g_str_has_prefix(err->message, want) ||
	    !strstr(err->message, text) || strchr(err->message, '\n'))
		g_error("\"%s\" is not \"%s ... %s\"", err->message, want,
			text);
	g_error_free(err);
	g_free(want);
	kit_free(&k);
}

/* The address of "vcpu0.mode". */
static inline unsigned kit_address(const struct kw_program *p,
				   const char *name)
{
	GString *s = g_string_new(NULL);
	unsigned a, found = 0;

	for (a = 8; a < p->objects_size && !found; a++) {
		g_string_truncate(s, 0);
		kw_address_name(p, a, s);
		found = strcmp(s->str, name) ? 0 : a;
	}
	g_string_free(s, TRUE);
	g_assert_cmpuint(found, !=, 0);
	return found;
}

/* The address of object "vcpu0". */
static inline unsigned kit_object(const struct kw_program *p, const char *name)
{
	unsigned i;

	for (i = 0; i < p->nr_objects; i++)
		if (!strcmp(p->objects[i].name, name))
			return p->objects[i].addr;
	g_assert_not_reached();
}

static inline unsigned kit_actor(const struct kw_program *p, const char *name)
{
	unsigned a;

	for (a = 0; a < p->nr_actors; a++)
		if (!strcmp(p->actors[a].name, name))
			return a;
	g_error("no actor %s", name);
}

static inline uint8_t *kit_state(const struct kw_program *p)
{
	return g_memdup2(p->init, p->state_size);
}

/* Steps one actor to its end, alone; CHOICE is 0. */
static inline void kit_run(const struct kw_program *p, uint8_t *s,
			   const char *name)
{
	unsigned a = kit_actor(p, name), steps;
	struct kw_done done;

	for (steps = 0; steps < 10000; steps++) {
		kw_step(p, s, a, 0, NULL, &done);
		if (done.effect == KW_EFF_FAIL)
			g_error("%s fails: message %u", name, done.val);
		if (done.effect == KW_EFF_END)
			return;
	}
	g_error("%s does not end", name);
}

/* What name shows as, without the column of places. */
static inline char *kit_show(const struct kw_program *p, const char *name)
{
	GString *out = g_string_new(NULL);

	g_assert_cmpuint(kw_show_path(p, name, out), >, 0);
	return g_string_free(out, FALSE);
}

/* How many nodes have this operation. */
static inline unsigned kit_count(const struct kw_program *p, unsigned op)
{
	unsigned i, n = 0;

	for (i = 0; i < p->nr_nodes - 1; i++)
		n += p->nodes[i].op == op;
	return n;
}

#endif
