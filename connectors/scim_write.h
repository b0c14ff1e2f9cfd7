#ifndef CONNECTORS_SCIM_WRITE_H
#define CONNECTORS_SCIM_WRITE_H

#include "connectors/scim.h"

/*
 * Writing: several changes at once, each in stages with one request each.
 *
 *   add      POST; what was made is in the answer, else it is read
 *   modify   GET, so that what changed meanwhile is seen; PATCH with only what differs, or PUT of
 * the whole resource where the service has no PATCH, or does it wrong; what came of it is in the
 * answer, else it is read delete   DELETE; 404 is done
 *
 * DONE means that the service has shown the resource as it was to be. meta.version, where there is
 * one, guards a PATCH or PUT (If-Match); the ETag of HTTP does not, for it may be that of the
 * bytes. A POST whose answer was lost is sent again only when a filter that is known to work
 * (scim_find.h) does not find the new resource; where none works it is OUTCOME_UNKNOWN.
 *
 * What may be under way together is of one operation, of different entries, without new names.
 * Adds and deletes go many at once (Bulk) where the service has that.
 */
enum scim_stage {
	SCIM_POST,
	SCIM_GET,
	SCIM_PATCH,
	SCIM_PUT,
	SCIM_DELETE,
	SCIM_CHECK, /* read again what was written */
	SCIM_LOOK,  /* is there an entry of that name? */
};

/* A change that was begun and has no outcome yet. */
struct scim_flight {
	const struct change *change;
	struct outcome *outcome;
	unsigned kind; /* of dir->kinds */
	enum scim_stage stage;
	bool bulk;           /* its call has others in it */
	size_t number;       /* of its operation there: flights change places meanwhile */
	bool put;            /* no PATCH any more */
	bool doubt;          /* a write may have been done, and had no answer */
	unsigned tries;      /* writes that were sent */
	struct value id;     /* of the resource; {NULL, 0}: not known yet */
	struct json *before; /* the resource as it was; NULL: not read */
	struct json *after;  /* as it shall be */
	struct http_call *call;
	struct err why; /* of SCIM_LOOK and SCIM_CHECK: what was wrong before */
};

/* What came of a request. */
struct scim_reply {
	const struct http_call *call;
	int status;           /* 0: none came */
	struct json *body;    /* NULL: none, or no JSON */
	const char *location; /* NULL */
	bool doubt;
	struct err err; /* where it is no success */
};

struct scim_writer {
	struct scim_dir *dir;
	const struct change *changes;
	struct outcome *outcomes;
	size_t n, next;    /* next: the first that was not begun */
	struct arena *mem; /* the caller's */
	struct scim_flight *flights;
	size_t n_flights;
	unsigned n_calls;
	bool hopeless; /* nothing more is begun; why */
	bool known;    /* some change is done, or failed for a reason of its own */
	struct err why;
};

/* connector_type.write. */
int scim_write(struct connector *, const struct change *, struct outcome *, size_t n,
	struct arena *, struct err *);

/* scim_flight.c: what was sent for the flight has this reply: send the next, or land it. */
void scim_flight_begin(struct scim_writer *, struct scim_flight *);
void scim_flight_reply(struct scim_writer *, struct scim_flight *, struct scim_reply *);
/* The flight has its outcome. */
void scim_flight_fail(struct scim_writer *, struct scim_flight *, const struct err *);

/* scim_change.c: the resource with the change done to it, from the one there is (an empty object
 * for an add). ERR_ENTRY: an attribute has no place in it, or a value does not fit. */
int scim_change_apply(struct scim_dir *, const struct scim_kind *, const struct change *,
	const struct json *before, struct json **after, struct err *);
/* Does the resource have what the change writes? ERR_ENTRY names what it has not. */
int scim_change_check(struct scim_dir *, const struct scim_kind *, const struct change *,
	const struct json *, struct err *);
/* A PATCH (RFC 7644, 3.5.2) that makes the one the other. */
struct json *scim_change_patch(struct scim_dir *, const struct scim_kind *, const struct change *,
	const struct json *after);

/* scim_bulk.c: how many of the changes that come next go together; 1: Bulk is of no use. */
size_t scim_bulk_size(const struct scim_writer *);
/* Send the flights as one request. */
void scim_bulk_send(struct scim_writer *, struct scim_flight **, size_t n);
/* Give each of them its own reply. */
void scim_bulk_reply(
	struct scim_writer *, struct scim_flight **, size_t n, const struct scim_reply *);

#endif
