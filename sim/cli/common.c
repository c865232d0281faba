/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what verbs have in common: how errors look, where Lua files are
 * found, what an argument means, what a signal does.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "cli.h"

/* Splits "file:line: message"; file stays NULL when it is none. */
static void split(const char *message, char **file, uint64_t *line)
{
	const char *colon = strstr(message, ": "), *p = colon;

	*file = NULL;
	while (p && p > message && g_ascii_isdigit(p[-1]))
		p--;
	if (!p || p == colon || p == message || p[-1] != ':')
		return;
	*file = g_strndup(message, (gsize)(p - 1 - message));
	*line = g_ascii_strtoull(p, NULL, 10);
}

static void print_error(struct kw_cli *cli, const char *message, int code)
{
	struct kw_json j;
	uint64_t line = 0;
	char *file;

	kw_cli_flush(cli);
	split(message, &file, &line);
	if (cli->o.json) {
		kw_json_begin(&j, cli->out, "error");
		kw_json_text(&j, "message", message);
		if (file) {
			kw_json_text(&j, "file", file);
			kw_json_u64(&j, "line", line);
		}
		kw_json_u64(&j, "exit", (uint64_t)code);
		kw_json_end(&j);
		kw_cli_flush(cli);
	} else {
		/* file:line: first, so that editors can jump there */
		fprintf(stderr, "%s%s\n", file ? "" : "kvmwake: ", message);
	}
	g_free(file);
}

int kw_cli_fail(struct kw_cli *cli, GError *err)
{
	int code = KW_EXIT_USAGE;

	if (err->domain == KW_CLI_ERROR)
		code = err->code;
	else if (err->domain == KW_STORE_ERROR &&
		 err->code == KW_STORE_DIFFERS)
		code = KW_EXIT_INTERNAL;
	print_error(cli, err->message, code);
	g_error_free(err);
	return code;
}

bool kw_cli_read(const char *path, char **text, gsize *size, GError **err)
{
	const char *why;
	GError *e = NULL;

	if (g_file_get_contents(path, text, size, &e))
		return true;
	/* GLib's message without its words and quotes */
	why = strrchr(e->message, ':');
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "%s%s", path,
		    why ? why : ": unreadable");
	g_error_free(e);
	return false;
}

int kw_cli_usage(struct kw_cli *cli, const char *fmt, ...)
{
	va_list ap;
	char *message;

	va_start(ap, fmt);
	message = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	print_error(cli, message, KW_EXIT_USAGE);
	g_free(message);
	return KW_EXIT_USAGE;
}

void kw_cli_note(struct kw_cli *cli, const char *fmt, ...)
{
	va_list ap;

	if (cli->o.quiet)
		return;
	kw_cli_flush(cli);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void kw_cli_progress(const char *fmt, ...)
{
	struct winsize size = { .ws_col = 0 };
	va_list ap;
	char *text;
	int width;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		size.ws_col = 80;
	width = size.ws_col - 1;
	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	fprintf(stderr, "\r%.*s\033[K", width, text);
	fflush(stderr);
	g_free(text);
}

void kw_cli_flush(struct kw_cli *cli)
{
	fwrite(cli->out->str, 1, cli->out->len, stdout);
	fflush(stdout);
	g_string_truncate(cli->out, 0);
}

void kw_cli_color(struct kw_cli *cli, const char *code, const char *text,
		  GString *out)
{
	const char *no_color = g_getenv("NO_COLOR");
	bool on = !strcmp(cli->o.color, "always") ||
		  (!strcmp(cli->o.color, "auto") && cli->tty_out &&
		   !(no_color && *no_color));

	if (on && !cli->o.json)
		g_string_append_printf(out, "\033[%sm%s\033[m", code, text);
	else
		g_string_append(out, text);
}

/* Without "..", and relative where it is below the current folder. */
static char *tidy_path(const char *path)
{
	char *full = g_canonicalize_filename(path, NULL);
	char *cwd = g_get_current_dir();
	size_t n = strlen(cwd);
	char *tidy;

	if (!strcmp(full, cwd))
		tidy = g_strdup(".");
	else if (!strncmp(full, cwd, n) && full[n] == '/')
		tidy = g_strdup(full + n + 1);
	else
		tidy = g_strdup(full);
	g_free(cwd);
	g_free(full);
	return tidy;
}

/* Beside the program (in a build folder), or where it was installed to. */
bool kw_cli_find_data(struct kw_cli *cli, GError **err)
{
	static const char *const below[] = { "..", "../share/kvmwake" };
	char *exe = g_file_read_link("/proc/self/exe", NULL);
	char *dir = g_path_get_dirname(exe ? exe : ".");
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(below) && !cli->data_dir; i++) {
		char *probe = g_build_filename(dir, below[i], "lua",
					       "kvmwake", NULL);

		if (g_file_test(probe, G_FILE_TEST_IS_DIR)) {
			char *found = g_build_filename(dir, below[i], NULL);

			cli->data_dir = tidy_path(found);
			g_free(found);
		}
		g_free(probe);
	}
	if (!cli->data_dir && !cli->o.lua)
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "no Lua files at %s/../lua nor "
			    "%s/../share/kvmwake/lua: say --lua DIR", dir,
			    dir);
	g_free(dir);
	g_free(exe);
	if (cli->data_dir && !cli->o.lua)
		cli->o.lua = strcmp(cli->data_dir, ".") ?
			g_build_filename(cli->data_dir, "lua", NULL) :
			g_strdup("lua");
	return cli->o.lua != NULL;
}

const char *kw_cli_lua(const struct kw_cli *cli)
{
	return cli->o.lua;
}

struct kw_scenario *kw_cli_load(struct kw_cli *cli, const char *path,
				const char *kernel, GError **err)
{
	const struct kw_script s = {
		.lua_dir = kw_cli_lua(cli), .kernel = kernel, .path = path,
		.whole_paths = cli->whole_paths, .exploring = cli->exploring,
	};

	return kw_cli_load_less(&s, cli->o.without, cli->o.only, err);
}

void kw_cli_locate(const char *path, const char *word, GError **err)
{
	char *text, *at, *file, *quoted;
	uint64_t line = 0;
	unsigned n = 1;

	split((*err)->message, &file, &line);
	g_free(file);
	if (file || !g_file_get_contents(path, &text, NULL, NULL))
		return;
	quoted = g_strdup_printf("\"%s\"", word);
	at = strstr(text, quoted);
	g_free(quoted);
	while (at && at > text)
		n += *--at == '\n';
	if (at)
		g_prefix_error(err, "%s:%u: ", path, n);
	g_free(text);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool kw_cli_lua_files(const char *folder, bool deep, GPtrArray *into,
		      GError **err)
{
	GDir *dir = g_dir_open(folder, 0, err);
	GPtrArray *names;
	const char *name;
	unsigned i;
	bool ok = true;

	if (!dir)
		return false;
	names = g_ptr_array_new_with_free_func(g_free);
	while ((name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	g_dir_close(dir);
	g_ptr_array_sort(names, by_name);
	for (i = 0; ok && i < names->len; i++) {
		name = names->pdata[i];
		if (g_file_test(name, G_FILE_TEST_IS_DIR))
			ok = !deep || kw_cli_lua_files(name, deep, into, err);
		else if (g_str_has_suffix(name, ".lua"))
			g_ptr_array_add(into, g_strdup(name));
	}
	g_ptr_array_free(names, TRUE);
	return ok;
}

GPtrArray *kw_cli_scenarios(struct kw_cli *cli, GError **err)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	unsigned i;

	for (i = 0; i < cli->args->len; i++) {
		const char *arg = cli->args->pdata[i];

		if (!g_file_test(arg, G_FILE_TEST_IS_DIR)) {
			g_ptr_array_add(files, g_strdup(arg));
			continue;
		}
		if (!kw_cli_lua_files(arg, true, files, err)) {
			g_ptr_array_free(files, TRUE);
			return NULL;
		}
	}
	if (files->len)
		return files;
	g_set_error(err, KW_CLI_ERROR,
		    cli->args->len ? KW_EXIT_NOTHING : KW_EXIT_USAGE,
		    cli->args->len ? "%s: no scenario in what was given" :
		    "%s: which scenario? (such as scenarios/ode/; see --help)",
		    cli->verb->name);
	g_ptr_array_free(files, TRUE);
	return NULL;
}

unsigned kw_cli_jobs(const struct kw_cli *cli)
{
	return cli->o.jobs ? (unsigned)cli->o.jobs : g_get_num_processors();
}

/* The first signal lets the block end and be saved, the second does not. */
static void *wait_for_signals(void *arg)
{
	struct kw_cli *cli = arg;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	while (!sigwait(&set, &sig)) {
		if (cli->stop)
			_exit(KW_EXIT_INTERRUPTED);
		cli->stop = 1;
	}
	return NULL;
}

void kw_cli_watch_signals(struct kw_cli *cli)
{
	pthread_t thread;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL))
		return;
	if (pthread_create(&thread, NULL, wait_for_signals, cli))
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	else
		pthread_detach(thread);
}

bool kw_cli_duration(const char *text, uint64_t *ns, GError **err)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "", 1 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 },
		{ "s", 1e9 },
	};
	char *end;
	double n = g_ascii_strtod(text, &end);
	unsigned i;

	for (i = 0; end != text && n >= 0 && i < G_N_ELEMENTS(units); i++) {
		if (strcmp(end, units[i].name))
			continue;
		if (n * units[i].ns > 9e18)
			break;
		*ns = (uint64_t)(n * units[i].ns + 0.5);
		return true;
	}
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "\"%s\" is not a time, such as 12.5us", text);
	return false;
}

enum kw_weak_model kw_cli_model_named(const char *name)
{
	unsigned m = 0;

	while (m < KW_WEAK_NR && strcmp(kw_weak_names[m], name))
		m++;
	return (enum kw_weak_model)m;
}

bool kw_cli_memory(struct kw_cli *cli, const char *without,
		   enum kw_weak_model *model)
{
	const char *name = cli->o.memory ? cli->o.memory : without;

	*model = kw_cli_model_named(name);
	if (*model < KW_WEAK_NR)
		return true;
	kw_cli_usage(cli, "--memory: \"%s\" is none of sc, tso, arm64", name);
	return false;
}

bool kw_cli_model(struct kw_cli *cli)
{
	return kw_cli_memory(cli, KW_DEFAULT_TIMED, &cli->model);
}

void kw_cli_put_model(const struct kw_cli *cli, GString *out)
{
	if (cli->model != KW_WEAK_SC)
		g_string_append_printf(out, ", memory %s",
				       kw_weak_names[cli->model]);
}
