/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the manual pages say: what --help says, as roff, from the
 * same tables.
 */
#include <string.h>
#include "cli.h"

/* Text that roff must not take for its own. */
static void put_text(GString *out, const char *text)
{
	bool line = true;

	for (; *text; text++) {
		if (line && (*text == '.' || *text == '\''))
			g_string_append(out, "\\&");
		if (*text == '\\')
			g_string_append(out, "\\e");
		else if (*text == '-')
			g_string_append(out, "\\-");
		else
			g_string_append_c(out, *text);
		line = *text == '\n';
	}
}

static void put_head(GString *out, const char *name, const char *about)
{
	char *upper = g_ascii_strup(name, -1);

	g_string_append_printf(out, ".TH %s 1 \"\" \"kvmwake %s\" \"kvmwake\"\n"
			       ".SH NAME\n", upper, KW_VERSION);
	put_text(out, name);
	g_string_append(out, " \\- ");
	put_text(out, about);
	g_string_append(out, "\n.SH SYNOPSIS\n.B ");
	g_free(upper);
}

static void put_literal(GString *out, const char *head, const char *text)
{
	g_string_append_printf(out, ".SH %s\n.nf\n", head);
	put_text(out, text);
	g_string_append(out, ".fi\n");
}

static void put_codes(GString *out)
{
	g_string_append(out, ".SH EXIT STATUS\n"
		"0 fine; 1 a verdict differs or something got worse; 2 usage "
		"or bad input;\n3 internal error or non\\-determinism; 4 "
		"nothing was tested; 130 interrupted, after saving.\n");
}

static void put_options(GString *out, unsigned verb)
{
	unsigned i;

	g_string_append(out, ".SH OPTIONS\n");
	for (i = 0; i < kw_nr_options; i++) {
		const struct kw_option *o = &kw_option_table[i];

		if (!(o->verbs >> verb & 1))
			continue;
		g_string_append(out, ".TP\n\\fB");
		put_text(out, "--");
		put_text(out, o->name);
		g_string_append_printf(out, "\\fR%s%s%s\n",
				       o->arg ? " \\fI" : "",
				       o->arg ? o->arg : "",
				       o->arg ? "\\fR" : "");
		put_text(out, o->about);
		g_string_append_c(out, '\n');
	}
}

void kw_man(GString *out)
{
	unsigned v;

	put_head(out, "kvmwake", "can a vCPU sleep through an interrupt, or "
		 "wake for nothing?");
	g_string_append(out, "kvmwake\n.I VERB\n[options] [arguments]\n"
			".SH VERBS\n");
	for (v = 0; v < KW_NR_VERBS; v++) {
		g_string_append_printf(out, ".TP\n.BR kvmwake\\-%s (1)\n",
				       kw_verbs[v].name);
		put_text(out, kw_verbs[v].about);
		g_string_append_c(out, '\n');
	}
	put_codes(out);
}

void kw_man_verb(const struct kw_verb *v, GString *out)
{
	char *name = g_strdup_printf("kvmwake-%s", v->name);

	put_head(out, name, v->about);
	g_string_append_printf(out, "kvmwake %s\n", v->name);
	put_text(out, v->usage);
	g_string_append_c(out, '\n');
	put_options(out, (unsigned)(v - kw_verbs));
	if (v->notes)
		put_literal(out, "NOTES", v->notes);
	put_codes(out);
	put_literal(out, "EXAMPLES", v->examples);
	g_string_append(out, ".SH SEE ALSO\n.BR kvmwake (1)\n");
	g_free(name);
}
