/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a run takes a course that is known, and what comes of it.
 *
 * Nothing of the runner changes before the END of a course: where no way
 * leads on, the engine makes the run.
 */
#include "course.h"

/* Runs that may go astray, more than others came to an end. */
#define CREDIT 512
#define NO_WAY (KW_NO_USUAL - 1)
/* Of one stream, at most; whole groups, and one more. */
#define MAX_BLOCKS (KW_MAX_DRAWS / KW_BLOCK_WORDS + 2 * KW_GROUP)

struct kw_courses *kw_courses_new(struct kw_runner *r)
{
	struct kw_courses *c = g_new0(struct kw_courses, 1);
	unsigned n = r->nr_actors;

	c->credit = CREDIT;
	c->moves = g_new0(struct kw_move, KW_MAX_MOVES);
	c->ways = g_new0(uint32_t, KW_MAX_WAYS);
	c->lists = g_new0(uint32_t, KW_MAX_LISTS);
	c->costs = g_new0(struct kw_costs, KW_MAX_COSTS);
	c->steps = g_new0(struct kw_step_cost, KW_MAX_STEPS);
	c->spans = g_new0(uint16_t, KW_MAX_STEPS);
	c->ends = g_new0(struct kw_end, KW_MAX_ENDS);
	c->waits = g_new0(struct kw_wait, KW_MAX_WAITS);
	c->values = g_new0(uint64_t, KW_MAX_VALUES);
	c->values[KW_VALUE_NEVER] = KW_NEVER_NS;
	c->values[KW_VALUE_DURATION] = r->opts.duration_ns;
	c->nr_moves = c->nr_ways = 1;	/* 0: none */
	c->dice = g_new0(struct kw_dice, n * KW_NR_PURPOSES);
	c->dice_of = g_malloc(n * sizeof(c->dice_of[0]));
	memset(c->dice_of, 0xff, n * sizeof(c->dice_of[0]));
	c->tape = kw_tape_new(r);
	return c;
}

void kw_courses_free(struct kw_courses *c)
{
	unsigned i;

	if (!c)
		return;
	for (i = 0; i < c->nr_dice; i++) {
		g_free(c->dice[i].group);
		g_free(c->dice[i].halves);
		g_free(c->dice[i].words);
	}
	g_free(c->moves);
	g_free(c->ways);
	g_free(c->lists);
	g_free(c->costs);
	g_free(c->steps);
	g_free(c->spans);
	g_free(c->ends);
	g_free(c->waits);
	g_free(c->values);
	g_free(c->dice);
	g_free(c->dice_of);
	kw_tape_free(c->tape);
	g_free(c);
}

unsigned kw_course_dice(struct kw_courses *c, unsigned actor,
			enum kw_purpose why)
{
	struct kw_dice *d;

	if (c->dice_of[actor][why] >= 0)
		return (unsigned)c->dice_of[actor][why];
	c->dice_of[actor][why] = (int16_t)c->nr_dice;
	d = &c->dice[c->nr_dice];
	d->stream = actor << 2 | why;
	d->group = g_new0(struct kw_rng_group, MAX_BLOCKS / KW_GROUP);
	if (why == KW_OP_COST)
		d->halves = g_new0(uint16_t, MAX_BLOCKS * KW_BLOCK_HALVES);
	else
		d->words = g_new0(uint32_t, MAX_BLOCKS * KW_BLOCK_WORDS);
	return c->nr_dice++;
}

/* Block i of d is to be there in the group. */
static void put_block(struct kw_rng_group *g, unsigned there, uint64_t seed,
		      const struct kw_dice *d, unsigned i)
{
	g->halves[there] = d->halves != NULL;
	g->to[there] = d->halves ? (void *)(d->halves + i * KW_BLOCK_HALVES) :
				   (void *)(d->words + i * KW_BLOCK_WORDS);
	kw_rng_group_set(g, there, seed, d->stream, i);
}

/* Blocks come in groups of the same dice here. */
static void throw_more(const struct kw_rng_key *key, struct kw_dice *d,
		       unsigned blocks)
{
	struct kw_rng_group *g;
	unsigned first, i;

	while (d->made < blocks) {
		g = &d->group[d->made / KW_GROUP];
		first = d->made / KW_GROUP * KW_GROUP;
		if (d->made / KW_GROUP == d->ready) {
			d->ready++;
			kw_rng_group_init(g);
			for (i = 0; i < KW_GROUP; i++)
				put_block(g, i, key->seed, d, first + i);
		}
		i = kw_rng_blocks(g, d->made - first,
				  MIN(blocks - first, KW_GROUP), key);
		d->made = (uint16_t)(first + i);
	}
}

/* What the last run took is made before those to come. */
static void look_ahead(struct kw_runner *r)
{
	struct kw_courses *c = r->courses;
	struct kw_dice *d;
	bool same = true;
	unsigned n = 0, i;

	for (d = c->dice; d < c->dice + c->nr_dice; d++)
		same &= d->took == d->ahead;
	if (same)
		return;
	for (d = c->dice; d < c->dice + c->nr_dice; d++) {
		for (i = 0; i < d->took && n < KW_AHEAD * KW_GROUP; i++, n++) {
			if (n % KW_GROUP == 0)
				kw_rng_group_init(&c->ahead[n / KW_GROUP]);
			put_block(&c->ahead[n / KW_GROUP], n % KW_GROUP,
				  r->key.seed, d, i);
		}
		d->ahead = (uint16_t)i;
	}
	c->nr_ahead = n;
}

/* A new run. */
static void throw_dice(struct kw_runner *r)
{
	struct kw_courses *c = r->courses;
	struct kw_dice *d;
	unsigned i;

	if (c->nr_thrown++ % KW_AHEAD_RUNS == 0)
		look_ahead(r);
	for (d = c->dice; d < c->dice + c->nr_dice; d++) {
		d->made = d->ahead;
		d->took = 0;
	}
	for (i = 0; i < c->nr_ahead; i += KW_GROUP)
		kw_rng_blocks(&c->ahead[i / KW_GROUP], 0,
			      MIN(c->nr_ahead - i, KW_GROUP), &r->key);
}

/* That many blocks of d are used. */
static inline void take(const struct kw_runner *r, struct kw_dice *d,
			unsigned blocks)
{
	if (blocks > d->made)
		throw_more(&r->key, d, blocks);
	if (blocks > d->took)
		d->took = (uint16_t)blocks;
}

static inline uint64_t duration(const struct kw_runner *r,
				const struct kw_dist *d, uint32_t draw)
{
	if (d->kind == KW_UNIFORM)
		return kw_scale(draw, d->a, d->b);
	return kw_duration(r, d, draw);
}

static inline uint32_t draw(const struct kw_runner *r,
			    const struct kw_move *m)
{
	struct kw_dice *d = &r->courses->dice[m->first];

	take(r, d, m->b / KW_BLOCK_WORDS + 1);
	return d->words[m->b];
}

/* What is drawn for that many steps, a multiple of KW_SPANS. */
static inline uint64_t drawn_ns(const uint16_t *halves, const uint16_t *spans,
				unsigned nr)
{
	uint32_t ns = 0;
	uint16_t one;
	unsigned i;

	for (i = 0; i < nr / KW_SPANS * KW_SPANS; i++) {
		one = (uint16_t)((uint32_t)halves[i] * spans[i] >> 16);
		ns += one;
	}
	return ns;
}

/* Way 0, or the step before which the horizon is reached; see kw_costs. */
static uint32_t go_step_by_step(const struct kw_courses *c,
				const struct kw_costs *s,
				const uint16_t *halves, uint64_t *now,
				uint64_t horizon)
{
	const struct kw_step_cost *step = &c->steps[s->first];
	uint64_t t = *now;
	unsigned i;

	for (i = 0; i < s->nr; i++, step++) {
		t += step->ns;
		if (step->span)
			t += (uint32_t)*halves++ * step->span >> 16;
		if (t >= horizon && !step->free)
			break;
	}
	*now = t;
	if (i < s->nr)
		return i + 1;
	return s->whole ? 0 : NO_WAY;
}

static inline uint32_t go_costs(struct kw_runner *r, const struct kw_move *m,
				uint64_t *now)
{
	struct kw_courses *c = r->courses;
	const struct kw_costs *s = &c->costs[m->first];
	struct kw_dice *d = &c->dice[s->dice];
	const uint16_t *halves = d->halves + s->from;
	uint64_t t, horizon = c->values[m->a];
	uint32_t way;

	take(r, d, s->blocks);
	t = *now + s->least_ns +
	    drawn_ns(halves, &c->spans[s->spans], s->nr_spans);
	if (__builtin_expect(s->whole && t < horizon, 1)) {
		*now = t;
		return 0;
	}
	t = *now;
	way = go_step_by_step(c, s, halves, &t, horizon);
	*now = t;
	return way;
}

static inline uint32_t rank(const struct kw_courses *c, const struct kw_move *m)
{
	const uint32_t *list = &c->lists[m->first];
	uint64_t ns = c->values[m->a];
	unsigned i = 0;

	while (i < m->nr && c->values[list[i]] <= ns)
		i++;
	return i;
}

/* The move that follows m that way, or NULL. */
static const struct kw_move *unusual(const struct kw_courses *c,
				     const struct kw_move *m, uint32_t way)
{
	uint32_t at = m->next;

	if (way == NO_WAY)
		return NULL;
	if (m->what >= KW_MOVE_COSTS)
		at = c->ways[m->next + way];
	return at ? &c->moves[at] : NULL;
}

/*
 * From the root to an END; NULL where no way leads on.  What takes its time
 * is how one value follows from another: so the sums are in locals, and
 * which move is next is mostly no value at all, but what the processor
 * expects.
 */
static const struct kw_end *go_again(struct kw_runner *r,
				     uint64_t *digest_out)
{
	const struct kw_courses *c = r->courses;
	uint64_t now = 0, sum = 0, digest = r->first_digest;
	const struct kw_move *m = &c->moves[c->root];
	uint64_t *v = c->values;
	uint32_t k;

	while (m) {
		k = 0;
		switch ((enum kw_move_kind)m->what) {
		case KW_MOVE_DRAW:
			sum += duration(r, &r->dists[m->a], draw(r, m));
			break;
		case KW_MOVE_ADD:
			sum += m->k;
			break;
		case KW_MOVE_DROP:
			sum = 0;
			break;
		case KW_MOVE_CONSTANT:
			v[m->to] = m->k;
			break;
		case KW_MOVE_SLICE:
			v[m->to] = now + m->k;
			break;
		case KW_MOVE_FROM_NOW:
			v[m->to] = now + v[m->a] + sum;
			sum = 0;
			break;
		case KW_MOVE_LATER:
			v[m->to] = v[m->a] + sum;
			sum = 0;
			break;
		case KW_MOVE_NOT_BEFORE:
			v[m->to] = MAX(v[m->a] + sum, now);
			sum = 0;
			break;
		case KW_MOVE_LEFT:
			v[m->to] = MAX(v[m->a], now) - now;
			break;
		case KW_MOVE_PLUS:
			v[m->to] = v[m->a] + v[m->b];
			break;
		case KW_MOVE_MINUS:
			v[m->to] = v[m->a] - v[m->b];
			break;
		case KW_MOVE_TAKE:
			now = v[m->a];
			digest = kw_digest(digest, now + m->k);
			break;
		case KW_MOVE_COSTS:
			k = go_costs(r, m, &now);
			v[m->to] = now;
			break;
		case KW_MOVE_BURN:
			v[m->to] = now + sum;
			sum = 0;
			k = v[m->to] < v[m->a];
			now = k ? v[m->to] : now;
			break;
		case KW_MOVE_RANK:
			k = rank(c, m);
			break;
		case KW_MOVE_LESS:
			k = v[m->a] < v[m->b];
			break;
		case KW_MOVE_LONGER:
			k = v[m->a] > v[m->b] && v[m->a] - v[m->b] > m->k;
			break;
		case KW_MOVE_CHOOSE:
			k = (uint32_t)kw_scale(draw(r, m), 0, m->k - 1);
			break;
		case KW_MOVE_END:
			*digest_out = digest;
			return &c->ends[m->first];
		default:
			__builtin_unreachable();
		}
		if (k == m->usual)
			m++;
		else
			m = unusual(c, m, k);
	}
	return NULL;
}

static void put_waits(struct kw_runner *r, const struct kw_end *end)
{
	const struct kw_courses *c = r->courses;
	const struct kw_wait *wait = &c->waits[end->waits];
	const uint64_t *v = c->values;
	struct kw_episode *ep;
	unsigned i;

	kw_room_for_episodes(r, end->nr_waits);
	for (i = 0; i < end->nr_waits; i++, wait++) {
		ep = &r->episodes[i];
		*ep = wait->ep;
		ep->begin = v[wait->times[KW_EP_BEGIN]];
		ep->deliverable = v[wait->times[KW_EP_DELIVERABLE]];
		ep->woken = v[wait->times[KW_EP_WOKEN]];
		ep->left = v[wait->times[KW_EP_LEFT]];
		ep->end = v[wait->times[KW_EP_END]];
		if (wait->latency)
			kw_hist_add(&r->latency, ep->end - ep->deliverable);
	}
	r->nr_episodes = end->nr_waits;
}

static void put_result(struct kw_runner *r, const struct kw_end *end,
		       struct kw_result *res)
{
	const struct kw_courses *c = r->courses;
	unsigned i;

	for (i = 0; i < end->nr_marks; i++)
		r->marks[c->lists[end->marks + i]]++;
	put_waits(r, end);
	*res = (struct kw_result){
		.run = r->key.run, .digest = c->digest, .counts = end->counts,
		.episodes = r->episodes, .nr_episodes = end->nr_waits,
		.failure = end->failure,
		.failure_ns = end->failure ? c->values[end->failure_ns] : 0,
	};
	res->counts.end_ns = c->values[end->end_ns];
}

bool kw_course_again(struct kw_runner *r, struct kw_result *res)
{
	struct kw_courses *c = r->courses;
	const struct kw_end *end;

	c->to_check = NULL;
	if (c->credit <= 0)
		return false;
	throw_dice(r);
	end = c->root ? go_again(r, &c->digest) : NULL;
	if (!end) {
		c->credit--;
		if (!c->full)
			kw_tape_begin(r);
		return false;
	}
	if (c->credit < CREDIT)
		c->credit++;
	if (!end->checked) {
		c->to_check = &c->ends[end - c->ends];
		return false;
	}
	put_result(r, end, res);
	c->nr_enough++;
	return true;
}

/* The same waits, with the times that the course has computed. */
static bool same_waits(const struct kw_courses *c, const struct kw_end *end,
		       const struct kw_result *res)
{
	const struct kw_wait *wait = &c->waits[end->waits];
	const uint64_t *v = c->values;
	unsigned i;

	if (res->nr_episodes != end->nr_waits)
		return false;
	for (i = 0; i < end->nr_waits; i++, wait++) {
		const struct kw_episode *ep = &res->episodes[i];

		if (ep->class != wait->ep.class ||
		    ep->cause != wait->ep.cause ||
		    ep->begin != v[wait->times[KW_EP_BEGIN]] ||
		    ep->deliverable != v[wait->times[KW_EP_DELIVERABLE]] ||
		    ep->woken != v[wait->times[KW_EP_WOKEN]] ||
		    ep->left != v[wait->times[KW_EP_LEFT]] ||
		    ep->end != v[wait->times[KW_EP_END]])
			return false;
	}
	return true;
}

/* The engine has made the run that the course was found for, too. */
static void check(struct kw_courses *c, const struct kw_result *res)
{
	struct kw_end *end = c->to_check;
	struct kw_counts counts = end->counts;

	counts.end_ns = c->values[end->end_ns];
	g_assert(res->digest == c->digest);
	g_assert(!memcmp(&res->counts, &counts, sizeof(counts)));
	g_assert(res->failure == end->failure);
	g_assert(!res->failure ||
		 res->failure_ns == c->values[end->failure_ns]);
	g_assert(same_waits(c, end, res));
	end->checked = true;
}

void kw_course_made(struct kw_runner *r, const struct kw_result *res)
{
	if (r->courses->to_check)
		check(r->courses, res);
}
