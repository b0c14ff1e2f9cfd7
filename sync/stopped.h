#ifndef SYNC_STOPPED_H
#define SYNC_STOPPED_H

#include "sync/state.h"

struct arena;
struct err;

/*
 * Runs that did not come to their end: refused, ended by an error, or killed. History, status, the
 * metrics and the chart of the last runs tell them beside the others.
 */

/* A run of the flow ended with that code, and why. id 0: it had not begun to write. A flow that
 * never ran is known from now on, and still has its first run before it. */
int stopped_put(struct state *, const char *flow, const struct run *, struct err *);

/* What kind of run it was, or how it ended without coming to its end. */
const char *stopped_word(const struct run *);

/* A writer before that was killed, in words, once; NULL: there was none. */
const char *stopped_left(struct state *, struct arena *);

#endif
