#ifndef CONNECTORS_LDAP_OUTBOX_H
#define CONNECTORS_LDAP_OUTBOX_H

#include <ldap.h>
#include <stdbool.h>

/*
 * Several operations in one write(2): libldap writes each for itself, and each write wakes the
 * server. While outbox_hold is on, what it sends on this connection is held back until outbox_send;
 * when that is a lot, it goes earlier. Above encryption, so that there are fewer records too.
 *
 * Nobody may wait for an answer to what is held. Held bytes of a connection that is closed are
 * gone, as if they were lost on their way.
 */
void outbox_hold(LDAP *, bool on);
/* -1: not all of it could be written, and the connection is of no use any more. */
int outbox_send(LDAP *);

#endif
