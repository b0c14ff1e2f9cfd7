#ifndef RULES_ADDRESS_H
#define RULES_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/entry.h"

struct arena;

/*
 * Typed addresses, "TYPE:value", as proxyAddresses holds them: SMTP in upper case marks the primary
 * one, and case does not count otherwise. Contract: docs/validators.md, after the behaviour of
 * GALSync.
 */

/* The parts before and after the first colon. False without a colon or with nothing before it:
 * then type is empty and rest the whole. Either may be NULL. */
bool address_split(struct value address, struct value *type, struct value *rest);
bool address_type_is(struct value address, const char *type); /* case does not count */
bool address_primary(struct value address);                   /* "SMTP:" in upper case */
/* The domain after the last '@', or empty. Of an address with or without a type. */
struct value address_domain(struct value);

/* NULL when it is a good SMTP address (without type), else what is wrong, for a message. Only
 * ASCII: an international domain is written as A-labels (xn--). */
const char *address_smtp_fault(struct value);
/* The same for user@domain of a SIP URI (without "sip:"). */
const char *address_sip_fault(struct value);

/*
 * The typed merge: what an entry that has `there` shall have when `ours` are set and `taken` (ours
 * of before, no longer wanted) go. Exactly one SMTP: when there is any SMTP address: ours wins and
 * the other is demoted to smtp:; without a successor the smallest smtp: is promoted. One sip:, ours
 * wins. X500 is only ever added; others go when they are in taken. Equal but for case: one value,
 * ours. The result is ordered: SMTP:, then by bytes.
 */
unsigned address_merge(struct arena *, const struct value *there, unsigned n_there,
	const struct value *ours, unsigned n_ours, const struct value *taken, unsigned n_taken,
	struct value **out);

#endif
