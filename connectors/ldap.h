#ifndef CONNECTORS_LDAP_H
#define CONNECTORS_LDAP_H

#include "base/dn.h"
#include "connectors/connector.h"
#include "connectors/ldap_search.h"

struct arena;
struct writer;

/*
 * What the ldap and ad connectors are made of: a directory server, as the configuration has it.
 * Each of them has this as its first member, or is this.
 *
 * The session is opened by ldap_dir_open and stays open; ldap_dir_live brings a lost one back, with
 * the same domain controller: another one may lack what the first has shown or taken.
 * What a search has under way (ldap_search.h) belongs to the session it was started on.
 */
struct ldap_dir {
	struct connector connector;
	struct session *session;
	const struct config *config;
	struct arena *mem; /* lives as long as the connector */
	unsigned id; /* the attribute that identifies an entry: `id`, or what fits the server */
	struct value base;            /* `base`, or the server's default naming context */
	struct dn base_dn;            /* the same, parsed */
	const char *filter;           /* RFC 4515 text */
	unsigned page_size;           /* 0: no paging */
	unsigned window;              /* operations under way at once; at least 1 */
	const char *directory;        /* who the server is; "": it does not say */
	const char *replica;          /* which of its servers, as in ldap_session.h */
	const char *const *referrals; /* URLs of parts that are meant to be left out */
	unsigned n_referrals;
	struct writer *writer; /* ldap_write.h; NULL: nothing was written yet */
};

/* Fills in a struct that is zero but for mem, and opens the session. */
int ldap_dir_open(const struct config *, struct ldap_dir *, struct err *);
/* Closes the session; the arena is the caller's. */
void ldap_dir_close(struct ldap_dir *);
/* connector_type's: the end of the server's certificate. */
long long ldap_dir_expires(const struct connector *);
/* See that the session is alive: a lost one is opened anew. -1: it cannot be, or another domain
 * controller (ERR_BUSY) or directory (ERR_FATAL) answers now. */
int ldap_dir_live(struct ldap_dir *, struct err *);
/* A search of everything below the base that the filter matches. */
struct search_request ldap_dir_request(const struct ldap_dir *, const struct attr_set *wanted);

#endif
