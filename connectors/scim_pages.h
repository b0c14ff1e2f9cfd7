#ifndef CONNECTORS_SCIM_PAGES_H
#define CONNECTORS_SCIM_PAGES_H

#include "connectors/scim.h"

/*
 * All resources of a kind, page by page (RFC 7644, 3.4.2.4; RFC 9865), the next pages asked for
 * while one is read. One page is parsed at a time; of those that came early there are at most
 * http_window.
 *
 * Complete means proved. By index: each page begins with the resource that the one before ended
 * with, so that nothing that came or went meanwhile can have shifted one past us, and all say the
 * same total, which is how many came. By cursor: the last page has none, and no cursor came twice.
 * Anything else is an error: ERR_BUSY when it changed while it was read, ERR_FATAL when the service
 * does not page as it should.
 */
struct pages;

/* more: further parameters of the query ("&attributes=..."); "" */
struct pages *pages_start(struct scim_dir *, const struct scim_kind *, const char *more);
void pages_free(struct pages *);
/* 1 and a resource, which lives until the next call; 0 at the proved end; -1. */
int pages_next(struct pages *, const struct json **, struct err *);
/* What is wrong with what they gave, with the ids of the request for the last page (http_in). */
int pages_in(const struct pages *, struct err *);

#endif
