#ifndef SYNC_APPLYING_H
#define SYNC_APPLYING_H

#include <pthread.h>

#include "base/entry.h"
#include "base/err.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "sync/apply.h"
#include "sync/journal.h"
#include "sync/postponed.h"
#include "sync/referring.h"
#include "sync/state.h"

/* The inside of apply.h: a run, and its batches. */

#ifndef BATCH
#define BATCH 700
#endif

/* One whose end is waited for, one that is written, and one that comes next. */
enum { BATCHES = 3 };

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
 * is always one that the server can do. Where the target is fed (connector.h), the last changes of
 * a batch have their outcomes only when the next one is on its way.
 */
struct applying {
	struct plan *plan;
	struct state *state;
	struct applied *applied;
	struct connector *target;
	struct postponed postponed;
	struct referring referring;
	struct journal journal;
	bool planned; /* all steps of the plan are done: those that were postponed come */
	bool kept;    /* a transaction is open, and all of what is in it may be kept */
	bool beside;  /* batches are written by a thread */
	bool feeds;   /* and the target is fed with them */
	struct batch batches[BATCHES];
	struct batch *written; /* on its way, or without being remembered yet; NULL */
	struct batch *before;  /* the one before it, if that is fed and not remembered yet; NULL */
	pthread_t thread;
	bool running;      /* it is that of `written` */
	struct arena *mem; /* scratch */
	struct arena *run_mem;
	struct run run;
	long long flow;
	struct keys nameless; /* dependents_wait */
	struct keys renamed;  /* dependents_unsure */
	struct keys intended; /* entry_keys of the sources of plan->intents */
	struct err *err;
};

/* apply.c: the transaction that is open, or a new one. Half of what follows is not kept: who is
 * through with it says so (a->kept). */
int apply_record(struct applying *);
/* Everything recorded so far is durable. A commit waits for the disk some four times, as long as a
 * run with little to do needs for all the rest: so there is one before something is written, not
 * one for each thing that is recorded. */
int apply_settle(struct applying *);

/* apply_remember.c: the state knows what came of the batch, all of which has an outcome. */
int apply_remember(struct applying *, struct batch *);
/* Conflicts, denials and failures wait, and are told again in every run until they are settled. */
int apply_pending(struct applying *, const struct step *, const struct outcome *);
/* The report says that the step failed, and why. rest: only that of it which was postponed. */
int apply_failure(
	struct applying *, const struct step *, uint32_t place, bool rest, const struct outcome *);

/* apply_finish.c: the flow and the run are known before anything is written ... */
int apply_begin(struct applying *);
/* ... and that it came to its end is known when everything else is done, and durable with this at
 * the latest: now the next run may start from here. */
int apply_finish(struct applying *);

/* Of what runs before had meant to do and could not remember, that is settled of which links say by
 * now what came of it: of one object, or of all (NULL), when this run has looked at all. */
int apply_looked(struct applying *, const struct value *source);

/* apply_verify.c: is it as the server said? What is not is remembered as failed. */
int apply_verify(struct applying *);

#endif
