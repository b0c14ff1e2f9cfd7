#ifndef CONNECTORS_SCIM_H
#define CONNECTORS_SCIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/dn.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "connectors/http.h"
#include "connectors/json.h"
#include "connectors/reading.h"

struct arena;

/*
 * The inside of the scim connector: users and groups of a SCIM 2.0 service (RFC 7643, RFC 7644).
 *
 * SCIM has no names as directories have them. An entry is called CN=<userName>,<base> or
 * CN=<displayName>,<base>; without `base` that is O=<the connector's title>. Of groups of one name
 * one keeps it, and the others are CN=<displayName> (<id>),<base> (scim_names.c). Its id is the
 * resource's. objectClass says which of the two a new entry shall be. The marker is in externalId.
 *
 * Nothing that a service says of itself is believed but what costs only time if it is wrong: a
 * filter is used when it found a known resource, and did not find an invented one (scim_find.h); a
 * read is complete when its pages fit together (scim_pages.h); a write is done when what the
 * service then has is what was to be written (scim_write.h).
 */
enum scim_dialect { SCIM_RFC, SCIM_ENTRA };

/* A resource type. */
struct scim_kind {
	const char *setting;        /* in `types` */
	const char *endpoint;       /* "/Users" */
	const char *schema;         /* its URN */
	const char *name;           /* the attribute that names an entry */
	bool twins;                 /* several may have one name */
	const char *const *classes; /* values of objectClass, the last is the one; ended by NULL */
	const struct json_field *fields;
};

extern const struct scim_kind scim_kinds[]; /* ended by one without endpoint */
#define SCIM_KINDS 2

/* What a filter is known to find: nothing for sure, the very value, or that in any case. */
enum scim_finds { SCIM_FINDS_NOTHING, SCIM_FINDS_EXACT, SCIM_FINDS_ANY_CASE };

/* Of which attribute of what. */
struct scim_proof {
	const struct scim_kind *kind;
	const char *path; /* of the field */
	enum scim_finds finds;
	struct scim_proof *next;
};

/* What the service says of itself (ServiceProviderConfig), or what is tried where it does not. */
struct scim_service {
	bool known; /* it does say */
	bool patch, bulk, filter, etag;
	bool cursor, index; /* kinds of paging; both false: it does not say */
	long long bulk_operations, bulk_bytes;
};

struct scim_dir {
	struct connector connector;
	const struct config *config;
	struct arena *mem;
	struct http *http;
	enum scim_dialect dialect;
	const char *base;
	struct dn base_dn;
	long long page_size;
	bool bulk; /* wanted */
	const struct scim_kind
		*kinds[SCIM_KINDS + 1]; /* that are read and written; NULL at the end */
	struct scim_service service;
	bool discovered;
	struct scim_proof *proofs;

	struct scim_names *names; /* NULL: not needed yet */

	/* The read that is under way. */
	struct query query;
	struct pages *pages;
	unsigned kind; /* whose pages these are */
	struct scim_find *find;
	struct reading list;
};

/* scim_discover.c: ask once what the service can. That it does not say is no error. */
int scim_discover(struct scim_dir *, struct err *);

/* scim_request.c. A GET of a path behind the base URL, or of an absolute URL. */
struct http_call *scim_get(struct scim_dir *, const char *url);
/* The first so many of a kind. */
struct http_call *scim_get_some(struct scim_dir *, const struct scim_kind *, unsigned n);
/* With a body; if_match: meta.version, or NULL. */
struct http_call *scim_send(struct scim_dir *, enum http_method, const char *url,
	const struct json *body, const char *if_match, bool again);
/* Wait for it and parse the body. 0: the status was good, *out may be NULL where there is no body.
 * -1: as http_fail, with what the service says. The call stays: what is wrong with what the answer
 * says is an error for http_in. */
int scim_answer(struct scim_dir *, struct http_call *, struct json **out, struct err *);
/* The same, and the call is dropped. */
int scim_take(struct scim_dir *, struct http_call *, struct json **out, struct err *);
/* An answer that is no success, as an error. */
int scim_fail(const struct http_call *, const struct http_answer *, struct err *);
/* "/Users/ID". */
const char *scim_path(struct arena *, const struct scim_kind *, struct value id);

/* scim_entry.c: a resource as an entry, with the attributes that are wanted, its id, key, name and
 * objectClass. ERR_FATAL, for http_in: it has no id or no name, or a value is not what the schema
 * says. */
int scim_entry(struct scim_dir *, const struct scim_kind *, const struct json *,
	const struct attr_set *wanted, struct arena *, struct entry *, struct err *);
/* CN=<name>,<base>. */
struct value scim_name(const struct scim_dir *, struct arena *, struct value name);
/* The same with an id behind it: CN=<name> (<id>),<base>. */
struct value scim_twin_name(
	const struct scim_dir *, struct arena *, struct value dn, struct value id);
/* The name inside of a DN; false: it is none of ours. */
bool scim_name_of(const struct scim_dir *, struct arena *, struct value dn, struct value *name);
/* Is it an attribute whose values are ids of others, and names in entries? */
bool scim_refers(unsigned attr);
/* Which kind a new entry is to be of; NULL: none of ours. */
const struct scim_kind *scim_kind_of(const struct scim_dir *, const struct change *add);
/* The attribute in the language of filters and PATCH: "name.givenName", "emails.value". */
const char *scim_filter_path(struct arena *, const char *path);

/* scim_names.c: ids of names and names of ids, of all there are: about 200 bytes an entry, and only
 * where references are read or written, or groups are read.
 *
 * A name is one entry's. Of groups of one name (whatever its case) the one whose id sorts first
 * keeps it, unless it is a user's; all others are called scim_twin_name. So it is the same in every
 * read, a find and a reference too, whatever the order in which the service gives them. */
int scim_names_load(struct scim_dir *, struct err *);
void scim_names_free(struct scim_names *);
/* {NULL, 0}: there is none. */
struct value scim_names_dn(const struct scim_dir *, struct value id);
struct value scim_names_id(const struct scim_dir *, struct value dn);
/* It is called so now. */
void scim_names_put(struct scim_dir *, struct value id, struct value dn);

/* scim.c: what a read has under way is given up; its cookie stays. */
void scim_stop_reading(struct scim_dir *);

/* scim_probe.c: connector_type.probe. */
int scim_probe(struct connector *, const struct probe *, struct err *);

#endif
