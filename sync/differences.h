#ifndef SYNC_DIFFERENCES_H
#define SYNC_DIFFERENCES_H

#include "sync/plan.h"
#include "sync/written.h"

/*
 * What has to be done to a target entry that is there so that it becomes as wanted: fills the
 * step's change, lines and denials.
 *
 * Attribute by attribute: equal by its syntax: nothing. Not the source's to say: denied. Else the
 * difference, as values to take away and values to put; and when the link knows that the attribute
 * is not as we left it, what was there is recorded as denied, for somebody on the target's side
 * wrote it. With on-denied = report, or when it was frozen (undone.h), the attribute, or the name,
 * is then left as it is.
 */
void differences(struct arena *, const struct flow *, const struct row *, const struct wanted *,
	unsigned n, struct step *);
/* Record that the source may not write this. */
void difference_deny(struct arena *, const struct flow *, const char *object_side,
	const struct wanted *, struct step *);

/* Is a value that the target entry has of a merge attribute one of ours? */
bool difference_ours(const struct row *, const struct written *, unsigned attr, struct value);

/* What links remember of a target entry: the connector's digest, or one over the written attributes
 * and the name. After a change the connector's is not known before the entry is read again: then
 * the next full run verifies it once. */
uint64_t target_digest(const struct flow *, const struct entry *);

#endif
