#ifndef CONNECTORS_DISCOVER_H
#define CONNECTORS_DISCOVER_H

#include "base/config.h"
#include "base/entry.h"

struct arena;
struct err;

/* What a directory server says of itself before anybody knows how to read it: for "galway init". */
struct discovered {
	const char *type;   /* the connector type that is made for it: "ad" or "ldap" */
	const char *base;   /* the default naming context, or the only one; "": it has several */
	const char *vendor; /* for people; "" */
	const char *who;    /* who it takes us for */
	unsigned n_contexts;
	const char **contexts; /* all naming contexts */
};

/* Connect and bind as a connector of type ldap says, and ask; all in the arena. -1: as
 * session_open.
 */
int discover_server(const struct config *, struct arena *, struct discovered *, struct err *);

#endif
