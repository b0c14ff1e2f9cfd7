#ifndef SYNC_REACH_H
#define SYNC_REACH_H

#include <stdbool.h>

#include "base/change.h"

/*
 * The values by which mail reaches somebody: those of mail, targetAddress and proxyAddresses. An
 * X500 address among proxyAddresses is none of them: it is how old messages are answered, so it is
 * only ever added, and where it is all that is left nothing new arrives.
 */

/* Is it an X500 address of these? */
bool reach_answers(unsigned attr, struct value);
/* Does a value that is there stay, though it is not among the wanted ones? Not where one of these
 * is the same in another spelling. */
bool reach_stays(unsigned attr, struct value, const struct value *wanted, unsigned n);
/* Does mail reach the entry by the mod's attribute, and would not behind it? (E_WIPE) */
bool reach_lost(const struct mod *, const struct entry *);

#endif
