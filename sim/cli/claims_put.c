/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how the verdicts on claims look: text, JSON, Markdown.
 *
 * In the text a cell of an evidence's row is the number of states that were
 * seen, if it goes as predicted; else what there is instead.
 */
#include <string.h>
#include "claims.h"

#define CELL 11			/* columns of a memory model */

static void put_cells_head(const struct kw_judged_claims *j, GString *out)
{
	unsigned m;

	for (m = 0; m < j->nr_memories; m++)
		g_string_append_printf(out, " %*s", CELL - 1,
				       j->memories[m]);
	g_string_append_c(out, '\n');
}

/* text, then cells in columns; on a line of their own where it is long */
static void put_left(GString *out, const char *text, unsigned nr_cells)
{
	int width = KW_WIDTH - CELL * (int)nr_cells;

	g_string_append_printf(out, "%-*s", width, text);
	if ((int)strlen(text) > width)
		g_string_append_printf(out, "\n%*s", width, "");
}

static char *describe(const struct kw_evidence *e)
{
	return g_strdup_printf("%s %s: %s%s%s%s%s",
			       e->sometimes ? "sometimes" : "never",
			       kw_claim_properties[e->property], e->scenario,
			       *e->on ? " +" : "", e->on,
			       *e->without ? " without " : "", e->without);
}

static void cell(const struct kw_evidence *e, const struct kw_claim_finding *f,
		 char text[24])
{
	static const char *const differing[KW_NR_CLAIM_PROPERTIES] = {
		[KW_CLAIM_MISSED] = "MISSED", [KW_CLAIM_SPURIOUS] = "SPURIOUS",
		[KW_CLAIM_FAILED] = "FAILED", [KW_CLAIM_RACE] = "RACE",
		[KW_CLAIM_ORDER] = "LOCK-ORDER", [KW_CLAIM_STORM] = "STORM",
		[KW_CLAIM_INVARIANT] = "BROKEN",
	};

	switch (kw_claims_agrees(e, f)) {
	case KW_AGREES:
		g_snprintf(text, 24, "%" G_GUINT64_FORMAT, f->states);
		return;
	case KW_DISAGREES:
		g_snprintf(text, 24, "%s", e->sometimes ? "NEVER" :
			   differing[e->property]);
		return;
	case KW_AGREES_OPEN:
		g_snprintf(text, 24, "%s", f->seen[e->property] ? "vacuous" :
								  "bounded");
		return;
	case KW_NOT_ASKED:
		g_snprintf(text, 24, "-");
		return;
	}
}

/* The memory model in which to see what is said of it, or -1. */
static int telling(const struct kw_judged_claims *j,
		   const struct kw_evidence *e, const char *kernel)
{
	unsigned m;

	for (m = 0; m < j->nr_memories; m++) {
		enum kw_agrees a;

		a = kw_claims_agrees(e, kw_claims_finding(j, e, kernel, m));
		if ((a == KW_DISAGREES && !e->sometimes) ||
		    (a == KW_AGREES && e->sometimes))
			return (int)m;
	}
	return -1;
}

static bool differs(const struct kw_judged_claims *j,
		    const struct kw_evidence *e, const char *kernel)
{
	unsigned m;

	for (m = 0; m < j->nr_memories; m++)
		if (kw_claims_agrees(e, kw_claims_finding(j, e, kernel, m)) ==
		    KW_DISAGREES)
			return true;
	return false;
}

static void put_evidence(const struct kw_judged_claims *j,
			 const struct kw_evidence *e, const char *kernel,
			 GString *out)
{
	char *what = describe(e), *text = g_strconcat("    ", what, NULL);
	int tells = telling(j, e, kernel);
	unsigned m;

	put_left(out, text, j->nr_memories);
	for (m = 0; m < j->nr_memories; m++) {
		char c[24];

		cell(e, kw_claims_finding(j, e, kernel, m), c);
		g_string_append_printf(out, " %*s", CELL - 1, c);
	}
	g_string_append_c(out, '\n');
	if (*e->when && differs(j, e, kernel))
		kw_text_wrap(out, e->when, KW_WIDTH, "      where ",
			     "            ");
	if (tells >= 0)
		g_string_append_printf(out, "      %s\n",
			kw_claims_finding(j, e, kernel, (unsigned)tells)
				->replay[e->property]);
	g_free(text);
	g_free(what);
}

static void put_claim(const struct kw_judged_claims *j,
		      const struct kw_claim *c, bool brief, GString *out)
{
	unsigned i, k, m;

	g_string_append_printf(out, "\n%-4s", c->id);
	kw_text_wrap(out, c->says, KW_WIDTH - 4, "", "    ");
	if (*c->note)
		kw_text_wrap(out, c->note, KW_WIDTH, "    ", "    ");
	for (k = 0; c->kernels[k]; k++) {
		char *text = g_strconcat("  ", c->kernels[k], NULL);

		put_left(out, text, j->nr_memories);
		g_free(text);
		for (m = 0; m < j->nr_memories; m++)
			g_string_append_printf(out, " %*s", CELL - 1,
				kw_claim_verdicts[kw_claims_judge(j, c,
							c->kernels[k], m)]);
		g_string_append_c(out, '\n');
		for (i = 0; !brief && i < c->nr_evidence; i++)
			if (kw_claims_concerns(&c->evidence[i],
					       c->kernels[k]))
				put_evidence(j, &c->evidence[i],
					     c->kernels[k], out);
	}
}

/* --- proposals ---------------------------------------------------------- */

/* In which memories a proposal has this effect here: bit m. */
static unsigned effect_in(const struct kw_judged_claims *j,
			  const struct kw_proposal *p, const char *scenario,
			  enum kw_claim_property what,
			  enum kw_claim_effect effect)
{
	unsigned m, in = 0;

	for (m = 0; m < j->nr_memories; m++)
		if (kw_claims_effect(j, p, scenario, what, m) == effect)
			in |= 1u << m;
	return in;
}

static void put_memories(const struct kw_judged_claims *j, unsigned in,
			 GString *out)
{
	const char *before = " (";
	unsigned m;

	if (in == (1u << j->nr_memories) - 1)
		return;
	for (m = 0; m < j->nr_memories; m++) {
		if (!(in & 1u << m))
			continue;
		g_string_append_printf(out, "%s%s", before, j->memories[m]);
		before = " ";
	}
	g_string_append_c(out, ')');
}

/* "breaks    missed: a, b (arm64)" */
static void put_effect(const struct kw_judged_claims *j,
		       const struct kw_proposal *p, enum kw_claim_effect effect,
		       enum kw_claim_property what, GString *out)
{
	GString *names = g_string_new(NULL), *first = g_string_new(NULL);
	unsigned s;

	for (s = 0; s < j->scenarios->len; s++) {
		const char *name = j->scenarios->pdata[s];
		unsigned in = effect_in(j, p, name, what, effect);

		if (!in)
			continue;
		g_string_append_printf(names, "%s%s", names->len ? ", " : "",
				       name);
		put_memories(j, in, names);
	}
	if (names->len) {
		g_string_printf(first, "  %-10s%-11s",
				kw_effect_names[effect],
				kw_claim_properties[what]);
		kw_text_wrap(out, names->str, KW_WIDTH, first->str,
			     "                       ");
	}
	g_string_free(names, TRUE);
	g_string_free(first, TRUE);
}

/* How to see what it breaks. */
static void put_broken(const struct kw_judged_claims *j,
		       const struct kw_proposal *p,
		       enum kw_claim_property what, GString *out)
{
	unsigned s, m, in;

	for (s = 0; s < j->scenarios->len; s++) {
		const char *name = j->scenarios->pdata[s];

		in = effect_in(j, p, name, what, KW_BREAKS);
		for (m = 0; in && !(in & 1u << m); m++)
			;
		if (in)
			g_string_append_printf(out, "    %s\n",
				kw_claims_of_proposal(j, p, name, true, m)
					->replay[what]);
	}
}

static void put_proposal(const struct kw_judged_claims *j,
			 const struct kw_proposal *p, bool brief,
			 GString *out)
{
	size_t before;
	unsigned effect, what;

	g_string_append_printf(out, "\n%-4s%s (%s)\n", p->id, p->says,
			       p->patch);
	if (*p->note)
		kw_text_wrap(out, p->note, KW_WIDTH, "    ", "    ");
	before = out->len;
	for (effect = 0; effect < KW_NR_EFFECTS; effect++) {
		for (what = 0; what < KW_NR_CLAIM_PROPERTIES; what++) {
			put_effect(j, p, effect, what, out);
			if (effect == KW_BREAKS && !brief)
				put_broken(j, p, what, out);
		}
	}
	if (out->len == before)
		g_string_append(out, "  nothing is found with or without "
				"it\n");
}

void kw_claims_put(const struct kw_judged_claims *j, bool brief, GString *out)
{
	const struct kw_claims *c = j->claims;
	unsigned i;

	put_left(out, c->about, j->nr_memories);
	put_cells_head(j, out);
	for (i = 0; i < c->nr_claims; i++)
		if (kw_claims_asked(j->cli, c->claims[i].id))
			put_claim(j, &c->claims[i], brief, out);
	for (i = 0; i < c->nr_proposals; i++)
		if (kw_claims_asked(j->cli, c->proposals[i].id))
			put_proposal(j, &c->proposals[i], brief, out);
}

/* --- Markdown ----------------------------------------------------------- */

static const char markdown_head[] =
"# What became of the mail's claims\n"
"\n"
"Made by `kvmwake claims --markdown`; what decides each claim is in\n"
"[lua/claims/ode.lua](../lua/claims/ode.lua). Each verdict is that of\n"
"explorations of every interleaving ([explore.md](explore.md)) under a\n"
"memory model ([memory-model.md](memory-model.md)): the claim *holds* if all\n"
"evidence goes as it predicts, *fails* if none does, and is *qualified* if\n"
"some does. Where it is not as predicted the last column says. `v4.14+ode` is\n"
"v4.14 with all four proposals; other names behind a `+` are patches, too\n"
"([lua/patch](../lua/patch)). I2, I4, I7 and T1 to T3 are not the mail's.\n"
"\n";

static const char markdown_evidence[] =
"\n## Evidence\n"
"\n"
"A line is an exploration: what it must *never* find, or must find\n"
"*sometimes*; in which scenario ([scenarios/ode](../scenarios/ode)); with\n"
"which `+patch` on top of the kernel, `without` which of its steps\n"
"([questions.md](questions.md)). A number is how many states one saw that\n"
"went as predicted; `-`: this memory model is not asked.\n"
"\n"
"`kvmwake replay explore/SCENARIO/KERNEL/MEMORY/FOUND` shows the interleaving\n"
"once `kvmwake claims` (or `kvmwake claims M7` alone) has put it into the\n"
"database.\n"
"\n```\n";

/* Where it does not go as predicted. */
static void put_markdown_where(const struct kw_judged_claims *j,
			       const struct kw_claim *c, const char *kernel,
			       GString *out)
{
	const char *before = "";
	unsigned i;

	for (i = 0; i < c->nr_evidence; i++) {
		const struct kw_evidence *e = &c->evidence[i];

		if (!*e->when || !kw_claims_concerns(e, kernel) ||
		    !differs(j, e, kernel) ||
		    (i && !strcmp(e->when, e[-1].when)))
			continue;
		g_string_append_printf(out, "%s%s", before, e->when);
		before = "; ";
	}
}

static void put_markdown_row(const struct kw_judged_claims *j,
			     const struct kw_claim *c, const char *kernel,
			     GString *out)
{
	unsigned m;

	g_string_append_printf(out, "| %s | %s | `%s` |", c->id, c->says,
			       kernel);
	for (m = 0; m < j->nr_memories; m++) {
		enum kw_claim_verdict v = kw_claims_judge(j, c, kernel, m);
		const char *bold = v == KW_CLAIM_HOLDS ? "" : "**";

		g_string_append_printf(out, " %s%s%s |", bold,
				       kw_claim_verdicts[v], bold);
	}
	g_string_append_c(out, ' ');
	put_markdown_where(j, c, kernel, out);
	g_string_append(out, " |\n");
}

void kw_claims_put_markdown(const struct kw_judged_claims *j, GString *out)
{
	const struct kw_claims *c = j->claims;
	unsigned i, k, m;

	g_string_append(out, markdown_head);
	g_string_append(out, "| claim | says | kernel |");
	for (m = 0; m < j->nr_memories; m++)
		g_string_append_printf(out, " %s |", j->memories[m]);
	g_string_append(out, " where it does not |\n|---|---|---|---|");
	for (m = 0; m < j->nr_memories; m++)
		g_string_append(out, "---|");
	g_string_append_c(out, '\n');
	for (i = 0; i < c->nr_claims; i++)
		for (k = 0; c->claims[i].kernels[k]; k++)
			if (kw_claims_asked(j->cli, c->claims[i].id))
				put_markdown_row(j, &c->claims[i],
						 c->claims[i].kernels[k],
						 out);
	g_string_append(out, markdown_evidence);
	kw_claims_put(j, false, out);
	g_string_append(out, "```\n");
}

/* --- JSON --------------------------------------------------------------- */

static void put_evidence_json(const struct kw_evidence *e,
			      const struct kw_claim_finding *f,
			      struct kw_json *o)
{
	static const char *const agrees[] = {
		[KW_AGREES] = "yes", [KW_DISAGREES] = "no",
		[KW_AGREES_OPEN] = "open",
	};

	kw_json_open(o, NULL, '{');
	kw_json_text(o, "scenario", e->scenario);
	kw_json_text(o, "kernel", f->kernel);
	kw_json_text(o, "without", e->without);
	kw_json_text(o, "predicts", e->sometimes ? "sometimes" : "never");
	kw_json_text(o, "property", kw_claim_properties[e->property]);
	kw_json_text(o, "agrees", agrees[kw_claims_agrees(e, f)]);
	kw_json_text(o, "when", e->when);
	kw_json_bool(o, "complete", f->seen[e->property]);
	kw_json_u64(o, "states", f->states);
	kw_json_text(o, "replay", f->replay[e->property]);
	kw_json_close(o, '}');
}

static void put_claim_json(const struct kw_judged_claims *j,
			   const struct kw_claim *c, const char *kernel,
			   unsigned m, GString *out)
{
	struct kw_json o;
	unsigned i;

	kw_json_begin(&o, out, "claim");
	kw_json_text(&o, "id", c->id);
	kw_json_text(&o, "says", c->says);
	kw_json_text(&o, "kernel", kernel);
	kw_json_text(&o, "memory", j->memories[m]);
	kw_json_text(&o, "verdict",
		     kw_claim_verdicts[kw_claims_judge(j, c, kernel, m)]);
	kw_json_open(&o, "evidence", '[');
	for (i = 0; i < c->nr_evidence; i++) {
		const struct kw_evidence *e = &c->evidence[i];
		const struct kw_claim_finding *f;

		f = kw_claims_finding(j, e, kernel, m);
		if (f && kw_claims_concerns(e, kernel))
			put_evidence_json(e, f, &o);
	}
	kw_json_close(&o, ']');
	kw_json_end(&o);
}

static void put_proposal_json(const struct kw_judged_claims *j,
			      const struct kw_proposal *p, unsigned m,
			      GString *out)
{
	unsigned s, what;

	for (s = 0; s < j->scenarios->len; s++)
		for (what = 0; what < KW_NR_CLAIM_PROPERTIES; what++) {
			const char *name = j->scenarios->pdata[s];
			enum kw_claim_effect e;
			struct kw_json o;

			e = kw_claims_effect(j, p, name, what, m);
			if (e == KW_NR_EFFECTS)
				continue;
			kw_json_begin(&o, out, "proposal");
			kw_json_text(&o, "id", p->id);
			kw_json_text(&o, "patch", p->patch);
			kw_json_text(&o, "memory", j->memories[m]);
			kw_json_text(&o, "scenario", name);
			kw_json_text(&o, "property", kw_claim_properties[what]);
			kw_json_text(&o, "effect", kw_effect_names[e]);
			kw_json_text(&o, "replay",
				     kw_claims_of_proposal(j, p, name,
					e != KW_FIXES, m)->replay[what]);
			kw_json_end(&o);
		}
}

void kw_claims_put_json(const struct kw_judged_claims *j, GString *out)
{
	const struct kw_claims *c = j->claims;
	unsigned i, k, m;

	for (i = 0; i < c->nr_claims; i++)
		for (k = 0; c->claims[i].kernels[k]; k++)
			for (m = 0; m < j->nr_memories; m++)
				if (kw_claims_asked(j->cli, c->claims[i].id))
					put_claim_json(j, &c->claims[i],
						c->claims[i].kernels[k], m,
						out);
	for (i = 0; i < c->nr_proposals; i++)
		for (m = 0; m < j->nr_memories; m++)
			if (kw_claims_asked(j->cli, c->proposals[i].id))
				put_proposal_json(j, &c->proposals[i], m,
						  out);
}
