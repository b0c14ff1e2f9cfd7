#ifndef SYNC_REFERRING_H
#define SYNC_REFERRING_H

#include "base/keys.h"

struct arena;
struct connector;
struct entry;
struct err;
struct plan;
struct spool;

/*
 * What the entries that a run deletes refer to when it begins. A directory that looks after its
 * references (Active Directory, OpenLDAP's refint) takes those to a deleted entry away at once:
 * what is read just before a later batch of deletes (journal.h) lacks them, and an undo of the run
 * would give everybody back without the manager who was deleted before him.
 */
struct referring {
	struct spool *spool; /* entries with their references alone; NULL: none */
	struct keys places;  /* by the key of their ids */
};

void referring_start(struct referring *);
void referring_free(struct referring *);
/* Reads them, when the plan deletes more than one batch and the target finds entries: files keep
 * what nobody takes away. The plan's steps are gone through. */
int referring_read(struct referring *, struct plan *, struct connector *target, struct err *);
/* The entry with what it has lost since, or the same, in the arena. */
int referring_complete(
	const struct referring *, struct arena *, const struct entry **, struct err *);

#endif
