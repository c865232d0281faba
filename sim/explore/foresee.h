/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an actor may do before its next full barrier, by the node where it
 * stands: what it may load, whether a weaker fence may come, and whether a
 * store that is buffered now could be overtaken.
 *
 * Fields are told apart by the last part of their names only ("list" of
 * vcpu.wq.list): which object a register refers to is not known here.
 */
#ifndef KW_FORESEE_H
#define KW_FORESEE_H

#include "../program/paths.h"

#define KW_CLASS_WORDS	2
#define KW_NR_CLASSES	(64 * KW_CLASS_WORDS)

struct kw_foreseen {
	uint64_t loads[KW_CLASS_WORDS];	/* classes that it may load */
	bool fence;		/* one that orders loads with loads */
	bool open;		/* something that overtakes a store */
};

struct kw_foresee;

struct kw_foresee *kw_foresee_new(const struct kw_program *p);
void kw_foresee_free(struct kw_foresee *f);
/* The class of the field at addr, or -1: it may be any. */
int kw_foresee_class(const struct kw_foresee *f, unsigned addr);
/* Adds the classes of all that hardware may touch. */
void kw_foresee_devices(const struct kw_foresee *f,
			uint64_t classes[KW_CLASS_WORDS]);
/* Its loads and fences. */
const struct kw_foreseen *kw_foreseen(const struct kw_foresee *f,
				      unsigned node);

/*
 * From now on: accesses to these classes touch what is racy or a device.
 * fifo: what is buffered can be overtaken by loads only, else by stores only.
 */
void kw_foresee_racy(struct kw_foresee *f,
		     const uint64_t racy[KW_CLASS_WORDS], bool fifo);
/* May a node that overtakes come before a barrier? */
bool kw_foresee_open(const struct kw_foresee *f, unsigned node);
/* May the end of the actor's path come before a barrier? */
bool kw_foresee_ends(const struct kw_foresee *f, unsigned node);

#endif
