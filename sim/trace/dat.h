/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace.dat file of trace-cmd as ftrace text.
 *
 * The library that reads it runs in a process of its own, as it trusts what
 * it reads: a damaged file can end that process, not this one.
 */
#ifndef KW_TRACE_DAT_H
#define KW_TRACE_DAT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define KW_DAT_MAGIC 10		/* bytes that tell */
bool kw_dat_is(const char *data, size_t len);

struct kw_dat {
	pid_t pid;		/* 0: none */
};

/*
 * fd is the open file, and seekable; it stays open.  Returns what the text
 * is read from, or -1 with errno.
 */
int kw_dat_start(struct kw_dat *d, int fd);
/* When the text has ended: NULL, or why it ended too early. */
const char *kw_dat_finish(struct kw_dat *d);
/* Nobody wants more text. */
void kw_dat_stop(struct kw_dat *d);

#endif
