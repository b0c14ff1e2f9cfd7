#ifndef RULES_ADDRESS_H
#define RULES_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/entry.h"

struct arena;
struct err;

/*
 * Typed addresses, "TYPE:value", as proxyAddresses holds them: an upper-case SMTP marks the primary, compare is
 * without case but for that. Contract: docs/validators.md, after the behaviour of GALSync.
 */

/* The part after the first colon; type gets the part before it. False without a colon. */
bool address_split(struct value address, struct value *type, struct value *rest);
bool address_type_is(struct value address, const char *type); /* case does not count */
bool address_primary(struct value address); /* "SMTP:" in upper case */
/* The domain after the last '@', or empty. */
struct value address_domain(struct value);

/* NULL when it is a good SMTP address (without prefix), else what is wrong, for a message. */
const char *address_smtp_fault(struct value);
/* The same for user@domain of a SIP URI. */
const char *address_sip_fault(struct value);

/*
 * The typed merge: what an entry that has `there` shall have when `ours` are set and `taken` (ours of before, no longer
 * wanted) go. Exactly one SMTP: when there is any; ours wins, the other is demoted to smtp:. One sip:, ours wins.
 * X500 and unknown types only ever added, unless in taken; X500 never taken. Equal but for case: one value, ours.
 * The result is ordered: SMTP:, then by bytes.
 */
unsigned address_merge(struct arena *, const struct value *there, unsigned n_there,
	const struct value *ours, unsigned n_ours, const struct value *taken, unsigned n_taken,
	struct value **out);

#endif
