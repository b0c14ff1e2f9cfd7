#ifndef CONNECTORS_TYPES_H
#define CONNECTORS_TYPES_H

#include "connectors/connector.h"

/* What connector_types[] lists: one a file. */
extern const struct connector_type ldif_type;
extern const struct connector_type csv_type;
extern const struct connector_type mim_type;
extern const struct connector_type dsml_type;
extern const struct connector_type mem_type;
extern const struct connector_type ldap_type;
extern const struct connector_type ad_type;
extern const struct connector_type scim_type;
extern const struct connector_type exo_type;
extern const struct connector_type graph_type;

#endif
