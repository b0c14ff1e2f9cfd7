#ifndef SYNC_SAVED_H
#define SYNC_SAVED_H

#include "sync/flow.h"

struct arena;
struct err;

/*
 * A plan that somebody wants to read in peace before it is done: "diff --save PLAN", then "sync
 * --plan PLAN". It is not what is applied: sync plans anew, with the same options, and goes on only
 * when that gives the plan of this digest. So both sides must still look as they did, under the
 * same rules, and no run can have been made since: the digest has the flow's generation in it. A
 * saved plan is the approval of its digest, and is used up by being applied.
 *
 * The file is its user's alone (0600), and JSON: a seal over all that follows (SHA-256), the flow,
 * when, the digest, the options, and the JSON report with a line for each step. One that was
 * damaged or edited, that others may write or that belongs to somebody else is refused.
 */
struct saved {
	const char *path, *flow, *when, *digest;
	struct flow_options options;
};

/* Whole or not at all, in place of what is there. */
int saved_write(const char *path, struct plan *, const struct flow_options *, struct err *);
/* ERR_FATAL when it cannot be trusted. */
int saved_read(struct arena *, const char *path, struct saved *, struct err *);
/* How many steps only one of the two plans has; -1. */
long long saved_differ(const struct saved *, struct plan *, struct err *);

#endif
