/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which threads of a recording are the vCPUs of the scenario.
 *
 * Invariants: afterwards every vCPU has a number, no two the same, and they
 * and the sources are sorted; arrivals are in the order of time.
 */
#include "extract.h"

static int by_id(const void *a, const void *b)
{
	const struct kw_vcpu *v = *(struct kw_vcpu *const *)a;
	const struct kw_vcpu *w = *(struct kw_vcpu *const *)b;

	if (v->id != w->id)
		return v->id < w->id ? -1 : 1;
	return v->tid < w->tid ? -1 : v->tid > w->tid;
}

static int by_tid(const void *a, const void *b)
{
	const struct kw_vcpu *v = *(struct kw_vcpu *const *)a;
	const struct kw_vcpu *w = *(struct kw_vcpu *const *)b;

	return v->tid < w->tid ? -1 : v->tid > w->tid;
}

static int by_intid(const void *a, const void *b)
{
	const struct kw_source *s = *(struct kw_source *const *)a;
	const struct kw_source *t = *(struct kw_source *const *)b;

	if ((s->intid < 0) != (t->intid < 0))
		return s->intid < 0 ? 1 : -1;
	if (s->intid != t->intid)
		return s->intid < t->intid ? -1 : 1;
	if (s->vcpu != t->vcpu)
		return s->vcpu < t->vcpu ? -1 : 1;
	return g_strcmp0(s->comm, t->comm);
}

static int by_time(const void *a, const void *b)
{
	const uint64_t *s = a, *t = b;

	return *s < *t ? -1 : *s > *t;
}

/* A thread that loaded a vCPU and never ran it is the VMM's, not a vCPU's. */
static void drop_idle_threads(struct kw_extract *x)
{
	unsigned i = 0;
	struct kw_vcpu *v;

	while (i < x->vcpus->len) {
		v = x->vcpus->pdata[i];
		if (v->nr_entries || v->nr_waits || v->steps->len ||
		    v->where != KW_WHERE_UNKNOWN) {
			i++;
			continue;
		}
		g_hash_table_remove(x->by_tid, GINT_TO_POINTER(v->tid));
		g_ptr_array_remove_index(x->vcpus, i);
	}
	x->last = NULL;
}

static void number_rest(struct kw_extract *x)
{
	struct kw_vcpu *v;
	int next = 0;
	unsigned i;

	g_ptr_array_sort(x->vcpus, by_tid);
	for (i = 0; i < x->vcpus->len; i++) {
		v = x->vcpus->pdata[i];
		if (v->id >= 0)
			continue;
		while (kw_extract_vcpu(x, next))
			next++;
		v->id = next;
	}
	g_ptr_array_sort(x->vcpus, by_id);
}

static bool refuse_twins(const struct kw_extract *x, GError **err)
{
	const struct kw_vcpu *v, *w;
	unsigned i;

	for (i = 1; i < x->vcpus->len; i++) {
		v = x->vcpus->pdata[i - 1];
		w = x->vcpus->pdata[i];
		if (v->id != w->id)
			continue;
		g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "threads %d (%s) and %d (%s) both run vCPU %d: "
			    "there is more than one VM; choose with "
			    "--vcpus TID,TID...",
			    v->tid, v->comm, w->tid, w->comm, v->id);
		return true;
	}
	return false;
}

bool kw_extract_finish(struct kw_extract *x, GError **err)
{
	struct kw_source *s;
	unsigned i;

	kw_arrival_flush(x, -1);
	drop_idle_threads(x);
	for (i = 0; i < x->vcpus->len; i++)
		kw_step_flush_run(x, x->vcpus->pdata[i]);
	if (!x->stopped)
		x->end_ns = x->now_ns;
	number_rest(x);
	kw_arrival_resolve(x);
	g_ptr_array_sort(x->sources, by_intid);
	for (i = 0; i < x->sources->len; i++) {
		s = x->sources->pdata[i];
		g_array_sort(s->at, by_time);
	}
	if (!x->vcpus->len) {
		g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "no vCPU in it: expected kvm_entry and kvm_exit "
			    "events (%" G_GUINT64_FORMAT " events read); "
			    "record with events kvm:* and sched:sched_switch, "
			    "sched:sched_waking", x->nr_events);
		return false;
	}
	return !refuse_twins(x, err);
}
