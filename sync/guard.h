#ifndef SYNC_GUARD_H
#define SYNC_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/limits.h"
#include "sync/summary.h"

/*
 * May this plan be applied? All or nothing: over a limit nothing of it is done. Limits refuse what
 * looks like a mistake: an empty or shrunken source or target, a filter or rule edited in passing,
 * many deletes. A person may approve one very plan by its digest; but not one whose canary is gone.
 */
struct guard_kind {
	const char *name; /* the rule: what kind of object; NULL: all of the flow */
	long long links;  /* before; of a rule not all are counted, when they are enough */
	long long enough; /* kinds.c */
	struct tally tally;
};

struct guard_facts {
	struct summary plan;
	const struct guard_kind *kinds; /* all of the flow first, then each rule's */
	unsigned n_kinds;               /* at least 1 */
	long long sources; /* entries of the source now, without what other flows made there */
	long long sources_before; /* source entries of the last complete read; -1: none */
	long long missing;        /* contacts that links name, and that the target does not have */
	bool full;                /* the source was read whole: its size is known */
	bool rules_changed;       /* since the last run */
	bool first;               /* no run before */
	const char *other;  /* the connector under whose name another directory answers; NULL */
	const char *behind; /* which server lacks what the last run saw at another; NULL */
	const char *canary; /* which one is not to be seen, and where; NULL */
	struct limit limits[N_LIMITS];
	long long min_left, max_shrink, max_missing; /* percent */
};

/* Number of reasons against it, each a line of text in reasons (at most GUARD_MAX: more are not
 * told); 0: go. *final: no approval helps. Pure. */
#define GUARD_MAX 12
unsigned guard_check(const struct guard_facts *, char reasons[GUARD_MAX][250], bool *final);

#endif
