/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `trace`: decides which of its commands runs, and which files are one
 * recording: NAME.part1.trace, NAME.part2.trace ... in this order.
 */
#include <string.h>
#include "trace.h"

static const struct {
	const char *name;
	int (*run)(struct kw_cli *cli);
} commands[] = {
	{ "stat", kw_trace_cmd_stat },
	{ "store", kw_trace_cmd_store },
	{ "plot", kw_trace_cmd_plot },
	{ "find", kw_trace_cmd_find },
	{ "show", kw_trace_cmd_show },
};

/* The number of ".partN." and the length of what is before it; 0: none */
static unsigned part_of(const char *path, size_t *stem)
{
	const char *p = strstr(path, ".part"), *next;
	uint64_t n;
	char *end;

	while (p && (next = strstr(p + 1, ".part")))
		p = next;
	if (!p)
		return 0;
	n = g_ascii_strtoull(p + 5, &end, 10);
	if (end == p + 5 || *end != '.' || n > 100000)
		return 0;
	*stem = (size_t)(p - path);
	return (unsigned)n;
}

static bool next_part(const char *path, const char *next)
{
	size_t a, b;
	unsigned n = part_of(path, &a), m = part_of(next, &b);

	return n && m == n + 1 && a == b && !strncmp(path, next, a);
}

#define SAY_MAX 20		/* messages about damage, a recording */

const char *kw_trace_path(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

struct said {
	struct kw_cli *cli;
	const char *const *paths;
	uint64_t nr;
};

static void say_damaged(void *arg, const struct kw_mark *at,
			const char *message)
{
	struct said *said = arg;
	const char *path = said->paths[at->file];

	if (said->nr++ < SAY_MAX)
		kw_cli_note(said->cli, "%s:%" G_GUINT64_FORMAT ": %s",
			    kw_trace_path(path), at->line, message);
}

bool kw_trace_read(struct kw_cli *cli, struct kw_follow *f,
		   const char *const *paths, unsigned nr, GError **err)
{
	static const struct kw_follow_ops ops = { .damaged = say_damaged };
	struct said said = { .cli = cli, .paths = paths };
	unsigned i;

	kw_follow_add(f, &ops, &said);
	for (i = 0; i < nr; i++)
		if (!kw_follow_file(f, paths[i], err))
			return false;
	kw_follow_end(f);
	if (!kw_follow_nr_vcpus(f)) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "%s: no vCPU "
			    "in it: no kvm_entry, kvm_exit or kvm_vcpu_wakeup",
			    kw_trace_path(paths[0]));
		return false;
	}
	if (said.nr > SAY_MAX)
		kw_cli_note(cli, "%s: %" G_GUINT64_FORMAT " more such places",
			    paths[0], said.nr - SAY_MAX);
	return true;
}

bool kw_trace_time(const char *text, uint64_t *ns, bool *absolute,
		   GError **err)
{
	if (!text)
		return true;
	*absolute = strchr(text, '.') && strspn(text, "0123456789.") ==
		    strlen(text);
	if (!*absolute)
		return kw_cli_duration(text, ns, err);
	*ns = (uint64_t)(g_ascii_strtod(text, NULL) * 1e9 + 0.5);
	return true;
}

bool kw_trace_window(const struct kw_cli *cli, uint64_t first_ns,
		     uint64_t *from_ns, uint64_t *to_ns, GError **err)
{
	bool from_absolute = true, to_absolute = true;

	*from_ns = 0;
	*to_ns = UINT64_MAX;
	if (!kw_trace_time(cli->o.from, from_ns, &from_absolute, err) ||
	    !kw_trace_time(cli->o.to, to_ns, &to_absolute, err))
		return false;
	*from_ns += from_absolute ? 0 : first_ns;
	*to_ns += to_absolute ? 0 : first_ns;
	return true;
}

unsigned kw_trace_group(const struct kw_cli *cli, unsigned first)
{
	unsigned n = 1;

	while (first + n < cli->args->len &&
	       next_part(cli->args->pdata[first + n - 1],
				  cli->args->pdata[first + n]))
		n++;
	return n;
}

int kw_trace_refuse(struct kw_cli *cli)
{
	static const char *const names[] = { "from", "to", "all" };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(names); i++)
		if (kw_option_given(cli, names[i]))
			return kw_cli_usage(cli, "trace %s: no --%s, as `trace "
					    "show` has",
					    (char *)cli->args->pdata[0],
					    names[i]);
	return 0;
}

bool kw_trace_wanted(const struct kw_cli *cli, const struct kw_thread *vcpu)
{
	return !kw_option_given(cli, "vcpu") ||
	       (vcpu->id >= 0 && (uint64_t)vcpu->id == cli->o.vcpu);
}

int kw_verb_trace(struct kw_cli *cli)
{
	const char *names[G_N_ELEMENTS(commands) + 1] = { NULL }, *near;
	unsigned i;

	if (cli->args->len < 2)
		return kw_cli_usage(cli, "trace: a command and a recording, "
				    "please (- is standard input)");
	for (i = 0; i < G_N_ELEMENTS(commands); i++) {
		names[i] = commands[i].name;
		if (!strcmp(cli->args->pdata[0], names[i]))
			return commands[i].run(cli);
	}
	near = kw_nearest(cli->args->pdata[0], names);
	return kw_cli_usage(cli, "trace: no command is called \"%s\"%s%s%s",
			    (char *)cli->args->pdata[0],
			    near ? "; did you mean " : "", near ? near : "",
			    near ? "?" : "");
}
