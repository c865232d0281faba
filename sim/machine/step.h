/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The body of kw_step(), to be inlined into an engine's loop.
 *
 * Each case computes the outcome k and, where somebody else is concerned,
 * the effect; the node's successor for k is where the actor stands next.
 * The state is bytes, so that every store into it might, for all that the
 * compiler knows, change anything: what a loop needs again it keeps in
 * locals, which is why the next node number is returned and not stored.
 * This header is private to machine/ and the engines.
 */
#ifndef KW_STEP_H
#define KW_STEP_H

#include <string.h>
#include "machine.h"
#include "memory.h"

#define KW_ADDR_NONE 0

/* FAIL's message number when a path followed a NULL reference ... */
#define KW_FAIL_NULL 0xffff
/* ... and when it took a lock that it holds. */
#define KW_FAIL_RELOCK 0xfffe

/* Task layout ("task", predeclared by script/types.c): bytes of a task. */
enum {
	KW_TASK_STATE = 0, KW_TASK_ON_RQ = 1, KW_TASK_SIGPENDING = 2,
	KW_TASK_THREAD = 4,
};
enum { KW_TASK_RUNNING, KW_TASK_INTERRUPTIBLE };

static inline void kw_list_add(uint8_t *s, unsigned list, unsigned entry,
			       unsigned link, bool tail)
{
	unsigned first = kw_get16(s, list), last = kw_get16(s, list + 2);

	kw_put16(s, entry + link, tail ? 0 : first);
	kw_put16(s, entry + link + 2, tail ? last : 0);
	if (tail && last)
		kw_put16(s, last + link, entry);
	else if (!tail && first)
		kw_put16(s, first + link + 2, entry);
	if (tail || !last)
		kw_put16(s, list + 2, entry);
	if (!tail || !first)
		kw_put16(s, list, entry);
}

static inline void kw_list_del(uint8_t *s, unsigned list, unsigned entry,
			       unsigned link)
{
	unsigned next = kw_get16(s, entry + link);
	unsigned prev = kw_get16(s, entry + link + 2);

	kw_put16(s, prev ? prev + link : list, next);
	kw_put16(s, next ? next + link + 2 : list + 2, prev);
	kw_put16(s, entry + link, 0);
	kw_put16(s, entry + link + 2, 0);
}

static inline unsigned kw_cmpxchg(uint8_t *s, unsigned addr, unsigned val)
{
	unsigned old = kw_mem_load(s, addr);

	if (old == (val & 0xff))
		kw_mem_store(s, addr, (uint8_t)(val >> 8));
	return old;
}

/* Who holds a spin lock (how: 0, not a mutex) is not preempted. */
static inline bool kw_try_lock(uint8_t *s, unsigned addr, unsigned a,
			       struct kw_actor_state *st, unsigned how)
{
	if (kw_get16(s, addr))
		return false;
	kw_put16(s, addr, a + 1);
	st->preempt += !how;
	return true;
}

static inline void kw_unlock(uint8_t *s, unsigned addr,
			     struct kw_actor_state *st, unsigned how)
{
	kw_put16(s, addr, 0);
	st->preempt -= !how;
}

/* schedule(), part 1: does the task leave the run queue? */
static inline unsigned kw_deactivate(uint8_t *s, unsigned task)
{
	if (s[task + KW_TASK_STATE] == KW_TASK_RUNNING)
		return 0;
	if (s[task + KW_TASK_SIGPENDING]) {
		s[task + KW_TASK_STATE] = KW_TASK_RUNNING;
		return 0;
	}
	s[task + KW_TASK_ON_RQ] = 0;
	return 1;
}

/* try_to_wake_up(): did it change the task's state? */
static inline unsigned kw_wake(const struct kw_program *p, uint8_t *s,
			       unsigned task, struct kw_done *done)
{
	unsigned thread = kw_get16(s, task + KW_TASK_THREAD);
	struct kw_actor_state *t;

	if (!thread || s[task + KW_TASK_STATE] == KW_TASK_RUNNING)
		return 0;
	s[task + KW_TASK_STATE] = KW_TASK_RUNNING;
	if (s[task + KW_TASK_ON_RQ])
		return 1;
	s[task + KW_TASK_ON_RQ] = 1;
	t = kw_actor(p, s, thread - 1);
	if (t->run == KW_ASLEEP) {
		t->run = KW_READY;
		done->effect = KW_EFF_WAKE;
		done->actor = thread - 1;
	}
	return 1;
}

/* The actor's path has ended: a handler gives its home back. */
static inline void kw_end(const struct kw_program *p, uint8_t *s, unsigned a)
{
	const struct kw_actor *ac = &p->actors[a];
	struct kw_actor_state *st = kw_actor(p, s, a);

	if (ac->autostart) {
		st->run = KW_ENDED;
		return;
	}
	st->run = KW_IDLE;
	if (ac->home != a)
		kw_actor(p, s, ac->home)->nest = 0;
}

static inline unsigned kw_handler_idle(const struct kw_program *p, uint8_t *s,
				       unsigned h)
{
	const struct kw_actor_state *t;

	if (!h)
		return 1;
	t = kw_actor(p, s, h - 1);
	return !t->pend && (t->run == KW_IDLE || t->run == KW_ENDED);
}

/* What the time operations do where there is time; the outcome. */
static inline unsigned kw_time(const struct kw_program *p,
			       const struct kw_actor_state *st,
			       const struct kw_node *n, uint32_t base,
			       struct kw_clock *clock)
{
	uint64_t *t = clock->t + base;
	uint64_t *field = &clock->t[(st->regs[n->reg] >> 3) + n->off];

	switch ((enum kw_op)n->op) {
	case KW_OP_TIME_NOW:
		t[n->dst] = clock->now;
		break;
	case KW_OP_TIME_SET:
		t[n->dst] = p->times[n->val];
		break;
	case KW_OP_TIME_ADD:
		t[n->dst] = t[n->reg] + t[n->val];
		break;
	case KW_OP_TIME_SUB:
		t[n->dst] = t[n->reg] - t[n->val];
		break;
	case KW_OP_TIME_LESS:
		return t[n->dst] < t[n->val];
	case KW_OP_TIME_LOAD:
		t[n->dst] = *field;
		break;
	case KW_OP_TIME_STORE:
		*field = t[n->dst];
		break;
	default:
		break;
	}
	return 0;
}

/*
 * Executes node n, number pc, at which actor a (its block is st) stands;
 * returns the number of the node where it stands then.
 */
static inline __attribute__((always_inline)) unsigned
kw_exec(const struct kw_program *p, uint8_t *s, struct kw_actor_state *st,
	const struct kw_node *n, unsigned pc, unsigned a, unsigned choice,
	struct kw_clock *clock, struct kw_done *done)
{
	unsigned base = st->regs[n->reg], A = base + n->off, h, k;
	struct kw_actor_state *t;
	uint32_t tb;

	done->effect = KW_EFF_NONE;
	done->addr = A;
	if (__builtin_expect(!base && n->reg && kw_op_follows(n->op), 0)) {
		done->effect = KW_EFF_FAIL;
		done->val = KW_FAIL_NULL;
		return pc;
	}
	switch ((enum kw_op)n->op) {
#define KW_SIMPLE(name, how, body)	\
	case KW_OP_##name:		\
		body;			\
		goto how;
#define KW_PRIVATE KW_SIMPLE
#include "simple.def"
#undef KW_PRIVATE
#undef KW_SIMPLE
	case KW_OP_LOCK:
		if (!kw_try_lock(s, A, a, st, n->val)) {
			done->effect = kw_get16(s, A) == a + 1 ?
					       KW_EFF_FAIL : KW_EFF_BLOCKED;
			done->val = KW_FAIL_RELOCK;
			return pc;
		}
		break;
	case KW_OP_CALL_TRAP:
		st->regs[n->dst] = n->val;
		return st->trap;
	case KW_OP_CHOICE:
		k = choice;
		goto many;
	case KW_OP_SWITCH:
		if (!s[A + KW_TASK_ON_RQ]) {
			st->run = KW_ASLEEP;
			done->effect = KW_EFF_SLEEP;
		}
		break;
	case KW_OP_WAKE:
		k = kw_wake(p, s, A, done);
		goto two;
	case KW_OP_YIELD:
		done->effect = KW_EFF_YIELD;
		break;
	case KW_OP_IRQ_ON:
		st->irq_off = 0;
		done->effect = KW_EFF_UNMASK;
		break;
	case KW_OP_PREEMPT_ON:
		st->preempt--;
		done->effect = KW_EFF_UNMASK;
		break;
	case KW_OP_RAISE:
		h = kw_get16(s, A);
		if (!h)
			break;
		t = kw_actor(p, s, h - 1);
		if (!t->pend) {
			t->pend = 1;
			done->effect = KW_EFF_RAISE;
			done->actor = h - 1;
			done->val = n->val;
		}
		break;
	case KW_OP_UNRAISE:
		h = kw_get16(s, A);
		if (h && kw_actor(p, s, h - 1)->pend) {
			kw_actor(p, s, h - 1)->pend = 0;
			done->effect = KW_EFF_CANCEL;
			done->actor = h - 1;
		}
		break;
	case KW_OP_ARM:
		h = kw_get16(s, A);
		if (!h)
			break;
		kw_actor(p, s, h - 1)->armed = 1;
		done->effect = KW_EFF_ARM;
		done->actor = h - 1;
		done->val = n->val;
		break;
	case KW_OP_CANCEL:
		h = kw_get16(s, A);
		k = 0;
		if (!h)
			goto two;
		t = kw_actor(p, s, h - 1);
		k = t->armed || t->pend;
		if (k) {
			t->armed = t->pend = 0;
			done->effect = KW_EFF_CANCEL;
			done->actor = h - 1;
		}
		goto two;
	case KW_OP_AWAIT:
		if (kw_mem_load(s, A) != n->val) {
			done->effect = KW_EFF_BLOCKED;
			return pc;
		}
		break;
	case KW_OP_AWAIT_IDLE:
		if (!kw_handler_idle(p, s, kw_get16(s, A))) {
			done->effect = KW_EFF_BLOCKED;
			return pc;
		}
		break;
	case KW_OP_IS_LOCKED:
		k = kw_get16(s, A) != 0;
		goto two;
	case KW_OP_IS_PENDING:
		k = !kw_handler_idle(p, s, kw_get16(s, A));
		goto two;
	case KW_OP_IS_ARMED:
		h = kw_get16(s, A);
		k = h && kw_actor(p, s, h - 1)->armed;
		goto two;
	case KW_OP_GUEST_ENTER:
		st->run = KW_IN_GUEST;
		done->effect = KW_EFF_ENTER;
		break;
	case KW_OP_EXIT_REASON:
		k = st->exit;
		goto many;
	case KW_OP_GUEST_EXIT:
		h = p->actors[a].home;
		if (p->actors[a].type == KW_VIRQ)
			h = p->actors[h].home;
		t = kw_actor(p, s, h);
		t->exit = (uint8_t)n->val;
		t->trap = n->next[1];
		t->run = KW_READY;
		done->effect = KW_EFF_EXIT;
		done->actor = h;
		done->val = n->val;
		break;
	case KW_OP_DELAY:
		done->effect = KW_EFF_DELAY;
		done->val = n->val;
		break;
	case KW_OP_BURN:
		done->effect = KW_EFF_BURN;
		done->val = n->val;
		break;
	case KW_OP_MARK:
		done->effect = KW_EFF_MARK;
		done->val = n->val;
		break;
	case KW_OP_FAIL:
		done->effect = KW_EFF_FAIL;
		done->val = n->val;
		return pc;
	case KW_OP_TIME_NOW:
	case KW_OP_TIME_SET:
	case KW_OP_TIME_ADD:
	case KW_OP_TIME_SUB:
	case KW_OP_TIME_LESS:
	case KW_OP_TIME_LOAD:
	case KW_OP_TIME_STORE:
		k = n->op == KW_OP_TIME_LESS && choice;
		if (!clock)
			goto two;
		tb = p->actors[a].time_base;
		k = kw_time(p, st, n, tb, clock);
		goto two;
	case KW_OP_END:
		kw_end(p, s, a);
		done->effect = KW_EFF_END;
		return pc;
	case KW_NR_OPS:
		__builtin_unreachable();
	}
one:
	done->outcome = 0;
	return n->next[0];
two:
	done->outcome = k;
	return n->next[k];
many:
	done->outcome = k;
	return p->succ[n->next[0] + k];
back:
	done->outcome = 0;
	return p->succ[k];
}

static inline void
kw_step_inline(const struct kw_program *p, uint8_t *s, unsigned a,
	       unsigned choice, struct kw_clock *clock, struct kw_done *done)
{
	struct kw_actor_state *st = kw_actor(p, s, a);

	st->pc = (uint16_t)kw_exec(p, s, st, &p->nodes[st->pc], st->pc, a,
				   choice, clock, done);
}

#endif
