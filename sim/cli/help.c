/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides what `help`, --help, `version` and `completion` print. */
#include <string.h>
#include "cli.h"

static void put_verbs(GString *out, bool hidden)
{
	unsigned v;

	for (v = 0; v < KW_NR_VERBS; v++)
		if (kw_verbs[v].hidden == hidden)
			g_string_append_printf(out, "  %-12s%s\n",
					       kw_verbs[v].name,
					       kw_verbs[v].about);
}

void kw_help(GString *out)
{
	g_string_append(out,
"kvmwake asks of a KVM/arm kernel: can a vCPU sleep through an interrupt, or\n"
"wake for nothing?  Kernels, patches and scenarios are Lua.\n"
"\n"
"usage: kvmwake VERB [options] [arguments]\n"
"\n");
	put_verbs(out, false);
	g_string_append(out, "\nfor machines and developers:\n");
	put_verbs(out, true);
	g_string_append(out,
"\n"
"kvmwake VERB --help prints a verb's options and two examples.\n"
"\n"
"exit code: 0 fine; 1 a verdict differs or something got worse; 2 usage or\n"
"bad input; 3 internal error or non-determinism; 4 nothing was tested;\n"
"130 interrupted, after saving.\n");
}

static void put_option(const struct kw_option *o, GString *out)
{
	char left[32];
	GString *text = g_string_new(NULL);
	char **lines;
	unsigned i;

	g_snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "",
		   o->arg ? o->arg : "");
	kw_text_fill(text, o->about, 50, "");
	lines = g_strsplit(g_strchomp(text->str), "\n", -1);
	for (i = 0; lines[i]; i++)
		g_string_append_printf(out, "  %-23s %s\n", i ? "" : left,
				       lines[i]);
	g_strfreev(lines);
	g_string_free(text, TRUE);
}

void kw_help_verb(const struct kw_verb *v, GString *out)
{
	unsigned i;

	g_string_append_printf(out, "usage: kvmwake %s%s%s\n\n%s\n\noptions:\n",
			       v->name, *v->usage ? " " : "", v->usage,
			       v->about);
	for (i = 0; i < kw_nr_options; i++)
		if (kw_option_table[i].verbs >> (v - kw_verbs) & 1)
			put_option(&kw_option_table[i], out);
	if (v->notes)
		g_string_append_printf(out, "\n%s", v->notes);
	g_string_append_printf(out, "\nexamples:\n%s", v->examples);
}

int kw_verb_help(struct kw_cli *cli)
{
	const char *names[KW_NR_VERBS + 1] = { NULL }, *near;
	const char *want;
	unsigned v;

	if (!cli->args->len) {
		(cli->o.man ? kw_man : kw_help)(cli->out);
		return KW_EXIT_FINE;
	}
	want = cli->args->pdata[0];
	for (v = 0; v < KW_NR_VERBS; v++) {
		names[v] = kw_verbs[v].name;
		if (!strcmp(names[v], want)) {
			(cli->o.man ? kw_man_verb : kw_help_verb)(
				&kw_verbs[v], cli->out);
			return KW_EXIT_FINE;
		}
	}
	near = kw_nearest(want, names);
	return kw_cli_usage(cli, "no verb is called \"%s\"%s%s%s", want,
			    near ? "; did you mean " : "", near ? near : "",
			    near ? "?" : "");
}

int kw_verb_version(struct kw_cli *cli)
{
	struct kw_json j;

	if (cli->o.json) {
		kw_json_begin(&j, cli->out, "version");
		kw_json_text(&j, "version", KW_VERSION);
		kw_json_end(&j);
	} else {
		g_string_append(cli->out, "kvmwake " KW_VERSION "\n");
	}
	return KW_EXIT_FINE;
}

static void put_words(GString *out, unsigned verb)
{
	unsigned i;

	for (i = 0; i < kw_nr_options; i++)
		if (kw_option_table[i].verbs >> verb & 1)
			g_string_append_printf(out, " --%s",
					       kw_option_table[i].name);
}

int kw_verb_completion(struct kw_cli *cli)
{
	GString *out = cli->out;
	unsigned v;

	if (cli->args->len && strcmp(cli->args->pdata[0], "bash"))
		return kw_cli_usage(cli, "completion: only bash is known");
	g_string_append(out,
		"# bash completion of kvmwake " KW_VERSION
		": source <(kvmwake completion)\n"
		"_kvmwake()\n{\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
		"\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
		"\t\twords=\"");
	for (v = 0; v < KW_NR_VERBS; v++)
		g_string_append_printf(out, "%s%s", v ? " " : "",
				       kw_verbs[v].name);
	g_string_append(out, "\"\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n");
	for (v = 0; v < KW_NR_VERBS; v++) {
		g_string_append_printf(out, "\t\t%s)\n\t\t\twords=\"",
				       kw_verbs[v].name);
		put_words(out, v);
		g_string_append(out, "\" ;;\n");
	}
	g_string_append(out,
		"\t\tesac\n\tfi\n"
		"\tcase $cur in\n"
		"\t-*)\tmapfile -t COMPREPLY < "
		"<(compgen -W \"$words\" -- \"$cur\") ;;\n"
		"\t*)\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
		"\t\t\tmapfile -t COMPREPLY < "
		"<(compgen -W \"$words\" -- \"$cur\")\n"
		"\t\telse\n"
		"\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		"\t\tfi ;;\n"
		"\tesac\n}\n"
		"complete -o filenames -F _kvmwake kvmwake\n");
	return KW_EXIT_FINE;
}
