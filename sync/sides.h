#ifndef SYNC_SIDES_H
#define SYNC_SIDES_H

struct entry;
struct err;
struct gather;
struct open_row;

/*
 * Whose the object of a row is, as authority.h has it, for those who ask which addresses the row
 * would write: what plan_row and the gate will say, so that an address is looked at exactly when it
 * may be written. NULL: nobody says it of the object.
 */

/* What somebody set, once for all objects: most flows have none, and then nobody is asked for it.
 */
int sides_load(struct gather *, struct err *);
/* Of a row that is PRESENT. target: its contact; NULL: it has none. */
const char *sides_of(const struct gather *, const struct open_row *, const struct entry *target);
/* Before the target is read: with it the row may write as much as with any flag that its contact
 * may turn out to have. */
const char *sides_most(const struct gather *, const struct open_row *);

#endif
