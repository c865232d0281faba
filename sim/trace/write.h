/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what was collected to Lua (private to trace/). */
#ifndef KW_WRITE_H
#define KW_WRITE_H

#include "extract.h"
#include "import.h"

struct kw_writer {
	GString *out;
	GString *lines;		/* the guests, while they are written */
	struct kw_extract *x;
	const struct kw_import *opts;
	const char *unit;	/* "us" where every time is a multiple */
	uint64_t unit_ns;
	int sgi[16];		/* the scenario's number of an SGI, or -1 */
	unsigned nr_sgis;
	bool timer, pmu;
	uint64_t nr_lines, nr_damaged;
};

/* The scenario's number of the vCPU with KVM's number id; -1: not in it. */
int kw_write_vcpu(const struct kw_writer *w, int id);
/* "us, { 12, 30 }": n times in the writer's unit, depth tabs before them. */
void kw_write_times(struct kw_writer *w, const uint64_t *ns, unsigned n,
		    unsigned depth);
uint64_t kw_write_in_unit(const struct kw_writer *w, uint64_t ns);
/* The whole scenario into w->out. */
void kw_write_scenario(struct kw_writer *w);

/* header.c: the comment on top, which says what this was made from. */
void kw_write_header(struct kw_writer *w);

/* latency.c: timing{}, of samples that are sorted first. */
void kw_write_sort(struct kw_writer *w);
void kw_write_timing(struct kw_writer *w);
uint64_t kw_write_longest(const struct kw_writer *w, enum kw_sample s);

/* guest.c: what the vCPUs run. */
void kw_write_guests(struct kw_writer *w);
/* Does vCPU v begin powered off?  Another one turns it on. */
bool kw_write_is_off(const struct kw_writer *w, const struct kw_vcpu *v);

#endif
