#ifndef CONNECTORS_LDAP_SEARCH_H
#define CONNECTORS_LDAP_SEARCH_H

#include "base/attr.h"
#include "connectors/ldap_session.h"

struct arena;

/*
 * Streamed searches: pages with the next one asked for before the last is looked at, entries made
 * from the BER in place.
 *
 * A search is complete only when every page ended with success, the last cookie is empty, no
 * referral came, every attribute was read to the end of its ranges, no id came twice (but see
 * `again`), and no cap was met. Then, and only then, search_next gives 0. Everything else is -1
 * with the reason
 * ("incomplete: page 3 of ldaps://dc1: ...").
 *
 * A server that is busy or unavailable before it gave an entry of the page is asked for it again,
 * within `retry`.
 *
 * Memory: one page of messages, and 8 bytes an entry for the ids. The next page waits in the
 * connection.
 */
struct search_request { /* all that it points to lives as long as the search */
	const char *base;
	int scope;
	const char *filter;
	const struct attr_set *wanted; /* NULL: all user attributes */
	const struct attr_set *also;   /* and these, for ourselves; NULL */
	unsigned id;                  /* the attribute that identifies an entry: always asked for */
	LDAPControl **controls;       /* beside paging; NULL */
	unsigned page_size;           /* 0: no paging; nor is there any where the server has none */
	const char *const *referrals; /* URLs that may come: parts that are meant to be left out */
	unsigned n_referrals;
	bool again; /* an entry that changes meanwhile may come once more, and is given so */
};

struct search;

int search_start(struct session *, const struct search_request *, struct search **, struct err *);
/* 1: an entry, whose bytes live until the next call or in the arena. 0: the end, proved. -1, never
 * ERR_ENTRY: nothing more will come. */
int search_next(struct search *, struct arena *, struct entry *, struct err *);
/* The response control of that OID from the last message of the search; NULL. After the end. */
const struct berval *search_control(const struct search *, const char *oid);
/* Gives up what is under way. NULL is allowed. */
void search_free(struct search *);

/* One message of a result as an entry: id, key, name, attributes, which point into the message;
 * once for a message, as libldap writes into it. Attributes without values are left out. 0; 1: an
 * attribute has only a part of its values and is named so ("member;range=0-1499"), range_complete
 * reads the rest; -1 ERR_FATAL: it is not one that was asked for (outside of the base, no id, an
 * attribute twice or that nobody wanted). */
int search_entry(LDAP *, LDAPMessage *, const struct search_request *, struct arena *,
	struct entry *, struct err *);

#endif
