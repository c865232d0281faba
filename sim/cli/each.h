/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Independent work on several threads: explorations that do not wait for
 * each other.  Results are handed on in the order of the items, so that what
 * is printed and stored does not depend on how many threads there are.
 */
#ifndef KW_CLI_EACH_H
#define KW_CLI_EACH_H

#include <glib.h>
#include <stdbool.h>

struct kw_each {
	unsigned nr;			/* items */
	unsigned jobs;			/* threads at most */
	/* On any thread; false: *err says why. */
	bool (*work)(void *arg, unsigned i, GError **err);
	/*
	 * On the caller's thread, in order, after work(i); false: no more is
	 * wanted.  What work() had begun elsewhere goes on to its end, and is
	 * the caller's to throw away.
	 */
	bool (*deliver)(void *arg, unsigned i, GError **err);
	void *arg;
};

/* false: *err is that of the first item, in order, that has one. */
bool kw_each(const struct kw_each *each, GError **err);
/* Of so many threads, what each of nr items at a time may have. */
unsigned kw_each_share(unsigned jobs, unsigned nr);

#endif
