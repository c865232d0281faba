/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `litmus`: decides how litmus tests are reported: as herd7 does, so that
 * scripts which read herd's output can read this.
 *
 * A verdict differs when it contradicts what its file says: something seen
 * that "Result: Never" excludes, a ~exists or forall that does not hold.
 * Not to see what is allowed is no difference; the models are incomplete.
 */
#include <inttypes.h>
#include <string.h>
#include "../litmus/litmus.h"
#include "cli.h"

struct judged {
	const struct kw_litmus *l;
	const struct kw_litmus_result *r;
	const char *file;
	enum kw_weak_model model;
	bool differs;
};

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_folder(const char *path, GPtrArray *files, GError **err)
{
	GPtrArray *found = g_ptr_array_new();
	GDir *dir = g_dir_open(path, 0, err);
	const char *name;
	unsigned i;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".litmus"))
			g_ptr_array_add(found, g_build_filename(path, name,
								NULL));
	g_ptr_array_sort(found, by_name);
	for (i = 0; i < found->len; i++)
		g_ptr_array_add(files, found->pdata[i]);
	g_ptr_array_free(found, TRUE);
	if (dir)
		g_dir_close(dir);
	return dir != NULL;
}

/* Folders give the *.litmus that are in them. */
static GPtrArray *find_files(struct kw_cli *cli, GError **err)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	unsigned i;

	for (i = 0; i < cli->args->len; i++) {
		const char *path = cli->args->pdata[i];

		if (!g_file_test(path, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(files, g_strdup(path));
		else if (!add_folder(path, files, err))
			break;
	}
	return files;
}

static bool differs(const struct kw_litmus *l,
		    const struct kw_litmus_result *r)
{
	int documented = kw_litmus_documented(l);

	if (r->race || !r->states->len)
		return false;
	if (!r->ok && !r->bounded && strcmp(kw_litmus_kind(l), "Allowed"))
		return true;
	return (documented == KW_LITMUS_NEVER && r->positive) ||
	       (documented == KW_LITMUS_ALWAYS && r->negative);
}

/* Whether the number of states that were looked at allows a verdict. */
static bool is_open(const struct kw_litmus_result *r)
{
	return r->bounded && r->seen != KW_LITMUS_SOMETIMES;
}

static void put_flags(const struct kw_litmus_result *r, GString *out)
{
	if (r->race)
		g_string_append(out, "Flag data-race\n");
	if (r->bad_pointer)
		g_string_append(out, "Flag bad-pointer\n");
	if (r->deadlock)
		g_string_append(out, "Flag deadlock\n");
}

static void put_text(struct kw_cli *cli, const struct judged *j)
{
	const char *name = kw_litmus_name(j->l);
	char *condition = kw_litmus_condition(j->l);
	const struct kw_litmus_result *r = j->r;
	GString *out = cli->out;
	unsigned i;

	g_string_append_printf(out, "Test %s %s\nStates %u\n", name,
			       kw_litmus_kind(j->l), r->states->len);
	for (i = 0; i < r->states->len; i++)
		g_string_append_printf(out, "%s\n",
				       (char *)r->states->pdata[i]);
	g_string_append_printf(out, "%s\nWitnesses\nPositive: %" PRIu64
			       " Negative: %" PRIu64 "\n",
			       r->ok ? "Ok" : "No", r->positive, r->negative);
	put_flags(r, out);
	g_string_append_printf(out, "Condition %s\nMemory %s, %" PRIu64
			       " states explored\n", condition,
			       kw_weak_names[j->model], r->nr_explored);
	if (j->differs)
		g_string_append(out, "Differs from what the file says\n");
	g_string_append_printf(out, "Observation %s %s %" PRIu64 " %" PRIu64
			       "\n\n", name, is_open(r) ? "Bounded" :
			       kw_litmus_seen_names[r->seen],
			       r->positive, r->negative);
	g_free(condition);
}

static void put_json(struct kw_cli *cli, const struct judged *j)
{
	char *condition = kw_litmus_condition(j->l);
	const struct kw_litmus_result *r = j->r;
	struct kw_json json;
	unsigned i;

	kw_json_begin(&json, cli->out, "litmus");
	kw_json_text(&json, "file", j->file);
	kw_json_text(&json, "name", kw_litmus_name(j->l));
	kw_json_text(&json, "memory", kw_weak_names[j->model]);
	kw_json_text(&json, "condition", condition);
	kw_json_text(&json, "observation", is_open(r) ? "Bounded" :
		     kw_litmus_seen_names[r->seen]);
	kw_json_bool(&json, "ok", r->ok);
	kw_json_bool(&json, "differs", j->differs);
	kw_json_u64(&json, "positive", r->positive);
	kw_json_u64(&json, "negative", r->negative);
	kw_json_bool(&json, "data_race", r->race);
	kw_json_bool(&json, "bad_pointer", r->bad_pointer);
	kw_json_bool(&json, "deadlock", r->deadlock);
	kw_json_u64(&json, "explored", r->nr_explored);
	kw_json_open(&json, "states", '[');
	for (i = 0; i < r->states->len; i++)
		kw_json_text(&json, NULL, r->states->pdata[i]);
	kw_json_close(&json, ']');
	kw_json_end(&json);
	g_free(condition);
}

static struct kw_litmus *load(struct kw_cli *cli, const char *file)
{
	struct kw_litmus *l = NULL;
	GError *err = NULL;
	gsize size;
	char *text;

	if (kw_cli_read(file, &text, &size, &err)) {
		l = kw_litmus_parse(file, text, size, &err);
		g_free(text);
	}
	if (!l)
		kw_cli_fail(cli, err);
	return l;
}

static int run_one(struct kw_cli *cli, const char *file,
		   enum kw_weak_model model)
{
	const struct kw_litmus_opts opts = {
		.model = model, .max_states = cli->o.max_states,
		.max_bytes = cli->o.max_memory << 20,
		.stop = &cli->stop, .no_reduction = cli->o.no_reduction,
		.no_load_buffering = cli->o.no_load_buffering,
	};
	struct kw_litmus *l = load(cli, file);
	struct kw_litmus_result r;
	struct judged j = {
		.l = l, .r = &r, .file = file, .model = model,
	};
	int code = KW_EXIT_FINE;

	if (!l)
		return KW_EXIT_USAGE;
	kw_litmus_run(l, &opts, &r);
	j.differs = differs(l, &r);
	if (j.differs)
		code = KW_EXIT_DIFFERS;
	else if (is_open(&r) || !r.states->len)
		code = KW_EXIT_NOTHING;
	if (cli->o.json)
		put_json(cli, &j);
	else if (!cli->o.quiet || code)
		put_text(cli, &j);
	kw_cli_flush(cli);
	kw_litmus_result_clear(&r);
	kw_litmus_free(l);
	return cli->stop ? KW_EXIT_INTERRUPTED : code;
}

/* The gravest: bad input, then a difference, then nothing tested. */
static int worse(int a, int b)
{
	static const int order[] = {
		KW_EXIT_INTERRUPTED, KW_EXIT_USAGE, KW_EXIT_DIFFERS,
		KW_EXIT_NOTHING,
	};
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return KW_EXIT_FINE;
}

int kw_verb_litmus(struct kw_cli *cli)
{
	enum kw_weak_model model;
	GError *err = NULL;
	GPtrArray *files;
	int code = KW_EXIT_FINE;
	unsigned i;

	if (!cli->args->len)
		return kw_cli_usage(cli, "litmus: which test? (see kvmwake "
				    "litmus --help)");
	if (!kw_cli_memory(cli, KW_DEFAULT_EXPLORED, &model))
		return KW_EXIT_USAGE;
	files = find_files(cli, &err);
	if (!err && !files->len)
		g_set_error(&err, KW_CLI_ERROR, KW_EXIT_NOTHING,
			    "no *.litmus there");
	kw_cli_watch_signals(cli);
	for (i = 0; !err && i < files->len && !cli->stop; i++)
		code = worse(code, run_one(cli, files->pdata[i], model));
	g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : code;
}
