#ifndef SYNC_CLAIMS_H
#define SYNC_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"
#include "rules/rules.h"

struct arena;
struct attr_set;
struct change;
struct flow;

/*
 * One address belongs to one object, over all recipients of a directory: SMTP addresses in
 * proxyAddresses, mail, targetAddress and userPrincipalName (as Entra checks them together), SIP
 * addresses in proxyAddresses and msRTCSIP-PrimaryUserAddress. X500 and other types may be there
 * twice.
 */
struct claim {
	uint64_t key; /* equal for equal addresses: of "smtp:" or "sip:" and the folded address */
	struct value address; /* as it is written */
	bool sip;
};

/* A value by which an address may be held. */
struct claim_place {
	unsigned attr;
	struct value value;
};

#define CLAIM_PLACES 5

/* Add the attributes that are looked at. */
void claims_reads(struct arena *, struct attr_set *);
/* May an address stand in it? */
bool claims_attr(unsigned attr);
/* What an entry holds, and what it would hold; each address once. What the flow's source may not
 * write (the authority of the attribute is the other side's) is not wanted. side: whose the object
 * itself is (sides.h); NULL: nobody says it. */
unsigned claims_held(struct arena *, const struct entry *, struct claim **);
unsigned claims_wanted(struct arena *, const struct flow *, const char *side,
	const struct desired *, struct claim **);

/* What the entry (NULL: a new one) does not hold and a change gives it; what it holds and the
 * change takes away. */
unsigned claims_gained(
	struct arena *, const struct entry *, const struct change *, struct claim **);
unsigned claims_lost(struct arena *, const struct entry *, const struct change *, struct claim **);

bool claims_key(const struct claim *, unsigned n, uint64_t key);
/* Everywhere the address may stand, to look for it; how many. */
unsigned claim_places(struct arena *, const struct claim *, struct claim_place[CLAIM_PLACES]);

/* Keys of other things that are looked up in the target; the kinds do not mix. */
uint64_t join_hash(unsigned attr, struct value);
uint64_t marker_hash(struct value marker);
uint64_t nickname_hash(struct value);
uint64_t name_hash(uint64_t dn_key);

#endif
