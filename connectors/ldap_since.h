#ifndef CONNECTORS_LDAP_SINCE_H
#define CONNECTORS_LDAP_SINCE_H

#include "base/buf.h"
#include "connectors/ldap.h"
#include "connectors/ldap_find.h"
#include "connectors/reading.h"

/*
 * The inside of the ldap connector: how it knows what changed since an earlier read.
 *
 *   syncrepl   the server tells (RFC 4533, refreshOnly): what was changed, and the ids of what is
 *              gone. What it says of entries that are still there, so that all others are gone (the
 *              present phase), is not believed: servers were seen that forgot some. A full read
 *              decides then
 *   timestamp  what has a modifyTimestamp since the newest that was seen; and a list of all ids and
 *              names, compared with that of the earlier read, for what is gone, is new to us or was
 *              renamed with its parent
 *   full       no deltas: every read reads everything
 *
 * An entry that changed is given whole by both, and one that did not may come as well.
 */
enum ldap_method { LDAP_FULL, LDAP_SYNCREPL, LDAP_TIMESTAMP };

struct ldap_connector {
	struct ldap_dir dir;
	const char *changes; /* the setting */
	unsigned stamp;      /* modifyTimestamp */
	struct attr_set also;
	struct arena *pass; /* lives from one read to the next */
	struct query query;
	struct search_request request;
	enum ldap_method method; /* of this read, when it makes a cookie or starts from one */
	/* The stages of a read, in this order; those that it does not have are NULL. */
	struct search *search; /* everything, or what has a newer timestamp */
	struct find *find;     /* wishes, and what changed or is new to us */
	struct sync *sync;     /* what syncrepl told: what is gone */
	struct value cookie;   /* of this read, when it has ended */
	/* timestamp */
	struct reading list; /* ids and names */
	struct buf late;     /* struct entry, id and name only: changed, and not in the list */
	struct search_request changed;
	long long since;  /* seconds since 1970: for the next delta */
	long long newest; /* the newest timestamp that this read saw; 0 */
	long long began;  /* this read, in seconds of a clock that only runs */
};

/* How changes are told, by the setting and what the server offers, and why so. -1 ERR_FATAL: the
 * setting cannot be had. */
int ldap_method(const struct ldap_connector *, enum ldap_method *, const char **why, struct err *);

/* ldap_cookie.c. A cookie is good for one method, server, account and request only; what is behind
 * its head is the method's. */
struct value cookie_make(struct ldap_connector *, struct value rest);
/* The method, and the rest. ERR_ENTRY: another server's, made for something else, damaged, none. */
int cookie_open(struct ldap_connector *, struct value, enum ldap_method *, struct value *rest,
	struct err *);

/* ldap_sync.c: syncrepl. */
/* Why it cannot be had; NULL: it can. */
const char *sync_obstacle(const struct ldap_connector *);
/* Read everything, and get a cookie in the end: how to ask, and what came. */
void sync_ask_all(struct ldap_connector *);
int sync_cookie(const struct search *, struct arena *, struct value *cookie, struct err *);
/* All that the server tells is received here, and find started for what changed. ERR_ENTRY: it is
 * no answer to be trusted, or the server wants a full read. */
int sync_start(struct ldap_connector *, struct value cookie, struct err *);
/* After find's end: the next entry that is gone. */
bool sync_gone(struct sync *, struct entry *);
void sync_free(struct sync *);

/* ldap_parents.c: did an entry that has others below it change since the cookie of OpenLDAP, so
 * that those may have other names? 1, 0, -1. */
int parents_changed(struct ldap_connector *, struct value cookie, struct err *);

/* ldap_stamp.c: timestamp. A read of everything is begun, sees entries, and ends. */
int stamp_begin(struct ldap_connector *, struct err *);
void stamp_note(struct ldap_connector *, const struct entry *);
/* What changed: lists, and starts search and find. */
int stamp_start(struct ldap_connector *, struct value cookie, struct err *);
/* An entry that search gave. */
void stamp_changed(struct ldap_connector *, const struct entry *);
/* search has ended: makes the cookie; reading_gone can be asked. */
int stamp_end(struct ldap_connector *, struct err *);

#endif
