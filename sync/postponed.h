#ifndef SYNC_POSTPONED_H
#define SYNC_POSTPONED_H

#include <stdint.h>

struct arena;
struct err;
struct keys;
struct spool;
struct state;
struct step;

/*
 * Active Directory takes a reference only to what is there, and two new contacts may refer to each
 * other. So a new entry that refers to others of the same run (step.refers_new) is added without
 * its references, and these are put there when all others have been added.
 *
 * In between its link has no digest: should the run end here, the next one looks at it again.
 */
struct postponed {
	struct spool *steps; /* as they were planned, each behind its place in the plan */
	uint32_t at;         /* the next to be taken up */
};

void postponed_start(struct postponed *);
void postponed_free(struct postponed *);
/* Take its references out of the step, and keep it. */
int postponed_put(struct postponed *, struct arena *, struct step *, uint32_t place, struct err *);
/* The next one as a change of the entry that was added: 1, 0 at the end, -1. */
int postponed_read(
	struct postponed *, struct arena *, struct step *, uint32_t *place, struct err *);
/* The same with the entry's id. One whose first half failed is passed over, also when there is a
 * link of an entry that it had before: what is there instead need not be ours. `failures` are those
 * of struct applied. */
int postponed_next(struct postponed *, struct state *, long long flow, const struct keys *failures,
	struct arena *, struct step *, uint32_t *place, struct err *);

#endif
