#include "sync/apply.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/progress.h"
#include "base/spool.h"
#include "connectors/connector.h"
#include "sync/applying.h"
#include "sync/gate.h"

int apply_record(struct applying *a)
{
	bool open = a->kept;

	a->kept = false;
	return open ? 0 : state_begin(a->state, a->err);
}

int apply_settle(struct applying *a)
{
	bool open = a->kept;

	a->kept = false;
	return open ? state_commit(a->state, a->err) : 0;
}

static int next_step(struct applying *a, struct arena *mem, struct step *s, uint32_t *place)
{
	int rc;

	if (a->planned)
		rc = postponed_next(&a->postponed, a->state, a->flow, &a->applied->failures, mem, s,
			place, a->err);
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

/* What is put back is told, also when the run does not live to remember it. */
static int foretell(struct applying *a, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct step *s = &b->steps[i];
		if (s->write && s->n_denied > 0 && apply_pending(a, s, NULL) < 0)
			return -1;
	}
	return 0;
}

/* What is deleted is read just before, with what it referred to when the run began. */
static int look_before(struct applying *a, struct batch *b)
{
	int rc = journal_look(
		a->target, a->plan->flow, b->steps, b->n, b->mem, b->journalled, a->err);

	for (size_t i = 0; i < b->n && rc == 0; i++)
		rc = referring_complete(&a->referring, b->mem, &b->journalled[i].before, a->err);
	return rc;
}

/* The batch in the journal: durable before it is written. */
static int intend(struct applying *a, struct batch *b)
{
	if (look_before(a, b) < 0 || apply_record(a) < 0 || choose_writes(a, b) < 0 ||
		foretell(a, b) < 0 ||
		journal_intend(&a->journal, a->state, a->plan->flow, b->steps, b->n, b->mem,
			b->journalled, a->err) < 0)
		return -1;
	a->kept = true;
	return b->n_writes > 0 ? apply_settle(a) : 0;
}

static void *write_batch(void *with)
{
	struct applying *a = with;
	struct batch *b = a->written;

	b->rc = gate_write(a->target, a->plan->flow, b->writes, b->sides, b->outcomes, b->n_writes,
		a->feeds, b->mem, &b->err);
	return NULL;
}

/* From now on the batch is written, by a thread where there can be one. */
static void send_batch(struct applying *a, struct batch *b)
{
	sigset_t all, old;

	a->before = a->feeds ? a->written : NULL;
	a->written = b;
	b->rc = 0;
	if (b->n_writes == 0 && a->before == NULL)
		return;
	/* Signals are for the thread that looks after the state. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	a->running = a->beside && pthread_create(&a->thread, NULL, write_batch, a) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!a->running)
		(void)write_batch(a);
}

static void join(struct applying *a)
{
	if (a->running)
		(void)pthread_join(a->thread, NULL);
	a->running = false;
}

/* The end of the call that was given the last batch: the one before has all its outcomes. */
static int wait_batch(struct applying *a)
{
	join(a);
	if (a->written == NULL || a->written->rc == 0)
		return 0;
	if (a->before != NULL)
		(void)apply_remember(a, a->before);
	*a->err = a->written->err;
	return -1;
}

/* All that was begun has its outcome. */
static int settle_writes(struct applying *a)
{
	return a->feeds && a->written != NULL
		       ? connector_write(a->target, NULL, NULL, 0, a->mem, a->err)
		       : 0;
}

/* The run stopped: what was done before is remembered, and why it stopped is told. */
static void stop(struct applying *a)
{
	struct err ignored, *told = a->err;

	/* cppcheck-suppress autoVariables ; not beyond this function */
	a->err = &ignored;
	(void)apply_settle(a);
	a->err = told;
}

/* Nothing is on its way, and all that was is remembered. */
static int land(struct applying *a)
{
	if (wait_batch(a) < 0)
		return -1;
	struct batch *before = a->before, *last = a->written;
	a->before = NULL;
	if ((before != NULL && apply_remember(a, before) < 0) || settle_writes(a) < 0)
		return -1;
	a->written = NULL;
	return last != NULL ? apply_remember(a, last) : 0;
}

static bool deletes(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->steps[i].write && b->steps[i].change.op == CHANGE_DELETE)
			return true;
	}
	return false;
}

static struct batch *free_batch(struct applying *a)
{
	struct batch *b = a->batches;

	while (b == a->written || b == a->before)
		b++;
	return b;
}

/* The batch after the one that is on its way: 1; 0: there is none. */
static int one_batch(struct applying *a)
{
	struct batch *b = free_batch(a), *done;

	if (next_batch(a, b) < 0)
		return -1;
	/* What is to be deleted is read before, and what was postponed needs the links of all that
	 * was added. */
	if ((b->n == 0 || deletes(b) || !a->beside) && land(a) < 0)
		return -1;
	if (b->n == 0)
		return 0;
	if (intend(a, b) < 0 || wait_batch(a) < 0)
		return -1;
	done = a->feeds ? a->before : a->written;
	send_batch(a, b);
	return done != NULL && apply_remember(a, done) < 0 ? -1 : 1;
}

/* The run stops for another reason: what is on its way is waited for, and looked at by the next
 * run. To remember it here would pass over the batch before, if that could not be: the journal has
 * one mark, up to which all is done. */
static void leave(struct applying *a)
{
	struct err *why = a->err, ignored;

	/* cppcheck-suppress autoVariables ; not beyond this function */
	a->err = &ignored;
	join(a);
	(void)settle_writes(a);
	a->err = why;
}

static int apply_all(struct applying *a)
{
	const struct summary *s = &a->plan->summary;
	const long long n = s->add + s->modify + s->rename + s->remove;
	int more;

	if (n > 0)
		progress_phase(PROGRESS_WRITE, n);
	/* What an interrupted run has left with the target is taken up, whatever there is to do. */
	if (apply_begin(a) < 0 || connector_write(a->target, NULL, NULL, 0, a->mem, a->err) < 0 ||
		referring_read(&a->referring, a->plan, a->target, a->err) < 0 ||
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

/* A server that was read is still there. */
static int open_target(struct applying *a)
{
	a->target = a->plan->target;
	a->plan->target = NULL;
	if (a->target == NULL &&
		connector_open(a->plan->flow->target_config, &a->target, a->err) < 0)
		return -1;
	a->beside = (a->target->type->can & CAN_BESIDE) != 0;
	a->feeds = a->beside && a->target->type->feed != NULL;
	return 0;
}

/* Where the server stands behind our own writes is what the next one must have got. */
static int note_standing(struct applying *a)
{
	return summary_writes(&a->plan->summary)
		       ? connector_come(a->target, a->run_mem, &a->plan->target_pin, a->err)
		       : 0;
}

int flow_apply(struct plan *plan, struct state *state, struct arena *mem, struct applied *applied,
	struct err *err)
{
	struct applying *a = arena_alloc(mem, sizeof(*a));
	struct err closing;

	*a = (struct applying){
		.plan = plan, .state = state, .applied = applied, .run_mem = mem, .err = err};
	for (unsigned i = 0; i < BATCHES; i++) {
		a->batches[i].mem = arena_new();
		a->batches[i].steps = arena_alloc(mem, BATCH * sizeof(struct step));
	}
	*applied = (struct applied){.summary = plan->summary, .texts = spool_new()};
	keys_init(&applied->failures, 0, true);
	keys_init(&a->nameless, 0, false);
	keys_init(&a->renamed, 0, false);
	keys_init(&a->intended, 0, false);
	for (unsigned i = 0; i < plan->intents.n; i++)
		keys_put(&a->intended, entry_key(plan->intents.ops[i].source), 0);
	a->mem = arena_new();
	int rc = -1;
	postponed_start(&a->postponed);
	referring_start(&a->referring);
	if (open_target(a) == 0)
		rc = apply_all(a) < 0 || apply_verify(a) < 0 ? -1 : note_standing(a);
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
		rc = apply_finish(a);
	if (rc < 0)
		stop(a);
	postponed_free(&a->postponed);
	referring_free(&a->referring);
	for (unsigned i = 0; i < BATCHES; i++)
		arena_free(a->batches[i].mem);
	keys_free(&a->nameless);
	keys_free(&a->renamed);
	keys_free(&a->intended);
	arena_free(a->mem);
	return rc < 0 ? err_in(err, "flow %s", plan->flow->name) : 0;
}

void applied_free(struct applied *a)
{
	keys_free(&a->failures);
	spool_free(a->texts);
	*a = (struct applied){.texts = NULL};
}
