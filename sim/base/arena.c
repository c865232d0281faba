/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides where allocations that live and die together are put.
 *
 * Invariant: the first block is the only one with room; a request that is
 * larger than a block gets a block of its own behind the first.
 */
#include "arena.h"

#include <glib.h>
#include <string.h>

#define BLOCK	((size_t)64 << 10)
#define ALIGN	((size_t)16)

struct kw_arena_block {
	struct kw_arena_block *next;
	size_t size;
};

#define HEAD	((sizeof(struct kw_arena_block) + ALIGN - 1) & ~(ALIGN - 1))

static struct kw_arena_block *block_new(size_t size)
{
	struct kw_arena_block *block = g_malloc0(HEAD + size);

	block->size = size;
	return block;
}

void *kw_arena_alloc(struct kw_arena *a, size_t size)
{
	struct kw_arena_block *block;

	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (size > BLOCK / 4 && a->blocks) {
		block = block_new(size);
		block->next = a->blocks->next;
		a->blocks->next = block;
		return (char *)block + HEAD;
	}
	if (size > a->left || !a->blocks) {
		block = block_new(size > BLOCK ? size : BLOCK);
		block->next = a->blocks;
		a->blocks = block;
		a->left = block->size;
	}
	a->left -= size;
	return (char *)a->blocks + HEAD + (a->blocks->size - a->left - size);
}

void *kw_arena_grow(struct kw_arena *a, void *v, unsigned nr, unsigned *max,
		    size_t size)
{
	void *bigger;

	if (nr < *max)
		return v;
	*max = *max ? 2 * *max : 8;
	bigger = kw_arena_alloc(a, *max * size);
	if (nr)
		memcpy(bigger, v, nr * size);
	return bigger;
}

void kw_arena_free(struct kw_arena *a)
{
	struct kw_arena_block *block, *next;

	for (block = a->blocks; block; block = next) {
		next = block->next;
		g_free(block);
	}
	a->blocks = NULL;
	a->left = 0;
}
