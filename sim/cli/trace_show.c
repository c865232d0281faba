/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `trace show`: decides which events of a recording are shown, in whose
 * column, and in which words: those of `replay`.
 *
 * A vCPU thread has a column; everybody else shares the last one.  What a
 * hard interrupt handler does on a vCPU's thread is in that column, marked.
 */
#include <string.h>
#include "trace.h"

#define MAX_ROWS 400		/* without --to */

struct row {
	uint64_t ns;
	const struct kw_thread *vcpu;	/* NULL: somebody else */
	char *path, *text;
};

struct show {
	struct kw_cli *cli;
	const struct kw_follow *follow;
	GArray *rows;		/* struct row */
	uint64_t first_ns;
	uint64_t from_ns, to_ns;	/* since first_ns, or absolute */
	bool from_absolute, to_absolute;
	int vcpu;		/* -1: all */
	bool more;		/* there were more than MAX_ROWS */
};

/* What an event is called, and what is said of it. */
struct words {
	const char *path;
	GString *text;
};

static void say(struct words *w, const char *path, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);

static void say(struct words *w, const char *path, const char *fmt, ...)
{
	va_list ap;

	w->path = path;
	va_start(ap, fmt);
	g_string_vprintf(w->text, fmt, ap);
	va_end(ap);
}

static void say_psci(struct words *w, const char *path, uint64_t function)
{
	static const char *const names[] = {
		"version", "CPU_SUSPEND", "CPU_OFF", "CPU_ON", "AFFINITY_INFO"
	};
	uint64_t n = function & ~UINT64_C(0xc0000000);

	if (function >> 31 && n >> 24 == 4 && (n & 0xffffff) < 5)
		say(w, path, "calls PSCI %s", names[n & 0xffffff]);
	else
		say(w, path, "calls function 0x%" G_GINT64_MODIFIER "x",
		    function);
}

static void say_switch(struct words *w, const struct kw_trace_args *a,
		       int tid, int cpu)
{
	if (a->n[2] == tid)
		say(w, "schedule", "runs, on CPU %d", cpu);
	else if (*a->s[1].p == 'S')
		say(w, "schedule", "goes to sleep");
	else
		say(w, "schedule", "is switched out, %.*s",
		    (int)a->s[1].len, a->s[1].p);
}

/* The waits: exits, predicate, reports. */
static bool say_wait(struct words *w, const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	char text[KW_NS_TEXT];

	switch (ev->id) {
	case KW_TRACE_KVM_ENTRY:
		say(w, "kvm_entry", "enters the guest");
		return true;
	case KW_TRACE_KVM_EXIT:
		say(w, "kvm_exit", "leaves it: %.*s %.*s", (int)a->s[0].len,
		    a->s[0].p, a->n[0] ? (int)a->s[1].len : 0, a->s[1].p);
		return true;
	case KW_TRACE_KVM_WFX:
		say(w, "kvm_handle_wfx", "WF%c",
		    g_ascii_toupper(*a->s[0].p));
		return true;
	case KW_TRACE_CHECK_BLOCK:
		if (a->nr_n < 2)
			return false;
		say(w, "kvm_vcpu_check_block", "requests is 0x%"
		    G_GINT64_MODIFIER "x", (uint64_t)a->n[1]);
		return true;
	case KW_TRACE_RUNNABLE_RET:
		say(w, "kvm_arch_vcpu_runnable", "* %s",
		    a->n[0] ? "true" : "false");
		return true;
	case KW_TRACE_CHECK_BLOCK_RET:
		say(w, "kvm_vcpu_check_block", "returns %d", (int)a->n[0]);
		return true;
	case KW_TRACE_KVM_WAKEUP:
		say(w, "kvm_vcpu_halt", "%.*sed %s", (int)a->s[0].len,
		    a->s[0].p, kw_ns_text((uint64_t)a->n[0], text));
		return true;
	case KW_TRACE_KVM_HALT_POLL:
		say(w, "kvm_vcpu_halt", "halt_poll_ns = %d", (int)a->n[1]);
		return true;
	case KW_TRACE_KVM_USERSPACE:
		say(w, "kvm_userspace_exit", "out to user space: %.*s",
		    (int)a->s[0].len, a->s[0].p);
		return true;
	default:
		return false;
	}
}

/* Interrupts and who is told of them. */
static bool say_interrupt(struct words *w, const struct kw_trace_event *ev,
			  const struct kw_trace_args *a)
{
	switch (ev->id) {
	case KW_TRACE_QUEUE_IRQ:
		say(w, "vgic_queue_irq_unlock", "irq %d for vcpu%d:%s%s%s%s",
		    (int)a->n[0], (int)a->n[5], a->n[1] ? " line" : "",
		    a->n[2] ? " latch" : "", a->n[3] ? " active" : "",
		    a->n[4] ? "" : " disabled");
		return true;
	case KW_TRACE_VCPU_KICK:
		say(w, "kvm_vcpu_kick", "kicks vcpu%d", (int)a->n[0]);
		return true;
	case KW_TRACE_VCPU_WAKE_UP:
		say(w, "kvm_vcpu_wake_up", "for vcpu%d", (int)a->n[0]);
		return true;
	case KW_TRACE_PMU_OVERFLOW:
		say(w, "kvm_pmu_perf_overflow", "PMU overflow");
		return true;
	case KW_TRACE_BG_TIMER:
		say(w, "kvm_bg_timer_expire", "a background timer expires");
		return true;
	case KW_TRACE_VGIC_UPDATE:
		if (!a->n[2])
			return false;
		say(w, "kvm_vgic_inject_irq", "irq %d level 1", (int)a->n[1]);
		return true;
	case KW_TRACE_KVM_IRQ_LINE:
		say(w, "KVM_IRQ_LINE", "irq %d level %d", (int)a->n[2],
		    (int)a->n[3]);
		return true;
	case KW_TRACE_DISPATCH_SGI:
		say(w, "vgic_v3_dispatch_sgi", "ICC_SGI1R = 0x%"
		    G_GINT64_MODIFIER "x", (uint64_t)a->n[1]);
		return true;
	case KW_TRACE_ALL_REQUEST:
		say(w, "kvm_make_all_cpus_request", "request %d",
		    (int)a->n[0] & 0xff);
		return true;
	case KW_TRACE_KVM_HVC:
		say_psci(w, "kvm_handle_hvc", (uint64_t)a->n[1]);
		return true;
	case KW_TRACE_POWER_OFF:
		say(w, "kvm_arm_vcpu_power_off", "vcpu%d off", (int)a->n[0]);
		return true;
	default:
		return false;
	}
}

/* Of --all: the event as it is. */
static void say_plain(struct words *w, const struct kw_trace_event *ev)
{
	say(w, "", "%.*s %s", (int)ev->name_len, ev->name, ev->args);
}

static bool in_window(const struct show *s, uint64_t ns)
{
	uint64_t from = s->from_ns, to = s->to_ns;

	if (!s->from_absolute)
		from += s->first_ns;
	if (!s->to_absolute && to != KW_NEVER_NS)
		to += s->first_ns;
	return ns >= from && ns <= to;
}

static void add_row(struct show *s, const struct kw_thread *vcpu, uint64_t ns,
		    const struct words *w)
{
	struct row r = { .ns = ns - s->first_ns, .vcpu = vcpu };

	if (s->to_ns == KW_NEVER_NS && s->rows->len >= MAX_ROWS) {
		s->more = true;
		return;
	}
	r.path = g_strdup(w->path);
	r.text = g_strdup(w->text->str);
	g_array_append_val(s->rows, r);
}

static const struct kw_thread *thread_of(const struct show *s, int64_t tid)
{
	struct kw_thread *v;
	unsigned i;

	for (i = 0; i < kw_follow_nr_vcpus(s->follow); i++) {
		v = kw_follow_vcpu(s->follow, i);
		if (v->tid == tid)
			return v;
	}
	return NULL;
}

static bool is_about(const struct show *s, const struct kw_thread *vcpu,
		     const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	if (s->vcpu < 0 || (vcpu && vcpu->id == s->vcpu))
		return true;
	switch (ev->id) {
	case KW_TRACE_VCPU_KICK:
	case KW_TRACE_VCPU_WAKE_UP:
		return a->n[0] == s->vcpu;
	case KW_TRACE_QUEUE_IRQ:
		return a->n[5] == s->vcpu;
	case KW_TRACE_ALL_REQUEST:
		return true;
	default:
		return false;
	}
}

/* sched_*: in the column of the thread that is switched, or of the waker. */
static void add_sched(struct show *s, const struct kw_trace_event *ev,
		      const struct kw_trace_args *a, struct words *w)
{
	const struct kw_thread *v, *by = thread_of(s, ev->pid);
	unsigned i;

	for (i = 0; ev->id == KW_TRACE_SCHED_SWITCH && i < 2; i++) {
		v = thread_of(s, a->n[2 * i]);
		if (!v || (s->vcpu >= 0 && v->id != s->vcpu))
			continue;
		say_switch(w, a, v->tid, ev->cpu);
		if (!i && a->n[0] == v->tid && a->n[2] != v->tid)
			add_row(s, v, ev->time_ns, w);
		else if (i)
			add_row(s, v, ev->time_ns, w);
	}
	if (ev->id != KW_TRACE_SCHED_WAKING)
		return;
	v = thread_of(s, a->n[0]);
	if (!v || (s->vcpu >= 0 && v->id != s->vcpu))
		return;
	if (by)
		say(w, "try_to_wake_up", "wakes vcpu%d", v->id);
	else
		say(w, "try_to_wake_up", "%.*s wakes vcpu%d",
		    (int)ev->comm_len, ev->comm, v->id);
	add_row(s, by, ev->time_ns, w);
}

static void on_event(void *arg, const struct kw_trace_event *ev,
		     const struct kw_mark *at, const struct kw_thread *vcpu)
{
	struct show *s = arg;
	struct kw_trace_args a = { .nr_n = 0 };
	struct words w = { .text = NULL };

	if (!s->first_ns)
		s->first_ns = at->ns;
	if (!in_window(s, ev->time_ns) || !kw_trace_decode(ev, &a))
		return;
	w.text = g_string_new(NULL);
	if (ev->id == KW_TRACE_SCHED_SWITCH ||
	    ev->id == KW_TRACE_SCHED_WAKING) {
		add_sched(s, ev, &a, &w);
	} else if (is_about(s, vcpu, ev, &a)) {
		if (!say_wait(&w, ev, &a) && !say_interrupt(&w, ev, &a) &&
		    s->cli->o.all && ev->id != KW_TRACE_UNKNOWN)
			say_plain(&w, ev);
		if (w.path && vcpu && kw_trace_in_hardirq(ev))
			g_string_prepend(w.text, "[irq] ");
		if (w.path)
			add_row(s, vcpu, ev->time_ns, &w);
	}
	g_string_free(w.text, TRUE);
}

/* Columns in the order of VMs and vCPUs; returns how many there are. */
static unsigned find_columns(const struct show *s, GPtrArray *heads,
			     GPtrArray *threads)
{
	struct kw_thread *v;
	unsigned vm, id, i, k, n = kw_follow_nr_vcpus(s->follow);

	for (i = 0; i < n; i++) {
		v = NULL;
		for (k = 0, vm = id = UINT_MAX; k < n; k++) {
			struct kw_thread *t = kw_follow_vcpu(s->follow, k);

			if (g_ptr_array_find(threads, t, NULL) || t->vm > vm ||
			    (t->vm == vm && (unsigned)t->id > id))
				continue;
			v = t;
			vm = t->vm;
			id = (unsigned)t->id;
		}
		if (!v)
			break;
		g_ptr_array_add(threads, v);
		g_ptr_array_add(heads, v->vm ?
				g_strdup_printf("vm%u.vcpu%d", v->vm, v->id) :
				g_strdup_printf("vcpu%d", v->id));
	}
	g_ptr_array_add(heads, g_strdup("others"));
	return heads->len;
}

static void put_rows(const struct show *s, const GPtrArray *threads,
		     const struct kw_grid *grid)
{
	const char **last = g_new0(const char *, grid->nr);
	const struct row *r;
	unsigned i, col;
	char *text;

	for (i = 0; i < s->rows->len; i++) {
		r = &g_array_index(s->rows, struct row, i);
		for (col = 0; col + 1 < grid->nr; col++)
			if (threads->pdata[col] == r->vcpu)
				break;
		if (*r->path && (!last[col] || strcmp(last[col], r->path))) {
			text = g_strconcat(r->path, ":", NULL);
			kw_grid_path(grid, col, text);
			g_free(text);
		}
		last[col] = r->path;
		text = g_strconcat(" ", r->text, NULL);
		kw_grid_row(grid, i + 1, r->ns, col, text);
		g_free(text);
	}
	g_free(last);
}

static void put_json(const struct show *s)
{
	const struct row *r;
	struct kw_json j;
	unsigned i;

	for (i = 0; i < s->rows->len; i++) {
		r = &g_array_index(s->rows, struct row, i);
		kw_json_begin(&j, s->cli->out, "trace_step");
		kw_json_u64(&j, "ns", r->ns);
		if (r->vcpu) {
			kw_json_u64(&j, "vm", r->vcpu->vm);
			kw_json_i64(&j, "vcpu", r->vcpu->id);
		}
		kw_json_text(&j, "path", r->path);
		kw_json_text(&j, "step", r->text);
		kw_json_end(&j);
	}
}

static void put_text(const struct show *s)
{
	GPtrArray *heads = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *threads = g_ptr_array_new();
	struct kw_grid grid = { .out = s->cli->out };
	uint64_t ns = s->first_ns;

	grid.nr = find_columns(s, heads, threads);
	g_string_append_printf(grid.out, "# us since %" G_GUINT64_FORMAT
			       ".%06u\n", ns / 1000000000,
			       (unsigned)(ns / 1000 % 1000000));
	kw_grid_begin(&grid, (const char *const *)heads->pdata);
	put_rows(s, threads, &grid);
	if (s->more)
		g_string_append_printf(grid.out, " ... more: give --to\n");
	g_ptr_array_free(heads, TRUE);
	g_ptr_array_free(threads, TRUE);
}

static void free_row(void *p)
{
	struct row *r = p;

	g_free(r->path);
	g_free(r->text);
}

int kw_trace_cmd_show(struct kw_cli *cli)
{
	static const struct kw_follow_ops ops = { .event = on_event };
	const char *const *paths = (const char *const *)cli->args->pdata;
	unsigned n = kw_trace_group(cli, 1);
	struct show s = {
		.cli = cli, .to_ns = KW_NEVER_NS,
		.vcpu = kw_option_given(cli, "vcpu") ? (int)cli->o.vcpu : -1,
	};
	GError *err = NULL;
	struct kw_follow *f;

	if (n + 1 != cli->args->len)
		return kw_cli_usage(cli, "trace show: one recording, please");
	if (!kw_trace_time(cli->o.from, &s.from_ns, &s.from_absolute, &err) ||
	    !kw_trace_time(cli->o.to, &s.to_ns, &s.to_absolute, &err))
		return kw_cli_fail(cli, err);
	f = kw_follow_new();
	s.follow = f;
	s.rows = g_array_new(FALSE, FALSE, sizeof(struct row));
	g_array_set_clear_func(s.rows, free_row);
	kw_follow_add(f, &ops, &s);
	if (kw_trace_read(cli, f, paths + 1, n, &err)) {
		if (!s.rows->len)
			g_set_error(&err, KW_CLI_ERROR, KW_EXIT_NOTHING,
				    "trace show: nothing in it between --from "
				    "and --to, or no such --vcpu");
		else if (cli->o.json)
			put_json(&s);
		else
			put_text(&s);
	}
	g_array_free(s.rows, TRUE);
	kw_follow_free(f);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
