#ifndef SYNC_IMPACT_H
#define SYNC_IMPACT_H

#include <stdbool.h>

#include "base/change.h"

/*
 * A changed SIP address has consequences outside of the directory (KB2537764): people in other
 * organizations have the old one in their contact lists and must be told; and when the part before
 * the @ changed, meetings that were scheduled under the old one must be scheduled anew. The first
 * address of somebody has none, and the loss of one is told like a change.
 */
struct impact {
	struct value before, after; /* SIP addresses; after is empty when it is taken away */
	bool meetings;
};

/* False: the change has no such consequence. */
bool impact_of(const struct change *, struct impact *);

#endif
