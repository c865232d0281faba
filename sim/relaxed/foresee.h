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
	uint64_t later[KW_CLASS_WORDS];	/* ... not before it has acted */
	uint64_t many[KW_CLASS_WORDS];	/* ... more than once, or as what a
					   later load is ordered after */
	uint64_t takes[KW_CLASS_WORDS];	/* classes of locks that it may take */
	bool fence;		/* one that orders loads with loads */
	bool orders;		/* ... those before it */
	bool open;		/* something that overtakes a store */
	bool enables;		/* interrupts; their handlers may overtake it */
	bool raises;		/* a handler; that overtakes it where it is of
				   the own CPU, others' have waited for it */
};

struct kw_foresee;

struct kw_foresee *kw_foresee_new(const struct kw_program *p);
void kw_foresee_free(struct kw_foresee *f);
/* The class of what a node touches, or -1. */
int kw_foresee_class_at(const struct kw_foresee *f, unsigned node);
/* The class of the field at addr, or -1: it may be any. */
int kw_foresee_class(const struct kw_foresee *f, unsigned addr);
void kw_foresee_add(const struct kw_foresee *f, unsigned addr,
		    uint64_t classes[KW_CLASS_WORDS]);
/* Its loads and fences. */
const struct kw_foreseen *kw_foreseen(const struct kw_foresee *f,
				      unsigned node);

/* What others notice. */
struct kw_noticed {
	uint64_t racy[KW_CLASS_WORDS];
	uint64_t devices[KW_CLASS_WORDS];
	const uint8_t *loads;	/* [node]: a load of what is racy there is
				   noticed; NULL: all are */
	bool fifo;		/* what is buffered can be overtaken by loads
				   only, else by stores only */
};

/* Nodes of which the same is foreseen: [node]: the first that is like it. */
void kw_foresee_alike(struct kw_foresee *f, const uint16_t *same);
/* Everything anew. */
void kw_foresee_noticed(struct kw_foresee *f, const struct kw_noticed *what);
/* May that node touch what is racy, or a device? */
bool kw_foresee_notices(const struct kw_foresee *f, unsigned node);
/* Can others notice what that node does? */
bool kw_foresee_acts(const struct kw_foresee *f, unsigned node);
/* May a node that overtakes come before a barrier? */
bool kw_foresee_open(const struct kw_foresee *f, unsigned node);
/* May it let interrupts in, may it raise one before a barrier? */
bool kw_foresee_enables(const struct kw_foresee *f, unsigned node);
bool kw_foresee_raises(const struct kw_foresee *f, unsigned node);
/* May the end of the actor's path come before a barrier? */
bool kw_foresee_ends(const struct kw_foresee *f, unsigned node);

#endif
