/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides where large tables are; see room.h. */
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include "room.h"

#define LARGE	((size_t)2 << 20)
#define PAGE	((size_t)2 << 20)
#define MOST	((size_t)1 << 42)
/* From here on large pages: below, small ones are had sooner than the misses
   of their translations cost (measured: 120 MB, 8.3 million states). */
#define HUGE	((size_t)256 << 20)

static size_t whole_pages(size_t bytes)
{
	return (bytes + PAGE - 1) & ~(PAGE - 1);
}

/* Addresses without memory: as many as there are to be had. */
static void reserve(struct kw_room *r, size_t bytes)
{
	size_t size = MOST;
	void *map;

	do {
		map = mmap(NULL, size + PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (map != MAP_FAILED)
			break;
		size /= 2;
	} while (size >= bytes);
	if (map == MAP_FAILED)
		g_error("no memory for %" G_GSIZE_FORMAT " bytes", bytes);
	r->map = map;
	r->mapped = size + PAGE;
	r->at = (void *)whole_pages((size_t)map);
	r->reserved = size;
}

static void back(struct kw_room *r, size_t bytes)
{
	size_t size = whole_pages(bytes);

	if (size > r->reserved || mprotect(r->at, size,
					   PROT_READ | PROT_WRITE))
		g_error("no memory for %" G_GSIZE_FORMAT " bytes", bytes);
	if (size >= HUGE)
		madvise(r->at, size, MADV_HUGEPAGE);
}

void kw_room_grow(struct kw_room *r, size_t bytes)
{
	void *old = r->at;

	if (r->reserved) {
		back(r, bytes);
	} else if (bytes >= LARGE) {
		reserve(r, bytes);
		back(r, bytes);
		if (old)
			memcpy(r->at, old, r->bytes);
		g_free(old);
	} else {
		r->at = g_realloc(r->at, bytes);
		memset((char *)r->at + r->bytes, 0, bytes - r->bytes);
	}
	r->bytes = bytes;
}

void kw_room_free(struct kw_room *r)
{
	if (r->reserved)
		munmap(r->map, r->mapped);
	else
		g_free(r->at);
}
