#ifndef SYNC_PLANNING_H
#define SYNC_PLANNING_H

#include "sync/flow.h"
#include "sync/gather.h"
#include "sync/match.h"
#include "sync/pair.h"

/* The inside of flow.h: one planning. */

/* Everything one planning needs, let go together. */
struct planning {
	struct gather g;
	struct matched m;
	struct paired p;
	const struct flow_options *options;
	bool all; /* to look at all of the target, whatever is asked for */
	struct plan *plan;
	long long now;
	struct err *err;
};

/* decide.c: steps for all open rows, which are paired. */
int planning_decide(struct planning *);
/* And for contacts that have neither row nor link (orphans.h). */
int planning_orphans(struct planning *);

#endif
