#ifndef SYNC_NAMING_H
#define SYNC_NAMING_H

#include "base/entry.h"
#include "sync/row.h"

struct arena;
struct flow;
struct keys;

/*
 * Names and aliases that are nobody else's. names and nicknames are the target's, and take in what
 * is given out here, so that two new entries do not get the same. A varied name stays, even when
 * the plain one is free again: what a run gave, the next one keeps, and so does the one after a run
 * that was killed.
 */
struct naming {
	const struct flow *flow;
	const struct open_row *row;
	struct keys *names, *nicknames;
	bool few;    /* of what the target has only those that naming_first gave were looked for */
	bool unsure; /* set when one beyond those was needed: nobody knows whether it is free */
};

/* The names and aliases that are tried first, to look whether somebody has them. Those that need no
 * looking are empty. */
#define NAMING_LOOKED 4
void naming_first(struct arena *, const struct naming *, const struct entry *current,
	struct value names[NAMING_LOOKED], struct value aliases[NAMING_LOOKED]);

/* The DN that the entry shall have; current is the entry it has, or NULL. An entry that was adopted
 * outside the flow's container keeps its name. Empty when none of 1000 variants is free. */
struct value naming_name(struct arena *, struct naming *, const struct entry *current);
/* The alias in place of the one that the rules gave; empty when theirs will do. */
struct value naming_nickname(struct arena *, struct naming *, const struct entry *current);

#endif
