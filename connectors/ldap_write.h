#ifndef CONNECTORS_LDAP_WRITE_H
#define CONNECTORS_LDAP_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "connectors/connector.h"

struct arena;
struct ldap_dir;

/*
 * Writing to a directory server: connector_type.write of the ldap and ad connectors, whose struct
 * begins with a struct ldap_dir (ldap.h).
 *
 * Up to `window` operations are under way at once on one connection, some of them sent together
 * (ldap_outbox.h), and each answer is matched to its change by its message id. A change that
 * depends on another waits until that is done; those behind it that depend on neither pass it, as
 * long as it is the only one that waits. A change may take several operations, one after the
 * other: an add is followed by a search for the new entry's id, unless the server tells it with the
 * add (RFC 4527); new values follow a new name.
 *
 * What an answer means:
 *   success                     the next operation, or OUTCOME_DONE
 *   the server is busy          fewer operations at once, and again after a growing pause, until
 *                               `retry` is over: OUTCOME_FAILED, ERR_BUSY
 *   it may be done already      the entry is read back (ldap_maybe_done): DONE, or OUTCOME_FAILED
 *   anything else               OUTCOME_FAILED, with the kind of ldap_code
 *   none, the connection broke  a new one; what was under way is read back: DONE, or done again.
 *                               Without a new one, or on another replica (which may not know yet
 *                               what the first was told): OUTCOME_UNKNOWN
 *
 * A modify takes away and puts there the very values of the change, so that a value that somebody
 * changed meanwhile is noticed: "changed meanwhile", ERR_ENTRY. Where the server cannot take away
 * single values (no equality rule, RFC 4511 4.6), all are read and replaced.
 *
 * -1: the server cannot be had, or was busy for all of `retry`, and no change is done or has failed
 * for a reason of its own. Digests of outcomes are not known (0).
 */
int ldap_write_changes(struct connector *, const struct change *, struct outcome *, size_t n,
	struct arena *, struct err *);
/* connector_type.feed: so that the window stays filled from one call to the next. At its end at
 * most `window` of the changes are still under way. */
int ldap_feed_changes(struct connector *, const struct change *, struct outcome *, size_t n,
	struct arena *, struct err *);
/* Has a change of the last call no outcome yet? */
bool ldap_write_under_way(const struct ldap_dir *);
/* Gives back what writing took; what is still under way is left to the server. */
void ldap_write_end(struct ldap_dir *);

#endif
