#ifndef BASE_LOG_SYSTEM_H
#define BASE_LOG_SYSTEM_H

#include "base/log.h"

/* The system's own logs; apart from log.c, as <syslog.h> has names like ours. severity: 3 error to
 * 7 debug (RFC 5424). The text is safe already. */

/* Is anybody listening? */
int log_system_open(enum log_place, struct err *);
void log_system_put(enum log_place, int severity, const char *text, const char *flow,
	const struct log_field *, size_t n);

#endif
