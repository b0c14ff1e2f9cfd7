#ifndef SYNC_GUARD_H
#define SYNC_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/summary.h"

/*
 * May this plan be applied? All or nothing: over a limit nothing of it is done. Limits refuse what
 * looks like a mistake: an empty or shrunken source, a filter or rule edited in passing, many
 * deletes. A person may approve one very plan by its digest.
 */
struct guard_facts {
	struct summary plan;
	long long links;   /* before */
	long long sources; /* entries of the source now, without what other flows made there */
	long long sources_before; /* source entries of the last complete read; -1: none */
	bool full;                /* the source was read whole: its size is known */
	bool rules_changed;       /* since the last run */
	bool first;               /* no run before */
	const char *other; /* the connector under whose name another directory answers; NULL */
	long long max_deletes, max_percent, max_shrink;
};

/* Number of reasons against it, each a line of text in reasons (at most GUARD_MAX); 0: go. Pure. */
#define GUARD_MAX 5
unsigned guard_check(const struct guard_facts *, char reasons[GUARD_MAX][200]);

#endif
