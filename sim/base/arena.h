/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is freed all at once.
 *
 * For code that an error may leave by longjmp: what it allocated here is
 * freed by whoever owns the arena.  Memory comes zeroed and 16-byte aligned.
 */
#ifndef KW_ARENA_H
#define KW_ARENA_H

#include <stddef.h>

struct kw_arena {
	struct kw_arena_block *blocks;
	size_t left;			/* bytes left in the first block */
};

void *kw_arena_alloc(struct kw_arena *a, size_t size);
/*
 * Room for one more element of size bytes in v[0 .. nr): returns v, or a
 * copy of it twice as large.  *max is the room there is.
 */
void *kw_arena_grow(struct kw_arena *a, void *v, unsigned nr, unsigned *max,
		    size_t size);
void kw_arena_free(struct kw_arena *a);

#define KW_NEW(arena, type)	((type *)kw_arena_alloc(arena, sizeof(type)))
#define KW_NEWS(arena, type, n)	\
	((type *)kw_arena_alloc(arena, sizeof(type) * (size_t)(n)))

/* Appends x to v[], whose length is nr and room is max. */
#define KW_PUSH(arena, v, nr, max, ...)					\
	((v) = kw_arena_grow(arena, v, nr, &(max), sizeof(*(v))),	\
	 (v)[(nr)++] = __VA_ARGS__)

#endif
