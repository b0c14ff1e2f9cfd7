#include <time.h>

#include "base/arena.h"
#include "base/spool.h"
#include "sync/applying.h"
#include "sync/dependents.h"
#include "sync/sorter.h"

/* After an undo a timer does not do again what was undone, and whoever goes on looks at everything.
 */
static void hold(const struct applying *a, struct flow_state *f)
{
	f->held = a->run.started;
	f->deltas = FLOW_UNFINISHED;
}

/* That another directory or server answers is approved of by a run that writes, and leaves nothing
 * out: somebody looked at all of its plan. */
static bool is_stranger(const struct plan *p)
{
	return (p->other != NULL || p->behind != NULL) &&
	       (p->one || p->partial || !summary_writes(&p->summary));
}

/* Until it is known how far the server has come by what this run writes. */
static int unsettle(struct applying *a)
{
	const struct plan *p = a->plan;

	if (a->target->type->stands == NULL || !summary_writes(&p->summary) || is_stranger(p))
		return 0;
	return state_put_pin(a->state, p->flow->target,
		connector_unsettled(a->run_mem, p->target_pin), p->target_expires, a->err);
}

/* Where a batch is remembered before the next one is written, somebody's reference to who comes
 * later is, too. Should the run end between the two, nobody knows if he will ever have that name:
 * the next one, which has all names from here, lets all references be looked at. */
static int note_all(struct applying *a)
{
	const struct summary *s = &a->plan->summary;

	if (s->add + s->rename == 0 || sorter_count(a->plan->steps.order) <= BATCH)
		return 0;
	return state_put_name(a->state, a->flow, 0, a->err);
}

int apply_begin(struct applying *a)
{
	struct flow_state known = a->plan->known;

	a->run.started = (long long)time(NULL);
	a->run.full = a->plan->full;
	if (known.id == 0)
		known.sources = -1;
	known.last_run = a->run.started;
	/* Should this run not come to its end, the next one looks at everything: what was written
	 * and not remembered, and what came and left again meanwhile. */
	known.deltas = FLOW_UNFINISHED;
	if (a->plan->undoes != 0)
		hold(a, &known);
	if (apply_record(a) < 0 || unsettle(a) < 0 ||
		state_put_flow(a->state, a->plan->flow->name, &known, a->err) < 0 ||
		state_put_run(a->state, known.id, &a->run, a->err) < 0)
		return -1;
	a->flow = known.id;
	a->applied->run = a->run.id;
	if (state_names(a->state, a->flow, &a->renamed, a->err) < 0 || note_all(a) < 0)
		return -1;
	journal_start(&a->journal, a->run_mem, a->plan->flow, a->run.id, a->flow, a->plan->undoes);
	a->kept = true;
	return 0;
}

static int run_exit(const struct summary *s)
{
	return s->failed + s->conflict + s->denied > 0 ? 4 : 0;
}

static int put_cookie(struct applying *a)
{
	struct value cookie = {NULL, 0};

	arena_reset(a->mem);
	if (a->plan->cookie != NULL &&
		spool_get(a->plan->cookie, 0, a->mem, &cookie, NULL, a->err) < 0)
		return -1;
	return state_put_cookie(a->state, a->flow, cookie, a->err);
}

static int put_pins(struct applying *a)
{
	const struct plan *p = a->plan;

	if (is_stranger(p))
		return 0;
	/* An undo does not look at the source. */
	if (p->source_pin != NULL && state_put_pin(a->state, p->flow->source, p->source_pin,
					     p->source_expires, a->err) < 0)
		return -1;
	return state_put_pin(a->state, p->flow->target, p->target_pin, p->target_expires, a->err);
}

/* Do links say by now what came of it? Not of an object of which nothing could be remembered, nor
 * of one that was added and not seen since; but where it had a link before this run, or no source
 * any more and a contact that was found, this run has seen to it. */
static int is_settled(struct applying *a, const struct intents *in, unsigned i)
{
	const struct op *op = &in->ops[i];
	const bool looked = in->linked != NULL && (in->linked[i] || in->contacts[i] != NULL);
	struct link link;
	int rc = state_unsolved(a->state, a->flow, op->source, a->err);

	if (rc != 0 || looked || (op->kind != STEP_ADD && op->kind != STEP_LINK))
		return rc < 0 ? -1 : rc == 0;
	return state_link(a->state, a->flow, op->source, a->mem, &link, a->err);
}

int apply_looked(struct applying *a, const struct value *source)
{
	const struct intents *in = &a->plan->intents;
	int rc = 0;

	if (source != NULL && !keys_has(&a->intended, entry_key(*source)))
		return 0;
	for (unsigned i = 0; i < in->n && rc >= 0; i++) {
		const struct op *op = &in->ops[i];
		if (source != NULL && !value_same(op->source, *source))
			continue;
		arena_reset(a->mem);
		rc = is_settled(a, in, i);
		if (rc == 1)
			rc = state_op_result(a->state, op->run, op->n, OP_SETTLED, a->err);
	}
	return rc < 0 ? -1 : 0;
}

/* Also of names that a run before had noted: that somebody was looked at is not all, for what came
 * of it may not have been remembered. */
static int tell_dependents(struct applying *a)
{
	if (dependents_wait(a->state, a->flow, &a->nameless, a->err) < 0 ||
		dependents_unsure(a->state, a->flow, a->plan->flow, &a->renamed, a->err) < 0)
		return -1;
	return state_drop_names(a->state, a->flow, a->err);
}

/* How many links there are now. They are counted where a step may not have made one, or ended one:
 * of a hundred thousand that takes as long as a run with little to do. */
static int note_links(struct applying *a, struct flow_state *f)
{
	const struct plan *p = a->plan;
	const struct summary *s = &a->applied->summary;

	f->links = p->links + s->add - s->remove;
	if (s->link + s->forget + s->failed + p->missing == 0 && p->undoes == 0 &&
		p->intents.n == 0)
		return 0;
	f->links = state_count_links(a->state, a->flow, a->err);
	return f->links < 0 ? -1 : 0;
}

int apply_finish(struct applying *a)
{
	struct plan *plan = a->plan;
	const struct summary *s = &a->applied->summary;
	struct flow_state f = plan->known;
	/* Nothing was left for another run: from here on it is done, and not due. */
	const bool whole = !plan->one && !plan->partial;

	f.last_run = a->run.started;
	if (plan->undoes != 0) {
		hold(a, &f);
	} else if (whole) {
		f.last_good = a->run.started;
		f.deltas = plan->full ? 0 : f.deltas + 1;
		f.held = 0;
	} else if (!plan->one && !plan->full) {
		/* What only a full run sees may be what this one left: the next one is not later.
		 */
		f.deltas++;
	}
	/* With steps left out the guard has not had its say about all of it. */
	if (whole && plan->full) {
		f.sources = plan->sources;
		f.targets = plan->targets;
	}
	if (whole)
		f.epoch = plan->flow->epoch;
	f.generation++;
	a->applied->finished = (long long)time(NULL);
	a->run = (struct run){a->run.id, a->flow, a->run.started, a->applied->finished, plan->full,
		run_exit(s), s->read, s->add, s->modify, s->rename, s->remove, s->none, s->conflict,
		s->denied, s->failed, NULL};
	if (apply_record(a) < 0 || note_links(a, &f) < 0 ||
		state_put_flow(a->state, plan->flow->name, &f, a->err) < 0 ||
		state_put_run(a->state, a->flow, &a->run, a->err) < 0)
		return -1;
	if (tell_dependents(a) < 0)
		return -1;
	if (whole && plan->full && state_settle(a->state, a->flow, a->run.id, a->err) < 0)
		return -1;
	if (put_pins(a) < 0)
		return -1;
	if (whole && (put_cookie(a) < 0 || apply_looked(a, NULL) < 0))
		return -1;
	if (state_retire(a->state, plan->flow->history, a->err) < 0)
		return -1;
	a->kept = true;
	return apply_settle(a);
}
