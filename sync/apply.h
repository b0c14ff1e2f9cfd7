#ifndef SYNC_APPLY_H
#define SYNC_APPLY_H

#include "base/keys.h"
#include "sync/flow.h"

struct arena;
struct err;
struct spool;
struct state;

/*
 * The only part that writes. Batch by batch: through the gate to the target, then into the state in
 * one transaction; the cookie last. A run that is killed anywhere is harmless: what was written and
 * not remembered is found again by its marker, and is as wanted.
 */
struct applied {
	struct summary summary; /* of what was done */
	long long run;          /* its number, from its begin on; 0 */
	long long finished;     /* when; seconds since 1970 */
	struct keys failures;   /* place of a step that failed -> its message in texts */
	struct spool *texts;
};

/* state is open for writing. -1: the run stopped; what was done before is remembered. */
int flow_apply(struct plan *, struct state *, struct arena *, struct applied *, struct err *);
void applied_free(struct applied *);

#endif
