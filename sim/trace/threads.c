/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which tasks are vCPU threads, whose they are, and in which
 * execution context an event lies.
 *
 * A vCPU thread is one that enters or leaves the guest or a block.  Before the
 * first such event one that has a vCPU thread's name ("kvm-vcpu-1", "CPU
 * 1/KVM") is followed in silence: a thread that a vCPU thread makes has its
 * name, too, until it takes one of its own.  Where nothing of KVM is recorded
 * the name is enough.  A vCPU's number is KVM's vcpu_id where an event of its
 * own tells it, else the name's.
 *
 * ftrace does not record whose VM a vCPU is (but the thread group, if asked
 * to).  A VMM makes its vCPU threads one after the other: sorted by thread id,
 * a new VM begins where the numbers do not go on growing.
 *
 * Invariants: vCPUs are never forgotten before the end; a number means a
 * vCPU only where one VM at most can be meant; consumers hear of none that is
 * followed in silence.
 */
#include <stdio.h>
#include <string.h>

#include "follow_inside.h"

struct kw_followed *kw_followed_find(struct kw_follow *f, int tid)
{
	if (!f->last || f->last->t.tid != tid)
		f->last = g_hash_table_lookup(f->by_tid, GINT_TO_POINTER(tid));
	return f->last;
}

static int id_of_comm(const char *comm)
{
	char rest[8];
	int id;

	if (sscanf(comm, "kvm-vcpu-%d", &id) == 1 && id >= 0)
		return id;
	if (sscanf(comm, "CPU %d/%3s", &id, rest) == 2 && id >= 0 &&
	    !strcmp(rest, "KVM"))
		return id;
	return -1;
}

static int by_vm(const void *a, const void *b)
{
	const struct kw_followed *s = *(struct kw_followed *const *)a;
	const struct kw_followed *t = *(struct kw_followed *const *)b;

	if (s->t.tgid != t->t.tgid)
		return s->t.tgid < t->t.tgid ? -1 : 1;
	return s->t.tid < t->t.tid ? -1 : s->t.tid > t->t.tid;
}

static void assign_vms(struct kw_follow *f)
{
	unsigned n = f->threads->len, i, vm = 0;
	struct kw_followed **sorted, *v;
	int id = -1, tgid = -1;

	sorted = g_memdup2(f->threads->pdata, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_vm);
	for (i = 0; i < n; i++) {
		v = sorted[i];
		if (i && (v->t.tgid != tgid ||
			  (tgid < 0 && v->t.id >= 0 && v->t.id <= id)))
			vm++;
		if (v->t.id >= 0 || v->t.tgid != tgid)
			id = v->t.id;
		tgid = v->t.tgid;
		v->t.vm = vm;
	}
	f->nr_vms = n ? vm + 1 : 0;
	g_free(sorted);
}

static gboolean is_silent(void *tid, void *followed, void *f)
{
	const struct kw_followed *v = followed;

	(void)tid;
	(void)f;
	return !v->known;
}

void kw_followed_forget(struct kw_follow *f)
{
	f->last = NULL;
	g_hash_table_foreach_remove(f->by_tid, is_silent, f);
}

static struct kw_followed *add(struct kw_follow *f, int tid, const char *comm,
			       unsigned len)
{
	struct kw_followed *v;
	unsigned i, n = MIN(len, 15u);

	if (g_hash_table_size(f->by_tid) >= KW_MAX_THREADS)
		kw_followed_forget(f);
	if (tid <= 0 || g_hash_table_size(f->by_tid) >= KW_MAX_THREADS)
		return NULL;
	v = g_new0(struct kw_followed, 1);
	v->t.tid = tid;
	v->t.tgid = v->t.cpu = v->checking = -1;
	v->halt_poll_ns = -1;
	for (i = 0; i < n; i++)
		v->t.comm[i] = g_ascii_isprint(comm[i]) ? comm[i] : '?';
	v->t.id = id_of_comm(v->t.comm);
	v->t.since = f->now;
	g_hash_table_insert(f->by_tid, GINT_TO_POINTER(tid), v);
	f->last = v;
	return v;
}

static void be_known(struct kw_follow *f, struct kw_followed *v)
{
	v->known = true;
	v->inferred = true;
	v->t.index = f->threads->len;
	g_ptr_array_add(f->threads, v);
	assign_vms(f);
}

/* Nothing of KVM is recorded, as far as can be told by now. */
static bool without_kvm(const struct kw_follow *f)
{
	const struct kw_follow_totals *t = &f->totals;

	return t->nr_events > 1000 && !t->by_id[KW_TRACE_KVM_ENTRY] &&
	       !t->by_id[KW_TRACE_KVM_EXIT] && !t->by_id[KW_TRACE_KVM_WFX] &&
	       !t->by_id[KW_TRACE_KVM_WAKEUP];
}

struct kw_followed *kw_followed_make(struct kw_follow *f,
				     const struct kw_trace_event *ev)
{
	struct kw_followed *v = kw_followed_find(f, ev->pid);

	if (!v)
		v = add(f, ev->pid, ev->comm, ev->comm_len);
	if (!v)
		return NULL;
	if (!v->known)
		be_known(f, v);
	if (v->t.tgid != ev->tgid && ev->tgid >= 0) {
		v->t.tgid = ev->tgid;
		assign_vms(f);
	}
	return v;
}

struct kw_followed *kw_followed_named(struct kw_follow *f, int tid,
				      const char *comm, unsigned len)
{
	struct kw_followed *v = kw_followed_find(f, tid);
	char name[16];

	if (v || len < 9 || len > 15)	/* "CPU 0/KVM", "kvm-vcpu-0" */
		return v;
	if (comm[0] != 'k' && comm[0] != 'C')
		return NULL;
	memcpy(name, comm, len);
	name[len] = '\0';
	if (id_of_comm(name) < 0)
		return NULL;
	v = add(f, tid, comm, len);
	if (v && without_kvm(f))
		be_known(f, v);
	return v;
}

void kw_followed_id(struct kw_follow *f, struct kw_followed *v, int64_t id)
{
	if (v->id_told || id < 0 || id > INT16_MAX)
		return;
	v->id_told = true;
	if (v->t.id == id)
		return;
	v->t.id = (int)id;
	if (v->known)
		assign_vms(f);
}

struct kw_followed *kw_followed_by_id(struct kw_follow *f, int from_tid,
				      int64_t id)
{
	const struct kw_followed *from = kw_followed_find(f, from_tid);
	struct kw_followed *v, *found = NULL;
	unsigned i;

	for (i = 0; i < f->threads->len; i++) {
		v = f->threads->pdata[i];
		if (v->t.id != id || (from && from->t.vm != v->t.vm))
			continue;
		if (found)
			return NULL;
		found = v;
	}
	return found;
}

/* The slot of key: one of a few; else the one that was used longest ago. */
static struct kw_context *find_context(struct kw_follow *f, int key)
{
	unsigned i, slot = (unsigned)key * 2654435761u >> 22;
	struct kw_context *c, *oldest = NULL;

	for (i = 0; i < KW_CONTEXT_WAYS; i++) {
		c = &f->contexts[(slot + i) % KW_NR_CONTEXTS];
		if (c->used && c->key == key)
			return c;
		if (!oldest || c->used < oldest->used)
			oldest = c;
	}
	return oldest;
}

/* Hard and soft interrupt handlers belong to the CPU, not to the task. */
struct kw_context *kw_context_of(struct kw_follow *f,
				 const struct kw_trace_event *ev)
{
	int key = ev->pid;
	struct kw_context *c;

	if (kw_trace_in_hardirq(ev))
		key = -3 * ev->cpu - 1;
	else if (ev->flags_len > 2 && ev->flags[2] == 's')
		key = -3 * ev->cpu - 2;
	else if (!ev->pid)
		key = -3 * ev->cpu - 3;
	c = find_context(f, key);
	if (c->key != key || !c->used) {
		kw_wake_close(f, c);
		memset(c, 0, sizeof(*c));
		c->key = key;
	}
	c->used = f->totals.nr_events;
	return c;
}
