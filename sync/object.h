#ifndef SYNC_OBJECT_H
#define SYNC_OBJECT_H

#include <stdbool.h>

#include "sync/setup.h"
#include "sync/state.h"

struct arena;
struct err;

/* One object of a flow as commands about one object want it: its entries on both sides, the link
 * between them, and whose it is. */
struct object {
	const struct flow *flow;
	struct flow_state known;
	bool in_source, in_target, linked;
	struct entry source, target;
	struct link link;
	struct value id;  /* by which the state knows it: the source's, without one the target's */
	const char *set;  /* whose somebody said that it is; NULL */
	const char *flag; /* whose a flag in a directory says that it is; NULL */
	const char *side; /* of these the one that counts; NULL */
};

/* WHO is looked for in the source, without what other flows made there, then in the target. 1, 0,
 * -1. */
int object_find(const struct flow *, struct state *, const char *who, struct arena *,
	struct object *, struct err *);
/* The same of an entry that was found in the source. */
int object_of(const struct flow *, struct state *, const struct entry *source, struct arena *,
	struct object *, struct err *);

/* Why a source entry is none of the flow's, though its scope may hold: gather_excluded. *why is
 * NULL when it may be one. */
int object_excluded(
	const struct flow *, struct state *, const struct entry *, const char **why, struct err *);

/* The entry whose name a person wants to see. */
const struct entry *object_entry(const struct object *);
/* authority_side of one of its attributes; an entry that only the target has is the target's. */
const char *object_authority(const struct object *, unsigned attr);
const char *object_why(const struct object *, unsigned attr);

#endif
