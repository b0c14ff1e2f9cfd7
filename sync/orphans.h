#ifndef SYNC_ORPHANS_H
#define SYNC_ORPHANS_H

struct err;
struct gather;
struct intents;

/*
 * Contacts that a run made and could not remember, and whose sources left before the next one: no
 * link says that they are ours, but the journal does, and their marker. The full run that comes
 * next gives each its link back (apply_finish.c); the run after that sees that the source is gone,
 * and plans what is to become of the contact, as of anybody's.
 */

/* Of each add among them that has no link: in->contacts. The target is not being read. */
int orphans_find(struct gather *, struct intents *, struct err *);

#endif
