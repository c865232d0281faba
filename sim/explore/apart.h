/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a thread writes shares no line of a cache with what another reads:
 * so many bytes are left free behind it.
 */
#ifndef KW_APART_H
#define KW_APART_H

#define KW_APART	128

#endif
