#ifndef CONNECTORS_LDAP_RANGE_H
#define CONNECTORS_LDAP_RANGE_H

#include "base/entry.h"
#include "connectors/ldap_session.h"

/*
 * Range retrieval (MS-ADTS 3.1.1.3.1.3.3): AD gives at most 1500 values of an attribute at once
 * (MaxValRange) and says so in its name; the rest is asked for, in as many searches as it takes.
 */

/* Replace each attribute that is only a part ("member;range=0-1499") by the whole one ("member"),
 * whose values live in the arena. -1: it cannot be had whole; ERR_BUSY when that is because it
 * changes while it is read. */
int range_complete(struct session *, struct arena *, struct entry *, struct err *);

#endif
