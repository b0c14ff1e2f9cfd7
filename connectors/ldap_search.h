#ifndef CONNECTORS_LDAP_SEARCH_H
#define CONNECTORS_LDAP_SEARCH_H

#include "base/attr.h"
#include "base/buf.h"
#include "connectors/ldap_session.h"

struct arena;

/*
 * Streamed searches: pages with the next one asked for before the last is looked at, entries made
 * from the BER in place.
 *
 * A search is complete only when every page ended with success, the last cookie is empty, no
 * referral came, every attribute was read to the end of its ranges, and no cap was met. Then, and
 * only then, search_next gives 0. Everything else is -1 with the reason ("incomplete: ...").
 */
struct search_request {
	const char *base;
	int scope;
	const char *filter;
	const struct attr_set *wanted; /* NULL: all user attributes */
	unsigned id;            /* the attribute that identifies an entry: always asked for */
	LDAPControl **controls; /* beside paging; NULL */
	int page_size;          /* 0: no paging */
	bool digests;           /* entries get their digest */
};

struct search;

int search_start(struct session *, const struct search_request *, struct search **, struct err *);
/* 1: an entry, whose bytes live until the next call or in the arena. 0: the end, proved. -1. */
int search_next(struct search *, struct arena *, struct entry *, struct err *);
/* The response control of that OID from the last message of the search; NULL. After the end. */
const struct berval *search_control(const struct search *, const char *oid);
/* Gives up what is under way. */
void search_free(struct search *);

/* One message of a result as an entry: id, key, name, attributes, digest. ERR_FATAL: it is not one
 * that was asked for (outside of the base, no id, the same attribute twice). */
int search_entry(LDAP *, LDAPMessage *, const struct search_request *, struct arena *,
	struct entry *, struct err *);

#endif
