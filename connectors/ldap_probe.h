#ifndef CONNECTORS_LDAP_PROBE_H
#define CONNECTORS_LDAP_PROBE_H

#include "connectors/connector.h"
#include "connectors/ldap.h"
#include "connectors/probe.h"

struct arena;
struct err;

/*
 * What "galway check" is told of a directory server beside its entries: connector_type.probe of the
 * ldap connector, and the parts of it that the ad connector has in common. Only reads. A finding is
 * one line without the connector's name; -1: the server could not be asked.
 */
int ldap_probe(struct connector *, const struct probe *, struct err *);

/* Who we are to whom, how that is protected and until when, and whether reads come in pages. */
void probe_session(const struct ldap_dir *, const struct probe *);
/* The attributes and classes that flows would write, looked up in the subschema (RFC 4512 4.2). */
int probe_schema(struct ldap_dir *, const struct probe *, struct err *);
/* An attribute or a class that the server does not know, and what to do. */
void probe_unknown_attribute(const struct probe *, const char *name);
void probe_unknown_class(const struct probe *, const char *name);
/* The names of a set, "a, b and 3 more". */
const char *probe_list(struct arena *, const struct attr_set *);

/* Is it one of the containers, or below one? */
bool probe_inside(const struct probe *, struct value name);

/* ldap_probe_rights.c: what 389 Directory Server says of our rights below into and
 * outside of it, and why nobody else's are known. */
int probe_rights(struct ldap_dir *, const struct probe *, struct err *);

#endif
