#ifndef SYNC_VERIFY_H
#define SYNC_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct connector;
struct err;
struct keys;
struct plan;
struct step;

/*
 * A server said that everything was written: was it? What was written is read again and compared
 * with what was to be written. Only where entries are found without reading all (CAN_FIND), and
 * only when they are at most VERIFY_MAX: what came of more is seen by the next full run.
 */
#ifndef VERIFY_MAX
#define VERIFY_MAX 1000
#endif

/* A step whose entry is not as it was to be. */
struct unverified {
	const struct step *step;
	uint32_t place;
	const char *text; /* what is not */
	bool there;       /* under the name that it was to have */
};

/* failures: the places + 1 of steps that are known to have failed, and are left out. What is found
 * lives in the arena. */
int verify_plan(struct plan *, struct connector *target, const struct keys *failures,
	struct arena *, struct unverified **, size_t *n, struct err *);

#endif
