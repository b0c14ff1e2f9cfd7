#ifndef SYNC_RENAMES_H
#define SYNC_RENAMES_H

#include "base/change.h"
#include "base/keys.h"

struct arena;
struct err;
struct spool;

/*
 * A plan refers to entries by the names that they had when it was made. References follow an entry
 * that is renamed; so whatever is done after a rename has to say the new name, of values that are
 * taken away as of those that are put there.
 */
struct renames {
	struct keys places; /* dn_key of the old name -> the new name */
	struct spool *names;
};

/* None yet; also to begin once more. */
void renames_start(struct renames *);
void renames_free(struct renames *);
/* The next change of the plan: its references follow its own rename and those before it. */
int renames_follow(struct renames *, struct arena *, struct change *, struct err *);

#endif
