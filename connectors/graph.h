#ifndef CONNECTORS_GRAPH_H
#define CONNECTORS_GRAPH_H

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
struct spool;

/*
 * The inside of the graph connector: a tenant of Microsoft Entra by Microsoft Graph, or the folder
 * of contacts of one mailbox.
 *
 * Graph has no names as directories have them. A user is called CN=<userPrincipalName>,<base>, a
 * guest CN=<mail>,<base>, a group or contact of the organization, whose names are not unique,
 * CN=<displayName> (<id>),<base>; a contact of a mailbox has its name in a property of ours.
 * Without `base` that is O=<the connector's title>. Ids are Graph's, as text.
 *
 * A tenant is read by delta queries (graph_round.h). A folder is small, and is listed.
 */
struct graph_kind {
	const char *setting;        /* in `types` */
	const char *endpoint;       /* "/users"; NULL: below the mailbox */
	const char *name;           /* the path to what names an entry */
	const char *other;          /* where that is nothing; NULL */
	bool twins;                 /* the name is not unique: the id belongs to it */
	const char *only;           /* the userType that counts; NULL: any */
	const char *refers;         /* the property of its references: "manager", "members"; NULL */
	const char *const *classes; /* values of objectClass, the last is the one; ended by NULL */
	const struct json_field *fields;
};

extern const struct graph_kind graph_kinds[]; /* of tenants; ended by one without setting */
extern const struct graph_kind graph_mailbox; /* contacts of a mailbox */
#define GRAPH_KINDS 4

/* Properties of ours in contacts of a mailbox. */
#define GRAPH_OURS "String {9a1c5b0e-6d0f-4c7b-8f43-3c6b7d1f2a90} Name "
#define GRAPH_MARKER GRAPH_OURS "galwayMarker"
#define GRAPH_NAME GRAPH_OURS "galwayName"

struct graph_dir {
	struct connector connector;
	const struct config *config;
	struct arena *mem;
	struct http *http;
	const char *root; /* the URL without a version */
	const char *base;
	struct dn base_dn;
	const struct graph_kind *kinds[GRAPH_KINDS + 1]; /* that are read; NULL at the end */
	const char *mailbox, *folder;                    /* NULL: a tenant */
	const char *folder_path; /* "/users/.../contactFolders/..."; NULL: not known */
	const char *invite_url;
	bool denied; /* the last answer was a refusal: the authority is not the tenant's */
	bool beta;   /* this tenant's onPremisesSyncBehavior is not in v1.0 */

	/* The read that is under way. */
	struct query query;
	struct graph_round *round;
	struct graph_pages *pages;
	struct reading list; /* of a folder */
};

/* graph_request.c. Waiting for it is graph_answer or graph_take. */
struct http_call *graph_get(struct graph_dir *, const char *url);
struct http_call *graph_send(
	struct graph_dir *, enum http_method, const char *url, const struct json *);
/* Wait for it and parse the body. 0: the status was good, *out may be NULL where there is no body.
 * -1: as http_fail, with what Graph says; *status is the answer's, 0 without any, -1 when it
 * may have been done all the same. The call stays: what is wrong with what the answer says is an
 * error for http_in. */
int graph_answer(
	struct graph_dir *, struct http_call *, struct json **out, int *status, struct err *);
/* The same, and the call is dropped. */
int graph_take(
	struct graph_dir *, struct http_call *, struct json **out, int *status, struct err *);
/* "/users/ID", and what is behind it. */
const char *graph_path(struct arena *, const char *endpoint, struct value id, const char *more);
/* The properties to ask for, as $select has them, and the id. */
const char *graph_select(struct arena *, const struct graph_kind *, const struct attr_set *wanted);

/* graph_entry.c: an object as an entry, but for its references. ERR_FATAL, for http_in: it has no
 * id or no name, or a value is not what the table says. */
int graph_entry(struct graph_dir *, const struct graph_kind *, const struct json *,
	const struct attr_set *wanted, struct arena *, struct entry *, struct err *);
/* The DN of an object; {NULL, 0}: it has no id or no name. */
struct value graph_dn(
	const struct graph_dir *, const struct graph_kind *, const struct json *, struct arena *);
/* The name inside of a DN; false: it is none of ours. */
bool graph_name_of(const struct graph_dir *, struct arena *, struct value dn, struct value *name);
/* Is it of the kind, as far as can be seen? */
bool graph_counts(const struct graph_kind *, const struct json *);
bool graph_wants(const struct attr_set *wanted, const char *name);

/* graph_folder.c: find the folder. make: make it where it is not there; else folder_path stays
 * NULL. */
int graph_folder(struct graph_dir *, bool make, struct err *);
/* What is asked of a contact, and the URL of the first page of all. */
const char *graph_folder_query(struct arena *, const struct attr_set *wanted);
const char *graph_folder_url(struct graph_dir *, struct arena *, const struct attr_set *wanted);

/* graph_write.c: connector_type.write. */
int graph_write(struct connector *, const struct change *, struct outcome *, size_t n,
	struct arena *, struct err *);

/* graph_behavior.c: ask for an object's onPremisesSyncBehavior, and take the answer as the
 * attribute isCloudManaged of its entry. */
struct http_call *graph_behavior_ask(
	struct graph_dir *, const struct graph_kind *, struct value id);
int graph_behavior_take(struct graph_dir *, const struct graph_kind *, struct http_call *,
	struct arena *, struct entry *, struct err *);
/* connector_type.more, hand_over. */
int graph_more(struct connector *, const struct attr_set *wanted, struct arena *, struct entry *,
	struct err *);
int graph_hand_over(struct connector *, struct value id, bool on, struct err *);

/* graph.c: what a read has under way is given up. */
void graph_stop_reading(struct graph_dir *);

/* graph_probe.c: connector_type.probe. */
int graph_probe(struct connector *, const struct probe *, struct err *);

#endif
