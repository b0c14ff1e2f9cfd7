#ifndef SYNC_KINDS_H
#define SYNC_KINDS_H

#include "sync/guard.h"
#include "sync/plan.h"

struct arena;
struct err;
struct state;

/*
 * What a plan has of each kind of object, a kind being a rule of the flow: the rule that the source
 * entry is under, or, when that is gone, the one by which the contact was last written. All groups
 * are few among all contacts, and still all groups.
 */
struct kinds {
	const struct flow *flow;
	unsigned n;             /* 1 and the number of rules */
	struct guard_kind *all; /* the flow's, then the rules' in their order */
};

void kinds_init(struct kinds *, const struct flow *, struct arena *);
/* A step that is in the plan, and what it was decided from. */
void kinds_count(struct kinds *, const struct row *, const struct step *);
/* Then how many links there are of each: all of the flow's, which the caller knows, and the rules',
 * which are counted when a number is not small anyway, and only until it is clear that it is not
 * over its share: in a flow that is well that is soon. */
int kinds_links(struct kinds *, struct state *, long long flow, long long links, struct err *);

#endif
