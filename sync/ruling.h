#ifndef SYNC_RULING_H
#define SYNC_RULING_H

#include <stdbool.h>

#include "sync/guard.h"

struct err;
struct plan;
struct state;

/* What the guard says of a plan. */
struct ruling {
	unsigned n; /* reasons against it; 0: go */
	char reasons[GUARD_MAX][250];
	bool final; /* no approval helps */
};

int ruling_of(struct plan *, struct state *, struct ruling *, struct err *);

#endif
