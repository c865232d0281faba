/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the scenario of a recording looks like around its guests.
 *
 * Invariants: the text is a function of what was collected and the options
 * alone: no clock, no paths beside the file's own name, nothing in the order
 * of a hash table.
 */
#include <string.h>

#include "write.h"

#define LINE_WIDTH	72
#define MAX_TIMES	255	/* of an actor's `times` */
#define SLICE_MS	3	/* of the host's scheduler, at least */

static uint64_t ms_above(uint64_t ns)
{
	return ns / 1000000 + 1;
}

int kw_write_vcpu(const struct kw_writer *w, int id)
{
	const struct kw_vcpu *v;
	unsigned i;

	for (i = 0; i < w->x->vcpus->len; i++) {
		v = w->x->vcpus->pdata[i];
		if (v->id == id)
			return (int)i;
	}
	return -1;
}

uint64_t kw_write_in_unit(const struct kw_writer *w, uint64_t ns)
{
	return ns / w->unit_ns;
}

void kw_write_times(struct kw_writer *w, const uint64_t *ns, unsigned n,
		    unsigned depth)
{
	size_t column;
	char text[24];
	unsigned i;

	g_string_append_printf(w->out, "%s, {", w->unit);
	column = LINE_WIDTH;		/* the numbers begin a line */
	for (i = 0; i < n; i++) {
		g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT ",",
			   kw_write_in_unit(w, ns[i]));
		if (column + strlen(text) + 1 > LINE_WIDTH) {
			g_string_append_c(w->out, '\n');
			for (column = 0; column < depth * 8; column += 8)
				g_string_append_c(w->out, '\t');
		} else {
			g_string_append_c(w->out, ' ');
			column++;
		}
		g_string_append(w->out, text);
		column += strlen(text);
	}
	g_string_append_c(w->out, '\n');
	for (i = 1; i < depth; i++)
		g_string_append_c(w->out, '\t');
	g_string_append_c(w->out, '}');
}

/* Microseconds where the recording has no finer time. */
static void choose_unit(struct kw_writer *w)
{
	const struct kw_extract *x = w->x;
	const struct kw_vcpu *v;
	const struct kw_step *s;
	bool fine = false;
	unsigned i, k;

	for (i = 0; i < x->vcpus->len; i++) {
		v = x->vcpus->pdata[i];
		for (k = 0; k < v->steps->len; k++) {
			s = &g_array_index(v->steps, struct kw_step, k);
			fine |= s->at_ns % 1000 != 0 ||
				(s->ns != KW_NO_TIME && s->ns % 1000);
		}
	}
	w->unit = fine ? "ns" : "us";
	w->unit_ns = fine ? 1 : 1000;
}

/* SGIs are numbered anew, so that the VM has no more than it uses. */
static void look_at_steps(struct kw_writer *w)
{
	const struct kw_vcpu *v;
	const struct kw_step *s;
	bool used[16] = { false };
	unsigned i, k;

	for (i = 0; i < w->x->vcpus->len; i++) {
		v = w->x->vcpus->pdata[i];
		for (k = 0; k < v->steps->len; k++) {
			s = &g_array_index(v->steps, struct kw_step, k);
			if (s->kind == KW_STEP_SGI &&
			    kw_write_vcpu(w, s->vcpu) >= 0)
				used[s->irq & 15] = true;
			w->pmu |= s->kind == KW_STEP_PMI;
			w->timer |= s->kind == KW_STEP_WFI &&
				    s->ns != KW_NO_TIME;
		}
	}
	for (i = 0; i < 16; i++)
		w->sgi[i] = used[i] ? (int)w->nr_sgis++ : -1;
}

/* "spi37", "spi37-1" where it has several targets, "from-vhost-1234-0" */
static char *source_name(const struct kw_writer *w, unsigned i)
{
	const struct kw_source *s = w->x->sources->pdata[i], *t;
	GString *name = g_string_new(NULL);
	bool several = s->intid < 0;
	unsigned k;

	for (k = 0; k < w->x->sources->len; k++) {
		t = w->x->sources->pdata[k];
		several |= k != i && t->intid == s->intid;
	}
	if (s->intid >= 0)
		g_string_printf(name, "%s%d", s->intid < 8192 ? "spi" : "lpi",
				s->intid);
	else
		g_string_printf(name, "from-%s", s->comm);
	if (several)
		g_string_append_printf(name, "-%d", kw_write_vcpu(w, s->vcpu));
	g_strcanon(name->str, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", '-');
	return g_string_free(name, FALSE);
}

static bool is_used(const struct kw_writer *w, const struct kw_source *s)
{
	return s->at->len && kw_write_vcpu(w, s->vcpu) >= 0;
}

static void write_vm(struct kw_writer *w)
{
	const struct kw_source *s;
	const char *between = "";
	unsigned i;
	char *name;

	g_string_append_printf(w->out, "\tvm = {\n\t\tvcpus = %u, "
			       "irqchip = \"vgic\", timer = %s, pmu = %s, "
			       "sgis = %u,\n", w->x->vcpus->len,
			       w->timer ? "true" : "false",
			       w->pmu ? "true" : "false", w->nr_sgis);
	for (i = 0; i < w->x->vcpus->len; i++) {
		if (!kw_write_is_off(w, w->x->vcpus->pdata[i]))
			continue;
		g_string_append_printf(w->out, "%s%u",
				       *between ? between : "\t\toff = { ", i);
		between = ", ";
	}
	if (*between)
		g_string_append(w->out, " },\n");
	if (w->x->halt_poll_ns)
		g_string_append_printf(w->out, "\t\thalt_poll = ns(%"
				       G_GUINT64_FORMAT "),\n",
				       w->x->halt_poll_ns);
	g_string_append(w->out, "\t\tspis = {\n");
	for (i = 0; i < w->x->sources->len; i++) {
		s = w->x->sources->pdata[i];
		if (!is_used(w, s))
			continue;
		name = source_name(w, i);
		g_string_append_printf(w->out, "\t\t\t{ name = \"%s\", "
				       "level = %s, target = %d },\n", name,
				       s->level ? "true" : "false",
				       kw_write_vcpu(w, s->vcpu));
		g_free(name);
	}
	g_string_append(w->out, "\t\t},\n\t},\n");
}

static void write_device(struct kw_writer *w, unsigned i)
{
	const struct kw_source *s = w->x->sources->pdata[i];
	uint64_t *gap = g_new(uint64_t, s->at->len), last = 0, at;
	char *name = source_name(w, i);
	unsigned k;

	for (k = 0; k < s->at->len; k++) {
		at = g_array_index(s->at, uint64_t, k);
		gap[k] = at - last;
		last = at;
	}
	g_string_append_printf(w->out,
			       "\t\t-- raised by %s\n"
			       "\t\tdevice {\n\t\t\tname = \"device-%s\",\n",
			       s->comm, name);
	if (s->at->len <= MAX_TIMES)
		g_string_append_printf(w->out, "\t\t\ttimes = %u,\n",
				       s->at->len);
	else	/* the sequence ends, and with it the device */
		g_string_append(w->out, "\t\t\ttimes = \"forever\",\n");
	g_string_append(w->out, "\t\t\tat = sequence(all(");
	kw_write_times(w, gap, s->at->len, 4);
	g_string_append_printf(w->out, ")),\n\t\t\trun = function(vm) "
			       "vm.spi[\"%s\"].%s() end,\n\t\t},\n", name,
			       s->level ? "assert" : "pulse");
	g_free(name);
	g_free(gap);
}

static void write_actors(struct kw_writer *w)
{
	unsigned i;

	g_string_append(w->out, "\tactors = {\n");
	for (i = 0; i < w->x->sources->len; i++)
		if (is_used(w, w->x->sources->pdata[i]))
			write_device(w, i);
	g_string_append(w->out, "\t},\n");
}

/* Twice the longest that a wake-up took, as the host is that slow. */
static uint64_t deadline_ms(const struct kw_writer *w)
{
	return ms_above(2 * (kw_write_longest(w, KW_SAMPLE_WAKE) +
			     kw_write_longest(w, KW_SAMPLE_TIMER_WAKE) +
			     kw_write_longest(w, KW_SAMPLE_RESUME)));
}

static void write_end(struct kw_writer *w)
{
	uint64_t deadline = deadline_ms(w);

	g_string_append_printf(w->out,
			       "\tdeadline = ms(%" G_GUINT64_FORMAT "),\n"
			       "\tduration = ms(%" G_GUINT64_FORMAT "),\n"
			       "\truns = 20,\n"
			       "\texpect = {\n", deadline,
			       ms_above(w->x->end_ns) + 2 * deadline);
	if (w->pmu)
		g_string_append(w->out,
"\t\t-- A recording shows what happened, not what may.  A counter's\n"
"\t\t-- overflow can go unseen at the exit of a WFI, so a missed\n"
"\t\t-- wake-up would be no surprise here.\n");
	else
		g_string_append(w->out,
"\t\t-- A recording shows what happened, not what may: here every\n"
"\t\t-- vCPU that slept was woken.\n");
	g_string_append_printf(w->out,
"\t\t[\"v4.14\"] = {\n"
"\t\t\tmissed = \"%s\", storm = \"never\", failed = \"never\",\n"
"\t\t},\n", w->pmu ? "any" : "never");
	g_string_append(w->out, "\t},\n}\n");
}

/*
 * The CPUs that were seen.  What is charged to a context switch must be well
 * below a time slice, or threads that share a CPU would get nothing done.
 */
static void write_host(struct kw_writer *w)
{
	uint64_t slice = 2 * kw_write_longest(w, KW_SAMPLE_RESUME);

	g_string_append_printf(w->out, "\thost = { cpus = %d, slice = ms(%"
			       G_GUINT64_FORMAT ") },\n", w->x->max_cpu + 1,
			       MAX(ms_above(slice), SLICE_MS));
}

/* "pp" of "dir/pp.trace.gz", in letters that a name may have */
static char *scenario_name(const struct kw_import *o)
{
	char *name, *dot;

	if (o->name)
		return g_strdup(o->name);
	if (!strcmp(o->file, "-"))
		return g_strdup("recording");
	name = g_path_get_basename(o->file);
	dot = g_strrstr(name, ".gz");
	if (dot && !dot[3])
		*dot = '\0';
	dot = g_strrstr(name, ".t");
	if (dot && dot > name && (!strcmp(dot, ".trace") ||
				  !strcmp(dot, ".txt")))
		*dot = '\0';
	return g_strcanon(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", '-');
}

void kw_write_scenario(struct kw_writer *w)
{
	char *name = scenario_name(w->opts);
	unsigned i, waits = 0;

	choose_unit(w);
	look_at_steps(w);
	kw_write_sort(w);
	for (i = 0; i < w->x->vcpus->len; i++)
		waits += ((struct kw_vcpu *)w->x->vcpus->pdata[i])->nr_waits;
	kw_write_header(w);
	g_string_append(w->out,
			"local function all(unit, t)\n"
			"\tfor i = 1, #t do\n"
			"\t\tt[i] = unit(t[i])\n"
			"\tend\n"
			"\treturn t\n"
			"end\n\n");
	kw_write_guests(w);
	g_string_append_printf(w->out, "return scenario {\n"
			       "\tname = \"%s\",\n"
			       "\tabout = \"a recording: %u vCPUs, %u waits "
			       "in %" G_GUINT64_FORMAT " ms\",\n", name,
			       w->x->vcpus->len, waits,
			       ms_above(w->x->end_ns));
	write_vm(w);
	write_host(w);
	g_string_append(w->out, "\tguest = { ");
	for (i = 0; i < w->x->vcpus->len; i++)
		g_string_append_printf(w->out, "%svcpu%u", i ? ", " : "", i);
	g_string_append(w->out, " },\n");
	write_actors(w);
	kw_write_timing(w);
	write_end(w);
	g_free(name);
}
