#ifndef CONNECTORS_LDAP_ASK_H
#define CONNECTORS_LDAP_ASK_H

#include "connectors/ldap_search.h"

/*
 * What all searches have in common: what they ask, and what they make of answers that are not
 * entries.
 */

/* The list of attributes for libldap: the id, those wanted (all: "*"), and those also wanted. */
const char **ask_attributes(struct arena *, const struct search_request *);
/* The request's controls and what the server should always be told, with `room` free places and the
 * end behind them; *n without those. */
LDAPControl **ask_controls(
	struct arena *, struct session *, const struct search_request *, size_t room, size_t *n);

/* A part of the tree that another server has (SearchResultReference): 0 when that is expected, else
 * -1 ERR_FATAL. Never followed: who that server is, and whom it would be told our password, is not
 * for this one to say. */
int ask_reference(LDAP *, LDAPMessage *, const struct search_request *, struct err *);
/* The end of a search: 0 for success, else -1; controls (NULL is allowed) are freed by the caller.
 * *code is the server's word. */
int ask_result(
	LDAP *, LDAPMessage *, const char *what, int *code, LDAPControl ***controls, struct err *);

/* The value of a control or a message, to be scanned and freed with ber_free(ber, 1); NULL: it has
 * no bytes, and liblber would end the program over that. */
BerElement *ask_value(const struct berval *);

#endif
