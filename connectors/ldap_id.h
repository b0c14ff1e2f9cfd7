#ifndef CONNECTORS_LDAP_ID_H
#define CONNECTORS_LDAP_ID_H

#include "base/entry.h"

/*
 * entryUUID is a text of 36 characters (RFC 4530) that stands for 16 bytes. Beyond the ldap
 * connector an id is the bytes, in the order of an objectGUID: entry_id_text gives the server's
 * text again, and the state keeps less than half. Ids of other attributes are the directory's bytes
 * as they are.
 */

/* The id that the first value of this attribute is; what is no UUID stays as it is. The value must
 * outlive the id, which may be in the arena. */
struct value ldap_id_of(struct arena *, unsigned attr, struct value);
/* The value by which the server finds the entry with this id. */
struct value ldap_id_asked(struct arena *, unsigned attr, struct value id);

#endif
