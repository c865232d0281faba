/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zeroed memory that grows where it is, and in large pages once it is large:
 * looking up what is spread over all of it would otherwise miss the TLB each
 * time.
 */
#ifndef KW_ROOM_H
#define KW_ROOM_H

#include <stddef.h>

struct kw_room {
	void *at;
	size_t bytes, reserved;		/* reserved: 0 while it is small */
	void *map;
	size_t mapped;
};

/* What is new is 0.  It may move, until it is large. */
void kw_room_grow(struct kw_room *r, size_t bytes);
void kw_room_free(struct kw_room *r);

#endif
