#ifndef SYNC_UNDO_INVERT_H
#define SYNC_UNDO_INVERT_H

#include "sync/journal.h"
#include "sync/plan.h"

/*
 * The inverse of one operation, as pure as plan_row: it knows the operation, the target entry and
 * the link as they are now, and nothing else.
 */
struct inverting {
	const struct flow *flow;
	const struct op *op;
	const struct attr_set
		*attrs; /* of the run's journal: what tells that an entry is as added */
	const struct entry *current; /* NULL: not there any more */
	const struct entry *holder;  /* another entry that has its name; NULL: none */
	const struct link *link;     /* NULL: none */
	bool postpones;              /* the target refuses references to what is not there */
	const char *line;            /* what reports say instead of a line of the rules */
};

/* Steps: *step, STEP_NONE without remember when nothing is to be done, and *conflict with op
 * STEP_CONFLICT when something was changed since, else STEP_NONE. */
void undo_invert(
	struct arena *, const struct inverting *, struct step *step, struct step *conflict);

/* The mods that take back what a change did to an entry, as it is now: of each attribute that still
 * has what was written. The names of those that were changed since; NULL: none. */
const char *undo_mods(
	struct arena *, const struct change *done, const struct entry *now, struct change *back);

/* Takes the mods out of a change to an entry that is there whose attributes, or values, belong to
 * the other side by now. side: whose the object is, or NULL (authority_side). The names of those
 * that were taken out; NULL: none. */
const char *undo_spare(struct arena *, const struct flow *, const char *side, struct step *);

/* Which attributes of an entry that was deleted are not put there again: a server makes them. */
bool undo_leaves_out(unsigned attr);

#endif
