#ifndef SYNC_UNDONE_H
#define SYNC_UNDONE_H

#include "sync/plan.h"

/*
 * Ping-pong: galway puts back what somebody in the target changed, and they change it again. A
 * value that was put back 3 times and is changed a fourth time is frozen: what its attribute has is
 * left alone and told in every run, as on-denied = report does, until a person finds out who else
 * writes it. distinguishedName stands for the name, and for a contact that was deleted.
 *
 * The link remembers, for each attribute that was put back, 7 bytes:
 *
 *   u32 of the hash of {attribute's name, epoch} | u8 how often (undone_times) | u16 day, since
 *   1970, of the last time; the lowest byte first
 *
 * So nothing is known under other rules, which begin anew. So does an attribute that nobody changed
 * for more than 30 days, unless it is frozen: that one is thawed by a run that finds it as the
 * rules want it, or by a transfer of the object's authority.
 *
 * link: NULL: none. now: seconds since 1970.
 */
/* Is what the target's side makes of the attribute left alone because it was frozen? */
bool undone_frozen(const struct flow *, const struct link *, unsigned attr, long long now);
/* The same, or because it is only told: on-denied = report. */
bool undone_reports(const struct flow *, const struct link *, unsigned attr, long long now);
/* How often it was put back: at most 3; UNDONE_FROZEN: and then it was changed once more, and a run
 * left it alone. */
#define UNDONE_FROZEN 4
unsigned undone_times(const struct flow *, const struct link *, unsigned attr, long long now);

/* What the link remembers after the step, whose operation and denials are known. */
struct value undone_after(
	struct arena *, const struct flow *, const struct row *, const struct step *);
/* What is frozen among what the step denies, and who else may write it; NULL: nothing. */
const char *undone_tell(
	struct arena *, const struct flow *, const struct row *, const struct step *);

#endif
