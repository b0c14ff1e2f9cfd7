#ifndef CONNECTORS_SCIM_FIND_H
#define CONNECTORS_SCIM_FIND_H

#include "connectors/scim.h"

/*
 * A few entries, by id, name or value.
 *
 * A filter that a service does not understand, or understands otherwise, mostly finds nothing, and
 * that must not be taken for "there is none". So it is tried first: with the value of a resource
 * that is there, which must find it, and with an invented value, which must find nothing. As values
 * are looked for whatever their case, the other case must find it, too. Where it fails, or more is
 * asked for than there are pages, everything is read, which finds all.
 */
struct scim_find;

/* NULL and 0: everything is to be read. The wishes must live as long. */
int scim_find_start(struct scim_dir *, const struct query *, struct scim_find **, struct err *);
void scim_find_free(struct scim_find *);
/* 1 and an entry, each once; 0, -1. */
int scim_find_next(struct scim_find *, struct arena *, struct entry *, struct err *);

/* What does "PATH eq VALUE" find, path being one of the fields'? */
int scim_filter_finds(struct scim_dir *, const struct scim_kind *, const char *path,
	enum scim_finds *, struct err *);
/* The query of a search for it: "/Users?filter=...". */
const char *scim_filter_url(
	struct arena *, const struct scim_kind *, const char *path, struct value);

#endif
