/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `trace store`: decides how a recording looks as a campaign of one run, in
 * the tables of simulations, so that the same views show both.
 *
 * The scenario is the recording's name, the kernel is called "recorded"
 * (or as --recorded says); the digest is of the events, whatever they were
 * read from.  An episode is a sleep in a WFI, or powered off or paused; it
 * counts from the recording's first event.  What became deliverable when is
 * what the events tell: where none does, the waking stands for it.  It is
 * late (or missed, at the recording's end) when `trace find` proves that it
 * slept through an interrupt.
 */
#include <string.h>
#include <time.h>
#include <xxhash.h>
#include "../trace/find.h"
#include "trace.h"

enum kind { KIND_CAUSE, KIND_VCPU, NR_KINDS };

struct keep {
	struct kw_follow *f;
	GArray *episodes;		/* struct kw_episode */
	GArray *objects;		/* struct kw_object; 0 is "unknown" */
	GHashTable *numbers;		/* name -> number, from 1 */
	GStringChunk *strings;
	struct kw_counts counts;
	struct kw_hist latency;
	XXH64_state_t *digest;
	bool full;			/* of objects */
	/* What the sleep that ends now slept through; vcpu NULL: nothing. */
	struct { const struct kw_thread *vcpu; uint64_t number, ns; int intid; }
		through;
	struct kw_sleep ended;		/* not kept yet, if waits */
	bool waits;
};

static uint16_t object_of(struct keep *k, enum kind kind, const char *name)
{
	gpointer found = g_hash_table_lookup(k->numbers, name);
	struct kw_object o = { .kind = (uint16_t)kind };

	if (found)
		return (uint16_t)(GPOINTER_TO_UINT(found) - 1);
	if (k->objects->len > UINT16_MAX) {
		k->full = true;
		return 0;
	}
	o.name = g_string_chunk_insert(k->strings, name);
	g_array_append_val(k->objects, o);
	g_hash_table_insert(k->numbers, (gpointer)(uintptr_t)o.name,
			    GUINT_TO_POINTER(k->objects->len));
	return (uint16_t)(k->objects->len - 1);
}

static void vcpu_name(const struct kw_thread *v, char *buf, size_t size)
{
	if (v->id >= 0)
		g_snprintf(buf, size, "vcpu%d", v->id);
	else
		g_snprintf(buf, size, "%s-%d", v->comm, v->tid);
}

static bool slept_through(const struct keep *k, const struct kw_sleep *s)
{
	return k->through.vcpu == s->vcpu && k->through.number == s->number;
}

#define PMU_INTID 23

/* As the objects of simulations are called, where there is the same. */
static uint16_t slept_through_what(struct keep *k, const struct kw_sleep *s)
{
	char vcpu[32], name[64];
	int intid = k->through.intid;

	vcpu_name(s->vcpu, vcpu, sizeof(vcpu));
	if (intid < 0)
		return 0;
	if (intid == PMU_INTID)
		g_snprintf(name, sizeof(name), "%s.pmu", vcpu);
	else if (intid < 32)
		g_snprintf(name, sizeof(name), "%s.%s%d", vcpu,
			   intid < 16 ? "sgi" : "ppi", intid);
	else
		g_snprintf(name, sizeof(name), "%s%d",
			   intid < 8192 ? "spi" : "lpi", intid);
	return object_of(k, KIND_CAUSE, name);
}

static uint16_t cause_of(struct keep *k, const struct kw_sleep *s)
{
	char vcpu[32], name[64], irq[16] = "";

	vcpu_name(s->vcpu, vcpu, sizeof(vcpu));
	if (s->intid >= 0)
		g_snprintf(irq, sizeof(irq), "%d", s->intid);
	switch (s->cause) {
	case KW_WAKE_UNKNOWN:
		return 0;
	case KW_WAKE_TIMER:
		g_snprintf(name, sizeof(name), "%s.timer", vcpu);
		break;
	case KW_WAKE_SGI:
	case KW_WAKE_PPI:
		g_snprintf(name, sizeof(name), "%s.%s%s", vcpu,
			   s->cause == KW_WAKE_SGI ? "sgi" : "ppi", irq);
		break;
	case KW_WAKE_SPI:
	case KW_WAKE_LPI:
		g_snprintf(name, sizeof(name), "%s%s",
			   s->cause == KW_WAKE_SPI ? "spi" : "lpi", irq);
		break;
	default:
		g_snprintf(name, sizeof(name), "%s.%s", vcpu,
			   kw_wake_cause_names[s->cause]);
	}
	return object_of(k, KIND_CAUSE, name);
}

static uint64_t deliverable_ns(const struct keep *k, const struct kw_sleep *s)
{
	const struct kw_wake *w = kw_sleep_last_wake(s);

	if (slept_through(k, s))
		return k->through.ns;
	if (s->how == KW_END_OPEN)
		return KW_NEVER_NS;
	if (w && w->origin.line)
		return w->origin.ns;
	if (w && w->waking.line)
		return w->waking.ns;
	if (s->nr_due)
		return s->due[0].at.ns;
	return s->true_.line ? s->true_.ns : KW_NEVER_NS;
}

static enum kw_class class_of(const struct keep *k, const struct kw_sleep *s)
{
	if (slept_through(k, s))
		return s->how == KW_END_OPEN ? KW_CLASS_MISSED :
			KW_CLASS_LATE;
	if (s->how == KW_END_OPEN)
		return KW_CLASS_OPEN;
	return s->cause == KW_WAKE_SIGNAL ? KW_CLASS_SIGNAL : KW_FINE;
}

static uint64_t nr_futile(const struct kw_sleep *s)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < MIN(s->nr_wakes, KW_MAX_WAKES); i++)
		n += s->wakes[i].out.line != 0;
	return n;
}

static bool is_wait(const struct kw_sleep *s)
{
	return s->kind == KW_SLEEP_WFI || s->kind == KW_SLEEP_SUSPEND ||
	       s->kind == KW_SLEEP_OFF || s->kind == KW_SLEEP_PAUSED;
}

static void count(struct keep *k, const struct kw_episode *e,
		  const struct kw_sleep *s)
{
	struct kw_counts *c = &k->counts;

	c->episodes++;
	c->class[e->class]++;
	c->futile += e->futile;
	c->sleeps += e->sleeps;
	c->wakes += s->nr_wakes;
	c->polled += !s->blocked;
	if (e->deliverable == KW_NEVER_NS)
		return;
	c->exposures++;
	if (s->how == KW_END_ENTRY && !e->uninterruptible)
		kw_hist_add(&k->latency, e->end - MIN(e->end, MAX(e->begin,
			    e->deliverable)));
}

static uint64_t since(const struct keep *k, uint64_t ns)
{
	return ns == KW_NEVER_NS ? ns : ns - kw_follow_totals(k->f)->first_ns;
}

static void keep_sleep(struct keep *k, const struct kw_sleep *s)
{
	const struct kw_mark *begin = s->exit.line ? &s->exit : &s->out;
	const struct kw_wake *w = kw_sleep_last_wake(s);
	struct kw_episode e = { 0 };
	char vcpu[32];

	if (!is_wait(s) || !begin->line || s->begun_before ||
	    s->how == KW_END_LOST)
		return;
	vcpu_name(s->vcpu, vcpu, sizeof(vcpu));
	e.vcpu = object_of(k, KIND_VCPU, vcpu);
	e.class = (uint8_t)class_of(k, s);
	e.uninterruptible = s->kind == KW_SLEEP_OFF ||
		s->kind == KW_SLEEP_PAUSED;
	e.sleeps = (uint16_t)MIN(s->blocked ? nr_futile(s) + 1 : 0,
				 UINT16_MAX);
	e.futile = (uint16_t)nr_futile(s);
	e.begin = since(k, begin->ns);
	e.deliverable = since(k, deliverable_ns(k, s));
	if (slept_through(k, s))
		e.cause = slept_through_what(k, s);
	else if (e.deliverable != KW_NEVER_NS)
		e.cause = cause_of(k, s);
	e.woken = w && w->waking.line ? since(k, w->waking.ns) : KW_NEVER_NS;
	e.left = s->how == KW_END_OPEN ? KW_NEVER_NS : since(k,
		s->report.line ? s->report.ns : s->end.ns);
	e.end = since(k, s->end.ns);
	count(k, &e, s);
	g_array_append_val(k->episodes, e);
}

/* What is wrong with it is found when the event that ends it is read. */
static void on_sleep(void *arg, const struct kw_sleep *s)
{
	struct keep *k = arg;

	if (s->how != KW_END_ENTRY && s->how != KW_END_USER) {
		keep_sleep(k, s);
		return;
	}
	k->ended = *s;
	k->waits = true;
}

static void on_found(void *arg, const struct kw_found *found)
{
	struct keep *k = arg;

	if (found->possible || !found->due)
		return;
	k->through.vcpu = found->sleep->vcpu;
	k->through.number = found->sleep->number;
	k->through.ns = found->due->at.ns;
	k->through.intid = found->due->intid;
}

static void on_event(void *arg, const struct kw_trace_event *ev,
		     const struct kw_mark *at, const struct kw_thread *vcpu)
{
	struct keep *k = arg;
	const uint64_t where[] = { ev->time_ns, (uint64_t)ev->pid,
				   (uint64_t)ev->cpu };

	(void)at;
	(void)vcpu;
	if (k->waits)
		keep_sleep(k, &k->ended);
	k->waits = false;
	XXH64_update(k->digest, where, sizeof(where));
	XXH64_update(k->digest, ev->name, ev->name_len);
	XXH64_update(k->digest, ev->args, ev->args_len);
	k->counts.interrupts += ev->id == KW_TRACE_IRQ_ENTRY;
}

static void on_span(void *arg, const struct kw_vcpu_span *s)
{
	struct keep *k = arg;

	k->counts.preemptions += s->state == KW_VCPU_PREEMPTED;
}

/* "pp" of "/tmp/pp.part1.trace.gz" */
static char *name_of(const struct kw_cli *cli, const char *path)
{
	char *name, *dot;

	if (cli->o.name)
		return g_strdup(cli->o.name);
	name = !strcmp(path, "-") ? g_strdup("stdin") :
		g_path_get_basename(path);
	dot = strchr(name + 1, '.');
	if (dot)
		*dot = '\0';
	return name;
}

/* Counters: how often each event that is known was there. */
static void fill_marks(const struct keep *k, struct kw_program *p,
		       const char **names, uint64_t *passed)
{
	const struct kw_follow_totals *t = kw_follow_totals(k->f);
	unsigned id;

	for (id = KW_TRACE_UNKNOWN + 1; id < KW_TRACE_NR_IDS; id++) {
		if (!t->by_id[id])
			continue;
		names[p->nr_marks] = kw_trace_id_name(id);
		passed[p->nr_marks++] = t->by_id[id];
	}
	p->marks = names;
}

static bool write_block(struct keep *k, struct kw_writer *w, uint64_t *marks)
{
	const struct kw_follow_totals *t = kw_follow_totals(k->f);
	struct kw_result run = { 0 };
	struct kw_block b = {
		.nr_runs = 1, .runs = &run, .every_episode = true,
		.episodes = (struct kw_episode *)(void *)k->episodes->data,
		.nr_episodes = k->episodes->len, .latency = k->latency,
		.marks = marks,
	};
	uint64_t seen[KW_NR_SEEN];
	unsigned q;

	k->counts.steps = t->nr_events;
	k->counts.end_ns = t->last_ns - t->first_ns;
	run.counts = b.counts = k->counts;
	run.episodes = b.episodes;
	run.nr_episodes = b.nr_episodes;
	run.digest = XXH64_digest(k->digest);
	kw_seen(&k->counts, seen);
	for (q = 0; q < KW_NR_SEEN; q++)
		b.runs_with[q] = seen[q] > 0;
	b.runs_vacuous = !k->counts.exposures;
	return kw_writer_sink(w, &b);
}

static void say_stored(struct kw_cli *cli, const struct keep *k,
		       const struct kw_scenario *s, const char *kernel,
		       bool before)
{
	struct kw_json j;

	if (!cli->o.json) {
		g_string_append_printf(cli->out, "%s: %" G_GUINT64_FORMAT
			" waits of %u vCPUs as %s/%s/%" G_GUINT64_FORMAT
			" in %s%s\n", s->path, k->counts.episodes,
			kw_follow_nr_vcpus(k->f), s->name, kernel,
			cli->o.seed, cli->o.db, before ? ", as before" : "");
		return;
	}
	kw_json_begin(&j, cli->out, "trace_stored");
	kw_json_text(&j, "file", s->path);
	kw_json_text(&j, "scenario", s->name);
	kw_json_text(&j, "kernel", kernel);
	kw_json_u64(&j, "seed", cli->o.seed);
	kw_json_u64(&j, "waits", k->counts.episodes);
	kw_json_u64(&j, "vcpus", kw_follow_nr_vcpus(k->f));
	kw_json_bool(&j, "before", before);
	kw_json_end(&j);
}

static bool save(struct kw_cli *cli, struct keep *k, struct kw_store *store,
		 const char *path, GError **err)
{
	static struct kw_kind kinds[NR_KINDS] = {
		[KIND_CAUSE] = { .name = "cause" },
		[KIND_VCPU] = { .name = "vcpu" },
	};
	const char *names[KW_TRACE_NR_IDS];
	uint64_t marks[KW_TRACE_NR_IDS];
	char *name = name_of(cli, path);
	struct kw_program program = {
		.kinds = kinds, .nr_kinds = NR_KINDS,
		.objects = (struct kw_object *)(void *)k->objects->data,
		.nr_objects = k->objects->len,
	};
	const struct kw_scenario scenario = {
		.name = name, .about = "a recording of a KVM host",
		.path = path, .digest = XXH64_digest(k->digest), .runs = 1,
		.program = &program,
	};
	struct kw_provenance who;
	const struct kw_writer_opts opts = {
		.kernel = cli->o.as ? cli->o.as : "recorded",
		.seed = cli->o.seed, .runs_wanted = 1,
		.provenance = cli->o.no_provenance ? NULL : &who,
	};
	struct kw_writer *w;
	bool stored = false, ok = true;

	kw_cli_provenance(cli, &who);
	fill_marks(k, &program, names, marks);
	w = kw_writer_new(store, &scenario, &opts, err);
	if (w) {
		stored = kw_writer_sums(w)->runs > 0;
		ok = (stored || write_block(k, w, marks));
		ok = kw_writer_free(w, err) && ok;
	}
	if (w && ok)
		say_stored(cli, k, &scenario, opts.kernel, stored);
	g_free(name);
	return w && ok;
}

static bool read_all(struct kw_cli *cli, struct keep *k, unsigned first,
		     unsigned nr, GError **err)
{
	static const struct kw_follow_ops ops = {
		.event = on_event, .span = on_span, .sleep = on_sleep,
	};
	const char *const *paths = (const char *const *)cli->args->pdata;
	struct kw_find *find = kw_find_new(k->f, on_found, k);
	bool ok;

	/* First, so that what it finds is known when a sleep is kept. */
	kw_follow_add(k->f, &kw_find_ops, find);
	kw_follow_add(k->f, &ops, k);
	ok = kw_trace_read(cli, k->f, paths + first, nr, err);
	kw_find_free(find);
	if (!ok)
		return false;
	if (!kw_follow_nr_vcpus(k->f) || k->full)
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "%s: %s",
			    paths[first], k->full ?
			    "more than 65536 vCPUs and causes" :
			    "no vCPU in it: no kvm_entry or kvm_exit");
	return kw_follow_nr_vcpus(k->f) && !k->full;
}

static bool store_one(struct kw_cli *cli, struct kw_store *store,
		      unsigned first, unsigned nr, GError **err)
{
	struct keep k = {
		.f = kw_follow_new(),
		.episodes = g_array_new(FALSE, FALSE,
					sizeof(struct kw_episode)),
		.objects = g_array_new(FALSE, FALSE, sizeof(struct kw_object)),
		.numbers = g_hash_table_new(g_str_hash, g_str_equal),
		.strings = g_string_chunk_new(1024),
		.digest = XXH64_createState(),
	};
	bool ok;

	XXH64_reset(k.digest, 0);
	object_of(&k, KIND_CAUSE, "unknown");
	ok = read_all(cli, &k, first, nr, err) &&
	     save(cli, &k, store, cli->args->pdata[first], err);
	kw_follow_free(k.f);
	g_array_free(k.episodes, TRUE);
	g_array_free(k.objects, TRUE);
	g_hash_table_destroy(k.numbers);
	g_string_chunk_free(k.strings);
	XXH64_freeState(k.digest);
	return ok;
}

int kw_trace_cmd_store(struct kw_cli *cli)
{
	GError *err = NULL, *closing = NULL;
	struct kw_store *store = kw_store_open(cli->o.db, KW_STORE_WRITE,
					       &err);
	unsigned i, n;

	for (i = 1; !err && i < cli->args->len; i += n) {
		n = kw_trace_group(cli, i);
		store_one(cli, store, i, n, &err);
	}
	kw_store_close(store, err ? NULL : &closing);
	if (!err)
		err = closing;
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
