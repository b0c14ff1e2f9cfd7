#ifndef CONNECTORS_PROBE_H
#define CONNECTORS_PROBE_H

#include <stdbool.h>

#include "connectors/connector.h"

struct http;

/* What the probes of all connectors have in common. */

void probe_tell(const struct probe *, enum finding, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Until when it is good, and that it is to be renewed; ends: seconds since 1970, 0 for none. */
void probe_certificate(const struct probe *, const char *which, long long ends);
/* Those of a web service, and ours for it. */
void probe_certificates(const struct probe *, const struct http *);
/* Attributes that a flow lists, and that follow from the name or the class. */
bool probe_implied(unsigned attr);

#endif
