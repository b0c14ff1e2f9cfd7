#ifndef CONNECTORS_LDAP_WATCH_H
#define CONNECTORS_LDAP_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct err;

/*
 * The watchdog of a session: a thread that shuts the socket down when a call into libldap lasts too
 * long. libldap's own timeouts do not end a wait inside of a message, and nothing but the end of
 * the connection ends a wait inside of a TLS handshake (GnuTLS).
 */
struct watch {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t stopping;
	long long limit;         /* milliseconds a call may last */
	_Atomic long long begun; /* milliseconds of the monotonic clock; 0: nothing is under way */
	_Atomic bool barked;     /* since watch_begin */
	int fd;                  /* -1: none; under the mutex */
	bool running, stop;
};

int watch_start(struct watch *, long long milliseconds, struct err *);
void watch_stop(struct watch *);

/* The socket; -1 before it is closed. */
void watch_socket(struct watch *, int fd);
/* Around each call that may wait. Costs two looks at the clock's page and no lock. */
void watch_begin(struct watch *);
/* True: the call was ended by the watchdog. */
bool watch_end(struct watch *);

/* Milliseconds of the monotonic clock, never 0. */
long long watch_now(void);

#endif
