#ifndef CONNECTORS_PROBE_H
#define CONNECTORS_PROBE_H

#include <stdbool.h>

#include "connectors/connector.h"

/* What the probes of all connectors have in common. */

void probe_tell(const struct probe *, enum finding, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Attributes that a flow lists, and that follow from the name or the class. */
bool probe_implied(unsigned attr);

#endif
