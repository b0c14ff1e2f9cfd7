#include "sync/apply.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/progress.h"
#include "base/spool.h"
#include "base/utf8.h"
#include "connectors/connector.h"
#include "sync/dependents.h"
#include "sync/gate.h"
#include "sync/journal.h"
#include "sync/postponed.h"
#include "sync/verify.h"
#include "sync/written.h"

#define BATCH 1000

/* Steps on their way together. */
struct batch {
	struct arena *mem;
	size_t n;
	struct step *steps; /* BATCH of them: a run with little to do touches few */
	uint32_t places[BATCH];
	struct journalled journalled[BATCH];
	struct outcome *of[BATCH]; /* NULL: nothing was to be written */
	/* What is to be written: */
	size_t n_writes;
	const struct step *writes[BATCH];
	const char *sides[BATCH]; /* whose their objects are */
	struct outcome *outcomes;
	int rc; /* of writing */
	struct err err;
};

/*
 * A batch is written, and remembered when all of it has an outcome. Where the target is a server,
 * this goes on while the one before is remembered and the next one put into the journal: then there
 * is always one that the server can do.
 */
struct applying {
	struct plan *plan;
	struct state *state;
	struct applied *applied;
	struct connector *target;
	struct postponed postponed;
	struct journal journal;
	bool planned; /* all steps of the plan are done: those that were postponed come */
	bool kept;    /* a transaction is open, and all of what is in it may be kept */
	bool beside;  /* batches are written by a thread */
	struct batch batches[2];
	struct batch *written; /* on its way, or without being remembered yet; NULL */
	pthread_t thread;
	bool running;      /* it is that of `written` */
	struct arena *mem; /* scratch */
	struct arena *run_mem;
	struct run run;
	long long flow;
	struct keys nameless; /* dependents_wait */
	struct err *err;
};

/* The transaction that is open, or a new one. Half of what follows is not kept: who is through with
 * it says so (a->kept). */
static int record(struct applying *a)
{
	bool open = a->kept;

	a->kept = false;
	return open ? 0 : state_begin(a->state, a->err);
}

/* Everything recorded so far is durable. A commit waits for the disk some four times, as long as a
 * run with little to do needs for all the rest: so there is one before something is written, not
 * one for each thing that is recorded. */
static int settle(struct applying *a)
{
	bool open = a->kept;

	a->kept = false;
	return open ? state_commit(a->state, a->err) : 0;
}

static int next_step(struct applying *a, struct arena *mem, struct step *s, uint32_t *place)
{
	int rc;

	if (a->planned)
		rc = postponed_next(&a->postponed, a->state, a->flow, mem, s, place, a->err);
	else
		rc = plan_next(a->plan, mem, s, place, a->err);
	if (rc == 1 && a->planned)
		return plan_follow(a->plan, mem, s, a->err) < 0 ? -1 : 1;
	if (rc == 1 && s->refers_new && postponed_put(&a->postponed, mem, s, *place, a->err) < 0)
		return -1;
	return rc;
}

static int next_batch(struct applying *a, struct batch *b)
{
	int rc = 0;

	b->n = b->n_writes = 0;
	arena_reset(b->mem);
	while (b->n < BATCH && (rc = next_step(a, b->mem, &b->steps[b->n], &b->places[b->n])) == 1)
		b->n++;
	return rc < 0 ? -1 : 0;
}

/* Steps that are to be written go through the gate with their objects' sources of authority; what
 * was known from a look beforehand (journal.h) is not among them. */
static int choose_writes(struct applying *a, struct batch *b)
{
	b->outcomes = arena_zalloc(b->mem, b->n * sizeof(*b->outcomes));
	for (size_t i = 0; i < b->n; i++) {
		const struct step *s = &b->steps[i];
		b->of[i] = b->journalled[i].early;
		if (!s->write || b->of[i] != NULL)
			continue;
		const char **side = &b->sides[b->n_writes];
		*side = NULL;
		if (state_authority(a->state, a->flow, s->source_id, b->mem, side, a->err) < 0)
			return -1;
		b->of[i] = &b->outcomes[b->n_writes];
		b->writes[b->n_writes++] = s;
	}
	return 0;
}

/* The batch in the journal: durable before it is written. */
static int intend(struct applying *a, struct batch *b)
{
	if (journal_look(a->target, a->plan->flow, b->steps, b->n, b->mem, b->journalled, a->err) <
			0 ||
		record(a) < 0 || choose_writes(a, b) < 0 ||
		journal_intend(&a->journal, a->state, a->plan->flow, b->steps, b->n, b->mem,
			b->journalled, a->err) < 0)
		return -1;
	a->kept = true;
	return b->n_writes > 0 ? settle(a) : 0;
}

static void *write_batch(void *with)
{
	struct applying *a = with;
	struct batch *b = a->written;

	b->rc = gate_write(a->target, a->plan->flow, b->writes, b->sides, b->outcomes, b->n_writes,
		b->mem, &b->err);
	return NULL;
}

/* From now on the batch is written, by a thread where there can be one. */
static void send_batch(struct applying *a, struct batch *b)
{
	sigset_t all, old;

	a->written = b;
	b->rc = 0;
	if (b->n_writes == 0)
		return;
	/* Signals are for the thread that looks after the state. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	a->running = a->beside && pthread_create(&a->thread, NULL, write_batch, a) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!a->running)
		(void)write_batch(a);
}

/* The batch that was on its way, all of which has an outcome now; NULL: there is none. */
static int wait_batch(struct applying *a, struct batch **done)
{
	struct batch *b = a->written;

	if (a->running)
		(void)pthread_join(a->thread, NULL);
	a->running = false;
	a->written = NULL;
	*done = b;
	if (b == NULL || b->rc == 0)
		return 0;
	*a->err = b->err;
	return -1;
}

static const char *text_of(struct arena *mem, struct value v)
{
	if (!utf8_valid(v.data, v.len) || (v.len > 0 && memchr(v.data, '\0', v.len) != NULL))
		return arena_printf(mem, "(%zu bytes)", v.len);
	return arena_copy(mem, v.data, v.len);
}

static int put_pending(struct applying *a, const struct step *s, const char *kind,
	const char *message, long long since)
{
	struct value name = s->source_name.len > 0 ? s->source_name : s->target_name;
	const struct pending p = {.source = s->source_id,
		.kind = kind,
		.name = text_of(a->mem, name),
		.rule = s->rule,
		.message = message,
		.run = a->run.id,
		.since = since};

	return state_put_pending(a->state, a->flow, &p, a->err);
}

static int put_denied(
	struct applying *a, const struct step *s, const struct denied *d, long long since)
{
	struct value name = s->source_name.len > 0 ? s->source_name : s->target_name;
	const struct pending p = {.source = s->source_id,
		.kind = "denied",
		.name = text_of(a->mem, name),
		.attribute = attr_name(d->attr),
		.value = d->removal ? NULL : text_of(a->mem, d->value),
		.side = d->side,
		.authority = d->authority,
		.rule = d->rule,
		.run = a->run.id,
		.since = since};

	return state_put_pending(a->state, a->flow, &p, a->err);
}

/* Conflicts, denials and failures wait, and are told again in every run until they are settled. */
static int record_pending(struct applying *a, const struct step *s, const struct outcome *o)
{
	long long since = a->run.started;

	if (state_drop_pending(a->state, a->flow, s->source_id, &since, a->err) < 0)
		return -1;
	if (s->op == STEP_CONFLICT && put_pending(a, s, "conflict", s->message, since) < 0)
		return -1;
	if (o != NULL && o->kind != OUTCOME_DONE &&
		put_pending(a, s, "failed", o->err.text, since) < 0)
		return -1;
	for (unsigned i = 0; i < s->n_denied; i++) {
		if (put_denied(a, s, &s->denied[i], since) < 0)
			return -1;
	}
	return 0;
}

static int record_link(struct applying *a, struct step *s, const struct outcome *o)
{
	if (s->op == STEP_DELETE || s->op == STEP_FORGET)
		return a->plan->undoes != 0
			       ? state_unlink(a->state, a->flow, s->source_id, a->err)
			       : state_drop_link(a->state, a->flow, s->source_id, a->err);
	if (!s->remember)
		return 0;
	if (o != NULL && o->id.len > 0)
		s->link.target = o->id;
	if (o != NULL && o->digest != 0)
		s->link.target_digest = o->digest;
	return state_put_link(a->state, a->flow, &s->link, a->err);
}

static int note_failure(struct applying *a, const struct step *s, uint32_t place, const char *text)
{
	struct summary *sum = &a->applied->summary;
	uint32_t at;

	if (spool_add(a->applied->texts, text, strlen(text), &at, a->err) < 0)
		return -1;
	keys_put(&a->applied->failures, place + 1ull, at);
	if (s->change.op == CHANGE_ADD || s->change.new_name.len > 0)
		keys_put(&a->nameless, dn_key(s->source_name), 0);
	/* Without its references a new entry was added all the same. */
	if (a->planned)
		sum->failed++;
	else
		summary_fail(sum, s);
	return 0;
}

static int record_batch(struct applying *a, struct batch *b)
{
	if (record(a) < 0)
		return -1;
	progress_add(PROGRESS_DONE, (long long)b->n_writes);
	for (size_t i = 0; i < b->n; i++) {
		const struct outcome *o = b->of[i];
		bool done = o == NULL || o->kind == OUTCOME_DONE;
		/* Who was deleted in the target may have come back under another name. */
		if (b->steps[i].op == STEP_ADD && b->steps[i].number == 8)
			keys_put(&a->nameless, dn_key(b->steps[i].source_name), 0);
		if (record_pending(a, &b->steps[i], o) < 0 ||
			(done && record_link(a, &b->steps[i], o) < 0) ||
			(!done && note_failure(a, &b->steps[i], b->places[i], o->err.text) < 0))
			return -1;
	}
	if (journal_note(&a->journal, a->state, b->journalled, b->of, b->n, a->err) < 0)
		return -1;
	a->kept = true;
	return 0;
}

/* After an undo a timer does not do again what was undone, and whoever goes on looks at everything.
 */
static void hold(const struct applying *a, struct flow_state *f)
{
	f->held = a->run.started;
	f->deltas = FLOW_UNFINISHED;
}

/* The flow and the run are known before anything is written. */
static int begin(struct applying *a)
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
	if (record(a) < 0 || state_put_flow(a->state, a->plan->flow->name, &known, a->err) < 0 ||
		state_put_run(a->state, known.id, &a->run, a->err) < 0)
		return -1;
	a->flow = known.id;
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

	if (state_put_pin(a->state, p->flow->source, p->source_pin, a->err) < 0)
		return -1;
	return state_put_pin(a->state, p->flow->target, p->target_pin, a->err);
}

/* Do links say by now what came of it? Not of an object of which nothing could be remembered, nor
 * of one that was added and not seen since. */
static int is_settled(struct applying *a, const struct op *op)
{
	struct link link;
	int rc = state_unsolved(a->state, a->flow, op->source, a->err);

	if (rc != 0 || (op->kind != STEP_ADD && op->kind != STEP_LINK))
		return rc < 0 ? -1 : rc == 0;
	return state_link(a->state, a->flow, op->source, a->mem, &link, a->err);
}

/* What runs before had meant to do was looked at by this one. */
static int settle_intents(struct applying *a)
{
	const struct intents *in = &a->plan->intents;
	int rc = 0;

	for (unsigned i = 0; i < in->n && rc >= 0; i++) {
		const struct op *op = &in->ops[i];
		arena_reset(a->mem);
		rc = is_settled(a, op);
		if (rc == 1)
			rc = state_op_result(a->state, op->run, op->n, OP_SETTLED, a->err);
	}
	return rc < 0 ? -1 : 0;
}

/* Everything else is done, and durable with this at the latest: now the next run may start from
 * here. */
static int finish(struct applying *a)
{
	struct plan *plan = a->plan;
	const struct summary *s = &a->applied->summary;
	struct flow_state f = plan->known;
	bool whole = !plan->one && !plan->partial;

	f.last_run = a->run.started;
	if (plan->undoes != 0) {
		hold(a, &f);
	} else if (!plan->one) {
		f.last_good = a->run.started;
		f.deltas = plan->full ? 0 : f.deltas + 1;
		f.held = 0;
	}
	/* With steps left out the guard has not had its say about all of it. */
	if (whole && plan->full)
		f.sources = plan->sources;
	if (whole)
		f.epoch = plan->flow->epoch;
	f.generation++;
	f.links = plan->links + s->add + s->link - s->remove - s->forget;
	a->applied->finished = (long long)time(NULL);
	a->run = (struct run){a->run.id, a->flow, a->run.started, a->applied->finished, plan->full,
		run_exit(s), s->read, s->add, s->modify, s->rename, s->remove, s->none, s->conflict,
		s->denied, s->failed};
	if (record(a) < 0 || state_put_flow(a->state, plan->flow->name, &f, a->err) < 0 ||
		state_put_run(a->state, a->flow, &a->run, a->err) < 0)
		return -1;
	if (dependents_wait(a->state, a->flow, &a->nameless, a->err) < 0)
		return -1;
	if (whole && (put_cookie(a) < 0 || put_pins(a) < 0 || settle_intents(a) < 0))
		return -1;
	if (whole && plan->full && state_settle(a->state, a->flow, a->run.id, a->err) < 0)
		return -1;
	if (state_retire(a->state, a->run.started - plan->flow->history, a->err) < 0)
		return -1;
	a->kept = true;
	return settle(a);
}

/* The run stopped: what was done before is remembered, and why it stopped is told. */
static void stop(struct applying *a)
{
	struct err ignored, *told = a->err;

	/* cppcheck-suppress autoVariables ; not beyond this function */
	a->err = &ignored;
	(void)settle(a);
	a->err = told;
}

/* Nothing is on its way, and all that was is remembered. */
static int land(struct applying *a)
{
	struct batch *done;

	if (wait_batch(a, &done) < 0)
		return -1;
	return done != NULL ? record_batch(a, done) : 0;
}

static bool deletes(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->steps[i].write && b->steps[i].change.op == CHANGE_DELETE)
			return true;
	}
	return false;
}

/* The batch after the one that is on its way: 1; 0: there is none. */
static int one_batch(struct applying *a)
{
	struct batch *b = &a->batches[a->written == &a->batches[0]], *before;

	if (next_batch(a, b) < 0)
		return -1;
	/* What is to be deleted is read before, and what was postponed needs the links of all that
	 * was added. */
	if ((b->n == 0 || deletes(b) || !a->beside) && land(a) < 0)
		return -1;
	if (b->n == 0)
		return 0;
	if (intend(a, b) < 0 || wait_batch(a, &before) < 0)
		return -1;
	send_batch(a, b);
	return before != NULL && record_batch(a, before) < 0 ? -1 : 1;
}

/* The run stops for another reason: what is on its way is waited for, and remembered if it can be.
 */
static void leave(struct applying *a)
{
	struct err *why = a->err, ignored;

	a->err = &ignored;
	(void)land(a);
	a->err = why;
}

static int apply_all(struct applying *a)
{
	const struct summary *s = &a->plan->summary;
	int more;
	const long long n = s->add + s->modify + s->rename + s->remove;

	if (n > 0)
		progress_phase(PROGRESS_WRITE, n);
	/* What an interrupted run has left with the target is taken up, whatever there is to do. */
	if (begin(a) < 0 || connector_write(a->target, NULL, NULL, 0, a->mem, a->err) < 0 ||
		plan_rewind(a->plan, a->err) < 0)
		return -1;
	do {
		more = one_batch(a);
		if (more == 0 && !a->planned) {
			a->planned = true;
			more = 1;
		}
	} while (more > 0);
	return more;
}

/* What the link of the source entry remembered before this run; empty: nothing. */
static int written_before(struct applying *a, struct value source, struct value *written)
{
	struct op_row row;
	struct op op;
	int rc = state_ops(a->state, a->run.id, false, a->err);

	*written = (struct value){NULL, 0};
	while (rc >= 0 && (rc = state_next_op(a->state, a->mem, &row, a->err)) == 1) {
		if (!value_same(row.source, source))
			continue;
		rc = op_unpack(a->mem, &row, value_of(""), &op, a->err);
		if (rc == 0 && op.has_link)
			*written = op.link.written;
	}
	return rc;
}

/* The next run is to look at it, and is not to take what was not done for what somebody else did.
 */
static int doubt(struct applying *a, const struct unverified *u, struct link *link)
{
	const struct change *c = &u->step->change;
	struct value before;

	link->source_digest = 0;
	link->target_digest = 0;
	if (u->step->op == STEP_DELETE)
		return 0;
	if (written_before(a, u->step->source_id, &before) < 0)
		return -1;
	const bool renamed = u->there && c->new_name.len > 0;
	link->written =
		written_doubt(a->mem, before, link->written, renamed ? c->new_name : c->name);
	return 0;
}

/* Its link was remembered as if all had been well. */
static int note_unverified(struct applying *a, const struct unverified *u)
{
	struct link link;
	struct outcome failed = {.kind = OUTCOME_FAILED};
	const struct value name = u->step->change.name;

	err_set(&failed.err, ERR_ENTRY, "%.*s %s", (int)name.len, name.data, u->text);
	if (record(a) < 0 || record_pending(a, u->step, &failed) < 0 ||
		note_failure(a, u->step, u->place, failed.err.text) < 0)
		return -1;
	int rc = state_link(a->state, a->flow, u->step->source_id, a->mem, &link, a->err);
	/* Of one that was deleted, and is still there, the link went: it is ours as before. */
	if (rc == 0 && u->step->op == STEP_DELETE) {
		link = u->step->link;
		rc = 1;
	}
	if (rc == 1)
		rc = doubt(a, u, &link) < 0 ? -1 : state_put_link(a->state, a->flow, &link, a->err);
	a->kept = rc >= 0;
	return rc < 0 ? -1 : 0;
}

/* Is it as the server said? */
static int verify(struct applying *a)
{
	struct unverified *wrong;
	size_t n;
	int rc = 0;

	arena_reset(a->mem);
	if (a->journal.n == 0)
		return 0;
	if (verify_plan(a->plan, a->target, &a->applied->failures, a->mem, &wrong, &n, a->err) < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = note_unverified(a, &wrong[i]);
	return rc;
}

/* A server that was read is still there. */
static int open_target(struct applying *a)
{
	a->target = a->plan->target;
	a->plan->target = NULL;
	if (a->target == NULL &&
		connector_open(a->plan->flow->target_config, &a->target, a->err) < 0)
		return -1;
	a->beside = (a->target->type->can & CAN_BESIDE) != 0;
	return 0;
}

int flow_apply(struct plan *plan, struct state *state, struct arena *mem, struct applied *applied,
	struct err *err)
{
	struct applying *a = arena_alloc(mem, sizeof(*a));
	struct err closing;

	*a = (struct applying){
		.plan = plan, .state = state, .applied = applied, .run_mem = mem, .err = err};
	for (unsigned i = 0; i < 2; i++) {
		a->batches[i].mem = arena_new();
		a->batches[i].steps = arena_alloc(mem, BATCH * sizeof(struct step));
	}
	*applied = (struct applied){.summary = plan->summary, .texts = spool_new()};
	keys_init(&applied->failures, 0, true);
	keys_init(&a->nameless, 0, false);
	a->mem = arena_new();
	int rc = -1;
	postponed_start(&a->postponed);
	if (open_target(a) == 0)
		rc = apply_all(a) < 0 ? -1 : verify(a);
	if (rc < 0)
		leave(a);
	/* A file takes its new shape here; what could not be is still in its changes, and is taken
	 * up by the next run. */
	if (connector_close(a->target, &closing) < 0 && rc == 0) {
		*err = closing;
		rc = -1;
	}
	progress_end(rc < 0);
	if (rc == 0)
		rc = finish(a);
	if (rc < 0)
		stop(a);
	postponed_free(&a->postponed);
	for (unsigned i = 0; i < 2; i++)
		arena_free(a->batches[i].mem);
	keys_free(&a->nameless);
	arena_free(a->mem);
	return rc < 0 ? err_in(err, "flow %s", plan->flow->name) : 0;
}

void applied_free(struct applied *a)
{
	keys_free(&a->failures);
	spool_free(a->texts);
	*a = (struct applied){.texts = NULL};
}
