#ifndef SYNC_ORPHANS_H
#define SYNC_ORPHANS_H

struct err;
struct gather;
struct intents;

/*
 * Contacts that a run made and could not remember, and whose sources left before the next one: no
 * link says that they are ours, but the journal does, and their marker. That their sources are gone
 * or out of scope a full run knows, and a delta that asked for them; planning_orphans plans what is
 * to become of them, as of any whose source is gone (case 3).
 */

/* in->linked, and in->contacts of the adds that have no row, and no link or one that goes. A
 * contact is one of theirs when it has the mark, lies in our container, and has the name that it
 * was given or is otherwise as it was made: a mark alone can be somebody's copy. The target is not
 * being read. */
int orphans_find(struct gather *, struct intents *, struct err *);

#endif
