#ifndef CONNECTORS_GRAPH_WRITE_H
#define CONNECTORS_GRAPH_WRITE_H

#include "connectors/graph.h"

/*
 * Writing: contacts in a mailbox's folder, guests, and attributes of users that are there. Some
 * changes of one operation and of different entries are under way together, in steps:
 *
 *   add a contact   POST
 *   add a guest     is somebody of that address there? POST /invitations; PATCH with the rest
 *   modify          GET, so that what changed meanwhile is seen; PATCH of what differs
 *   delete          a guest: GET, for no member may ever be deleted; DELETE; 404 is done
 *
 * DONE is what Graph confirmed: replicas are late, so that reading it back would say nothing. A
 * POST without an answer is OUTCOME_UNKNOWN.
 */
struct graph_job {
	const struct change *change;
	struct outcome *outcome;
	struct http_call *call; /* NULL: there is nothing to wait for */
	struct http_call *from; /* whose answer was taken last; NULL */
	bool invited;           /* the invitation was sent: what comes next is its answer */
	struct value id;
	struct json *before; /* NULL: not read */
	struct json *body;   /* of the PATCH that is to come; NULL */
};

/* graph_change.c: what a PATCH (of an add: POST) has in it, from the object that there is (NULL for
 * an add). ERR_ENTRY: an attribute has no place in it, or a value does not fit. */
int graph_change(struct graph_dir *, const struct change *, const struct json *before,
	struct json **body, struct err *);

#endif
