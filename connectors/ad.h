#ifndef CONNECTORS_AD_H
#define CONNECTORS_AD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/keys.h"
#include "connectors/ldap.h"
#include "connectors/ldap_find.h"
#include "connectors/ldap_search.h"

struct arena;

/*
 * The inside of the ad connector: an Active Directory domain, or a part of it.
 *
 * It is read, searched and written as any LDAP directory (ldap.h). What is AD's own is how changes
 * are told. Two methods tell which objects changed, and nothing more:
 *
 *   dirsync   the DirSync control, MS-ADTS 3.1.1.3.4.1.3: objects of which a wanted attribute
 *             changed since the cookie. Needs the right DS-Replication-Get-Changes, or the flag
 *             OBJECT_SECURITY
 *   usn       uSNChanged at or above the highestCommittedUSN of the last read
 *
 * Both look at the whole naming context and at tombstones. Each object found is then read by its
 * objectGUID below `base` with `filter`, as a full read would: what comes back is given whole, what
 * does not is gone. So a deletion, a move out of the base and a value that takes an object out of
 * the filter are one case, groups come with all their members, and an attribute that was removed is
 * simply not there. An object with a new name takes the entries below it along, which the server
 * does not tell: they are listed and read as if they had changed.
 *
 * Not told, by any method, as AD does not: that a reference (manager, member) changes its text
 * because the entry that it names was renamed or deleted; that the account's rights to see an entry
 * changed. The next full read has it.
 *
 * The third method is `full`: every read reads everything. It is taken when
 *   - deletions cannot be seen: the account may not list CN=Deleted Objects, which AD shows by
 *     leaving tombstones out, without an error;
 *   - a wanted attribute or one of `filter` changes without its object changing: back links
 *     (memberOf), constructed and not replicated attributes;
 *   - `id` is not objectGUID, for tombstones lose other attributes;
 *   - the server does not say who it is.
 */
enum ad_method { AD_FULL, AD_DIRSYNC, AD_USN };

/*
 * A cookie: from where the next read tells what changed, and what must be as it was for that.
 *
 *   "galway-ad 1 METHOD DIRECTORY REPLICA SCOPE USN DIRSYNC HASH", the DirSync cookie in base64
 */
struct ad_cookie {
	enum ad_method method;
	const char *directory, *replica; /* session.h; one word each, not empty */
	/* A digest of the base's objectGUID, the filter, the wanted attributes, the account and the
	 * setting `changes`. */
	uint64_t scope;
	long long usn;        /* highestCommittedUSN when it was made */
	struct value dirsync; /* the server's cookie; len 0: none */
};

/* ad_cookie.c. Of AD_FULL the empty value. */
struct value ad_cookie_print(struct arena *, const struct ad_cookie *);
/* ERR_ENTRY: it is none, or damaged. */
int ad_cookie_parse(struct arena *, struct value, struct ad_cookie *, struct err *);
/* May the cookie be used, when the server is as now says (its method and dirsync do not count)?
 * ERR_ENTRY says why not: another directory, another domain controller (USNs are its own), other
 * settings, or a server that was set back to an older state. */
int ad_cookie_check(const struct ad_cookie *, const struct ad_cookie *now, struct err *);

/* What is known of an object that changed. */
enum ad_what {
	AD_CHANGED, /* to be read; not found: it is gone */
	AD_GONE,    /* a tombstone */
	AD_WISHED,  /* to be read; not found: nothing is told */
	AD_FOUND,   /* was read */
};

struct ad_id {
	char guid[16];
	enum ad_what what;
};

/* The objects that changed, each once. 20 bytes an object, 32 more while they are read, and an
 * index. */
struct ad_changed {
	struct buf ids;   /* struct ad_id */
	struct keys at;   /* places in ids, by entry_key */
	struct buf names; /* of objects with a new name, each with a NUL behind it */
	struct wish *wishes;
	struct find *find;
	size_t next; /* of ids, when all were read: to be told if it is gone */
};

struct ad_dir {
	struct ldap_dir dir;
	struct arena *pass; /* lives from one read to the next */
	struct query query;
	struct search_request request;
	struct search *all;             /* QUERY_ALL */
	struct find *find;              /* QUERY_FIND */
	struct ad_changed changed;      /* QUERY_SINCE */
	struct ad_cookie cookie;        /* of the read that is under way */
	const struct attr_set *watched; /* what it wants, and what the filter reads; NULL: all */
	bool object_security;           /* DirSync: the flag was needed */
};

static inline size_t ad_changed_count(const struct ad_changed *c)
{
	return c->ids.len / sizeof(struct ad_id);
}

/* ad_changed.c. Empty; ad_changed_free gives back what it takes, and may be called twice. */
void ad_changed_start(struct ad_changed *);
void ad_changed_free(struct ad_changed *);
/* The guid is 16 bytes; anything else is passed over. */
void ad_changed_add(struct ad_changed *, struct value guid, enum ad_what);
/* The object has another name now: so have the entries below it. */
void ad_changed_renamed(struct ad_changed *, struct value name);
/* All objects were added: start reading them, what lies below those with new names, and the query's
 * wishes. */
int ad_changed_read(struct ad_dir *, struct err *);
/* The next of them as an entry, as connector_type.next. */
int ad_changed_next(struct ad_dir *, struct arena *, struct entry *, struct err *);

/* ad_dirsync.c: what changed since d->cookie.dirsync, which becomes the new one. With an empty one
 * nothing is listed: a search that finds nothing is enough for a cookie that knows all there is
 * now. Samba has that in 2 ms; Windows goes through the whole naming context once (MS-DRSR
 * 4.1.10.5), without sending it.
 * ERR_ENTRY: the server refuses (a cookie, the control, the rights). */
int ad_dirsync(struct ad_dir *, struct err *);

/* ad_method.c: a control with which a search shows tombstones as well, also those that the recycle
 * bin has thrown away, where the server can (MS-ADTS 3.1.1.3.4.1.14 and .26). */
LDAPControl ad_show_deleted(const struct ad_dir *);

/* ad_usn.c: what changed since d->cookie.usn. */
int ad_usn(struct ad_dir *, struct err *);
/* highestCommittedUSN, now. */
int ad_usn_now(struct ad_dir *, long long *usn, struct err *);

/* ad_replication.c. Was the entry renamed or moved at or after the USN, by its
 * replPropertyMetaData? True when that does not say. */
bool ad_meta_renamed(struct value meta, long long since);
/* Up to which USN the changes of a replica (its invocationId, as text) have come, by a
 * replUpToDateVector: 0, none; -1, that does not say. */
long long ad_vector_usn(struct arena *, struct value vector, const char *replica);

/* ad_standing.c: connector_type.identity and .stands: "DIRECTORY REPLICA USN" (of earlier versions:
 * "DIRECTORY"), and whether this replica has got the changes up to there. */
int ad_identity(struct connector *, struct arena *, const char **who, struct err *);
int ad_stands(struct connector *, const char *before, struct arena *, const char **lacks,
	enum answerer *, struct err *);

/* ad.c: give up the read that is under way. */
void ad_give_up(struct ad_dir *);
/* Is it a domain controller that cannot be written, and that lacks what is kept from such ones? */
bool ad_read_only(const struct ad_dir *);

/* ad_method.c: the setting `changes`. */
const char *ad_setting(const struct ad_dir *);
/* Set d->watched from the query. */
void ad_watch(struct ad_dir *);
/* The method for reads of d->watched, and why (for people). For AD_DIRSYNC
 * d->cookie.dirsync is a cookie of now. */
int ad_method(struct ad_dir *, enum ad_method *, const char **why, struct err *);
/* Why every read must be a full one, for people; NULL: it need not. */
int ad_obstacle(struct ad_dir *, const char **why, struct err *);
/* May the account see tombstones? */
int ad_sees_tombstones(struct ad_dir *, bool *, struct err *);
/* How to grant that. */
const char *ad_grant_hint(struct ad_dir *);
const char *ad_method_name(enum ad_method);

/* ad_probe.c: connector_type.probe. */
int ad_probe(struct connector *, const struct probe *, struct err *);

#endif
