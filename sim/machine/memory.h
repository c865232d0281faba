/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an actor sees memory.
 *
 * This is sequential consistency: one value a variable, seen by everyone at
 * once.  A weaker model replaces these five functions; nothing else in the
 * machine touches a variable that two actors share, except under its lock.
 */
#ifndef KW_MEMORY_H
#define KW_MEMORY_H

#include <stdint.h>
#include <string.h>

static inline unsigned kw_get16(const uint8_t *s, unsigned addr)
{
	uint16_t v;

	memcpy(&v, s + addr, sizeof(v));
	return v;
}

static inline void kw_put16(uint8_t *s, unsigned addr, unsigned value)
{
	uint16_t v = (uint16_t)value;

	memcpy(s + addr, &v, sizeof(v));
}

static inline unsigned kw_mem_load(const uint8_t *s, unsigned addr)
{
	return s[addr];
}

static inline uint16_t kw_mem_load16(const uint8_t *s, unsigned addr)
{
	return (uint16_t)kw_get16(s, addr);
}

static inline void kw_mem_store(uint8_t *s, unsigned addr, uint8_t value)
{
	s[addr] = value;
}

static inline void kw_mem_store16(uint8_t *s, unsigned addr, uint16_t value)
{
	kw_put16(s, addr, value);
}

/* Atomically: new = (old & keep) | set; returns the old value. */
static inline uint8_t kw_mem_rmw(uint8_t *s, unsigned addr, uint8_t keep,
				 uint8_t set)
{
	uint8_t old = s[addr];

	s[addr] = (uint8_t)((old & keep) | set);
	return old;
}

#endif
