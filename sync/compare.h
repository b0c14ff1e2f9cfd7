#ifndef SYNC_COMPARE_H
#define SYNC_COMPARE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

struct gather;

/*
 * A full run's first look at the target: is each link's entry there, and as we left it? Only
 * digests are compared, and what is found is noted in the links (link_seen).
 *
 * Where both sides are servers this is done by a thread, while the source is read: then what the
 * source alone shows to be unchanged is settled when both are done (gather_drifted).
 */
struct compare {
	bool beside; /* by a thread */
	pthread_t thread;
	atomic_bool stop;
	int rc;
	struct err err;
	long long entries;
	bool strays; /* some carry our marker and are no link's: of a state that was lost, or is an
			older one */
};

/* Is it to be done beside the reading of the source? */
bool compare_beside(const struct gather *);
/* All of it, or its start when it is done beside. */
int compare_start(struct gather *, struct err *);
/* After the source was read (rc: 0, or it failed): the end of what was started. Returns rc, or -1.
 */
int compare_end(struct gather *, int rc, struct err *);

#endif
