#ifndef SYNC_SINGLE_H
#define SYNC_SINGLE_H

#include "connectors/connector.h"
#include "sync/journal.h"
#include "sync/object.h"

struct arena;
struct err;
struct state;

/*
 * One write to one entry that a person asks for ("set", "authority transfer"), in the journal as a
 * run of its own: before it is written, what is meant; then what became of it.
 */
struct single {
	struct run run;
	struct journal journal;
	struct journalled op;
	struct outcome outcome; /* set by the caller, for single_note */
};

/* The run, and what it is about to do: durable when this returns. change: what is done to which
 * entry, of which side ever; side: as which side; undoes: the run that is taken back, 0. */
int single_intend(struct single *, struct state *, struct object *, const struct change *,
	const char *side, long long undoes, struct arena *, struct err *);
/* How the run ended, and what became of its operation; in the caller's transaction. */
int single_note(
	struct single *, struct state *, const struct object *, int exit_code, struct err *);

/* Nothing was written, for it was denied: a run that says what, by n attributes. The flow is known;
 * in the caller's transaction. */
int single_deny(struct state *, const struct object *, const char *side, unsigned n,
	const char *what, struct arena *, struct err *);

#endif
