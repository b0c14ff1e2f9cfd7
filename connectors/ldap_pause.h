#ifndef CONNECTORS_LDAP_PAUSE_H
#define CONNECTORS_LDAP_PAUSE_H

/*
 * Pauses before a server that is busy or away is asked again: each twice as long as the one before,
 * and of that between a half and all, so that those who wait for one server do not come back at
 * once.
 */

/* Milliseconds of the next one. *last is the one before, before chance had its part; 0 at first. */
long long pause_next(long long *last);
/* Sleeps until then, in milliseconds of the monotonic clock. */
void pause_until(long long when);

#endif
