#ifndef SYNC_CLAIMS_H
#define SYNC_CLAIMS_H

#include <stdint.h>

#include "base/entry.h"
#include "rules/rules.h"

struct arena;
struct attr_set;

/*
 * One address belongs to one object, over all recipients of a directory: SMTP addresses in
 * proxyAddresses, mail, targetAddress and userPrincipalName (as Entra checks them together), SIP
 * addresses in proxyAddresses and msRTCSIP-PrimaryUserAddress. X500 and other types may be there
 * twice.
 */
struct claim {
	uint64_t key; /* equal for equal addresses: of "smtp:" or "sip:" and the folded address */
	struct value address; /* as it is written */
};

/* Add the attributes that are looked at. */
void claims_reads(struct arena *, struct attr_set *);
/* What an entry holds, and what it would hold; each address once. */
unsigned claims_held(struct arena *, const struct entry *, struct claim **);
unsigned claims_wanted(struct arena *, const struct desired *, struct claim **);

/* Keys of other things that are looked up in the target; the kinds do not mix. */
uint64_t join_hash(unsigned attr, struct value);
uint64_t marker_hash(struct value marker);
uint64_t nickname_hash(struct value);
uint64_t name_hash(uint64_t dn_key);

#endif
