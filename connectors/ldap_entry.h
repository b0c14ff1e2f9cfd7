#ifndef CONNECTORS_LDAP_ENTRY_H
#define CONNECTORS_LDAP_ENTRY_H

#include <stdbool.h>

#include "connectors/ldap_search.h"

/*
 * The inside of search_entry: a SearchResultEntry (RFC 4511 4.5.2) read where libldap put its
 * bytes. Nothing is copied: names and values point into the message.
 */

/* A PartialAttribute. */
struct raw_attr {
	struct value name; /* as the server spells it, with its options */
	struct value set;  /* the BER of its n values */
	unsigned n;
};

/* The name and the PartialAttributeList's inside of a message; once, as libldap writes into it. */
int raw_entry(LDAP *, LDAPMessage *, struct value *name, struct value *list, struct err *);
/* The next attribute at the front of a list, which is cut by it: 1, 0 at the end, -1 when it is not
 * BER as LDAP has it. */
int raw_next(struct value *list, struct raw_attr *);
/* Its values; there are places for n. */
void raw_values(const struct raw_attr *, struct value *);

/* "member;range=0-1499" (MS-ADTS 3.1.1.3.1.3.3). */
struct raw_range {
	struct value attribute;       /* "member" */
	unsigned long long low, high; /* the first and the last value's number */
	bool last;                    /* high was "*": there are no more */
};

/* 1; 0: the name has no such option; -1: it has, and it is not well-formed. */
int raw_range(struct value name, struct raw_range *);

/* As search_entry, of what raw_entry gives. */
int entry_read(struct value name, struct value list, const struct search_request *, struct arena *,
	struct entry *, struct err *);

#endif
