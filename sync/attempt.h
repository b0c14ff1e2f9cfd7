#ifndef SYNC_ATTEMPT_H
#define SYNC_ATTEMPT_H

#include <stdbool.h>

#include "rules/rules.h"
#include "sync/object.h"
#include "sync/plan.h"

struct arena;
struct err;
struct state;

/*
 * The gate for other services: one object, some attributes, and the side that wants to write. What
 * is the other side's is denied, and waits in the state; else the side's own entry is changed, and
 * the journal has it as a run of its own: before it is written, what is meant; then what became of
 * it.
 */
struct attempt {
	struct arena *mem;
	struct state *state;
	struct object o;
	const char *who;  /* the object, as a person named it */
	const char *as;   /* the side */
	bool source;      /* it is the flow's source */
	long long undoes; /* a run of "set" that is taken back; 0 */
	struct desired want;
	struct step step; /* what is written, or denied */
	bool done;        /* all of it is as was wanted, by attempt_apply */
};

/* Sets the step, and changes nothing. ERR_FATAL for what cannot be had, or nobody may set. */
int attempt_decide(struct attempt *, struct err *);
/* Does it; the state is open for writing. */
int attempt_apply(struct attempt *, struct err *);

#endif
