/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how a vCPU's steps become a guest function.
 *
 * Where every wait looks the same but for its times (the same SGIs, the same
 * number of runs) it is a loop over sequences; else a line for each wait.  A
 * wait's timer is armed with the time to the expiry that was recorded next;
 * one without a later expiry in the recording arms nothing.
 *
 * Invariants: the steps' order is kept; an SGI or CPU_ON to a vCPU that is
 * not in the scenario is left out.
 */
#include <string.h>

#include "write.h"

#define LINE_WIDTH 72
#define MIN_LOOP 4	/* waits that make a loop worth it */

static const struct kw_step *step_at(const struct kw_vcpu *v, unsigned i)
{
	return &g_array_index(v->steps, struct kw_step, i);
}

/* Was vCPU id turned on by `on` in the time that the step `off` is about? */
static bool turns_on(const struct kw_step *on, int id,
		     const struct kw_step *off)
{
	return on->kind == KW_STEP_ON && on->vcpu == id &&
	       off->kind == KW_STEP_OFF && on->at_ns <= off->at_ns &&
	       on->at_ns + off->ns >= off->at_ns;
}

/* The first CPU_ON that ended this time off, or NULL. */
static const struct kw_step *on_of(const struct kw_writer *w, int id,
				   const struct kw_step *off)
{
	const struct kw_step *s, *first = NULL;
	const struct kw_vcpu *v;
	unsigned i, k;

	for (i = 0; i < w->x->vcpus->len; i++) {
		v = w->x->vcpus->pdata[i];
		for (k = 0; k < v->steps->len; k++) {
			s = step_at(v, k);
			if (turns_on(s, id, off) &&
			    (!first || s->at_ns < first->at_ns))
				first = s;
		}
	}
	return first;
}

bool kw_write_is_off(const struct kw_writer *w, const struct kw_vcpu *v)
{
	return v->steps->len && on_of(w, v->id, step_at(v, 0));
}

/*
 * A CPU_ON has its place where its target was off: the window may have ended
 * before that could be seen.
 */
static bool has_effect(const struct kw_writer *w, const struct kw_step *on)
{
	const struct kw_vcpu *target = kw_extract_vcpu(w->x, on->vcpu);
	unsigned k;

	for (k = 0; target && k < target->steps->len; k++)
		if (turns_on(on, target->id, step_at(target, k)) &&
		    on_of(w, target->id, step_at(target, k)) == on)
			return true;
	return false;
}

/* Is step i in the scenario at all? */
static bool is_written(const struct kw_writer *w, const struct kw_vcpu *v,
		       unsigned i)
{
	const struct kw_step *s = step_at(v, i);

	switch (s->kind) {
	case KW_STEP_SGI:
		return kw_write_vcpu(w, s->vcpu) >= 0;
	case KW_STEP_ON:
		return has_effect(w, s);
	case KW_STEP_OFF:
		return i || !kw_write_is_off(w, v);
	default:
		return true;
	}
}

static bool same_shape(const struct kw_step *a, const struct kw_step *b)
{
	return a->kind == b->kind && a->irq == b->irq && a->vcpu == b->vcpu;
}

/*
 * The number of steps of a round (up to and with its WFI) if all rounds have
 * the same shape, else 0.  What follows the last WFI must begin like one.
 */
static unsigned round_length(const struct kw_writer *w,
			     const struct kw_vcpu *v)
{
	unsigned n = 0, i, waits = 0;

	for (i = 0; i < v->steps->len; i++) {
		if (!is_written(w, v, i) ||
		    step_at(v, i)->kind == KW_STEP_OFF ||
		    step_at(v, i)->kind == KW_STEP_ON ||
		    step_at(v, i)->kind == KW_STEP_PMI)
			return 0;
		if (step_at(v, i)->kind == KW_STEP_WFI) {
			waits++;
			if (!n)
				n = i + 1;
		}
		if (n && !same_shape(step_at(v, i % n), step_at(v, i)))
			return 0;
	}
	return waits >= MIN_LOOP ? n : 0;
}

/* The k-th step of every round as an array of times. */
static void write_column(struct kw_writer *w, const struct kw_vcpu *v,
			 unsigned k, unsigned n)
{
	GArray *ns = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t t;
	unsigned i;

	for (i = k; i < v->steps->len; i += n) {
		t = step_at(v, i)->ns;
		if (t == KW_NO_TIME)	/* after the end of it all */
			t = (w->x->end_ns / 1000000 + 1) * 1000000;
		g_array_append_val(ns, t);
	}
	g_string_append_printf(w->out, "\tlocal t%u = sequence(all(", k + 1);
	kw_write_times(w, (uint64_t *)(void *)ns->data, ns->len, 2);
	g_string_append(w->out, "))\n");
	g_array_free(ns, TRUE);
}

static bool has_timer(const struct kw_vcpu *v)
{
	unsigned i;

	for (i = 0; i < v->steps->len; i++)
		if (step_at(v, i)->kind == KW_STEP_WFI &&
		    step_at(v, i)->ns != KW_NO_TIME)
			return true;
	return false;
}

static void write_loop(struct kw_writer *w, const struct kw_vcpu *v,
		       unsigned n)
{
	bool timer = has_timer(v);
	const struct kw_step *s;
	unsigned k;

	for (k = 0; k < n; k++)
		if (step_at(v, k)->kind == KW_STEP_RUN ||
		    (step_at(v, k)->kind == KW_STEP_WFI && timer))
			write_column(w, v, k, n);
	g_string_append(w->out, "\n\tloop(function()\n");
	for (k = 0; k < n; k++) {
		s = step_at(v, k);
		if (s->kind == KW_STEP_RUN)
			g_string_append_printf(w->out,
				"\t\tcpu:compute(t%u)\n", k + 1);
		else if (s->kind == KW_STEP_SGI)
			g_string_append_printf(w->out, "\t\tcpu:sgi(%d, %d)\n",
				kw_write_vcpu(w, s->vcpu), w->sgi[s->irq]);
		else if (timer)
			g_string_append_printf(w->out,
				"\t\tcpu:set_timer(t%u)\n", k + 1);
	}
	g_string_append(w->out, "\t\tcpu:wfi()\n\tend)\n");
}

static void write_step(struct kw_writer *w, const struct kw_vcpu *v,
		       unsigned i, GString *line)
{
	const struct kw_step *s = step_at(v, i), *next;
	bool pmi;

	next = i + 1 < v->steps->len ? step_at(v, i + 1) : NULL;
	pmi = next && next->kind == KW_STEP_PMI;
	switch (s->kind) {
	case KW_STEP_RUN:
		g_string_append_printf(line, " %s(%" G_GUINT64_FORMAT ")",
				       pmi ? "count" : "run",
				       kw_write_in_unit(w, s->ns));
		break;
	case KW_STEP_PMI:
		if (!i || step_at(v, i - 1)->kind != KW_STEP_RUN)
			g_string_append(line, " count(0)");
		break;
	case KW_STEP_SGI:
		g_string_append_printf(line, " sgi(%d, %d)",
				       kw_write_vcpu(w, s->vcpu),
				       w->sgi[s->irq]);
		break;
	case KW_STEP_ON:
		g_string_append_printf(line, " on(%d)",
				       kw_write_vcpu(w, s->vcpu));
		break;
	case KW_STEP_OFF:
		if (on_of(w, v->id, s))
			g_string_append(line, " off()");
		else
			g_string_append_printf(line,
				" away(%" G_GUINT64_FORMAT ")",
				kw_write_in_unit(w, s->ns));
		break;
	default:
		if (s->ns == KW_NO_TIME)
			g_string_append(line, " wfi()");
		else
			g_string_append_printf(line,
				" wfi(%" G_GUINT64_FORMAT ")",
				kw_write_in_unit(w, s->ns));
		break;
	}
}

static void flush_line(struct kw_writer *w, GString *line)
{
	if (line->len)
		g_string_append_printf(w->out, "\t%s\n", line->str + 1);
	g_string_truncate(line, 0);
}

static void write_lines(struct kw_writer *w, const struct kw_vcpu *v)
{
	GString *line = g_string_new(NULL);
	GString *one = g_string_new(NULL);
	gsize begin = w->out->len;
	unsigned i;

	for (i = 0; i < v->steps->len; i++) {
		if (!is_written(w, v, i))
			continue;
		write_step(w, v, i, one);
		if (line->len + one->len > LINE_WIDTH)
			flush_line(w, line);
		g_string_append(line, one->str);
		g_string_truncate(one, 0);
		if (step_at(v, i)->kind == KW_STEP_WFI)
			flush_line(w, line);
	}
	flush_line(w, line);
	if (w->out->len > begin)	/* "@": the helpers in use */
		g_string_insert(w->out, (gssize)begin,
				"\tlocal @ = steps(cpu)\n\n");
	g_string_free(one, TRUE);
	g_string_free(line, TRUE);
}

/* The words that the lines of a guest are made of. */
static const struct helper {
	const char *name;
	const char *text;		/* "@" is the unit */
	const char *about;
} helpers[] = {
	{ "run", "	local function run(t) cpu:compute(@(t)) end\n", "" },
	{ "wfi", "	local function wfi(t)\n"
		 "		if t then\n"
		 "			cpu:set_timer(@(t))\n"
		 "		end\n"
		 "		cpu:wfi()\n"
		 "	end\n",
	  "-- wfi(t): its timer expired t after it began.\n" },
	{ "sgi", "	local function sgi(n, nr) cpu:sgi(n, nr) end\n", "" },
	{ "count", "	local function count(t)\n"
		   "		cpu:pmu_overflow_after(@(t))\n"
		   "		cpu:compute(@(t))\n"
		   "	end\n",
	  "-- count(t): a run that ended with a counter's overflow.\n" },
	{ "on", "	local function on(n)\n"
		"		cpu:spin_until_off(n)\n"
		"		cpu:psci_cpu_on(n)\n"
		"	end\n", "" },
	{ "off", "	local function off() cpu:psci_cpu_off() end\n", "" },
	{ "away", "	local function away(t) cpu:compute(@(t)) end\n",
	  "-- away(t): neither in the guest nor in WFI.\n" },
};

/* Does a line of the guests use this helper? */
static bool is_needed(const struct kw_writer *w, const struct helper *h)
{
	char *call = g_strdup_printf("%s(", h->name), *p = w->lines->str;
	size_t n = strlen(call);
	bool found = false;

	while (!found && (p = strstr(p, call))) {
		found = p == w->lines->str || g_ascii_isspace(p[-1]);
		p += n;
	}
	g_free(call);
	return found;
}

static void write_helpers(struct kw_writer *w)
{
	GString *names = g_string_new(NULL);
	GString *text = g_string_new(NULL);
	unsigned i;

	g_string_append_printf(w->out, "-- What a vCPU did; times are %s.\n",
			       w->unit);
	for (i = 0; i < G_N_ELEMENTS(helpers); i++) {
		if (!is_needed(w, &helpers[i]))
			continue;
		g_string_append(w->out, helpers[i].about);
		g_string_append_printf(names, "%s%s", names->len ? ", " : "",
				       helpers[i].name);
		g_string_append(text, helpers[i].text);
	}
	g_string_replace(text, "@", w->unit, 0);
	g_string_append_printf(w->out, "local function steps(cpu)\n%s\n"
			       "	return %s\nend\n\n", text->str,
			       names->str);
	g_string_replace(w->lines, "@", names->str, 0);
	g_string_free(text, TRUE);
	g_string_free(names, TRUE);
}

void kw_write_guests(struct kw_writer *w)
{
	const struct kw_vcpu *v;
	GString *out = w->out;
	bool by_line = false;
	unsigned i, n;

	w->out = w->lines = g_string_new(NULL);
	for (i = 0; i < w->x->vcpus->len; i++) {
		v = w->x->vcpus->pdata[i];
		n = round_length(w, v);
		by_line |= !n;
		g_string_append_printf(w->out, "local function vcpu%u(cpu)\n",
				       i);
		if (n)
			write_loop(w, v, n);
		else
			write_lines(w, v);
		g_string_append(w->out, "end\n\n");
	}
	w->out = out;
	if (by_line && strstr(w->lines->str, "\tlocal @"))
		write_helpers(w);
	g_string_append(w->out, w->lines->str);
	g_string_free(w->lines, TRUE);
}
