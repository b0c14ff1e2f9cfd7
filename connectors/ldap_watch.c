#include "connectors/ldap_watch.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/err.h"

#define AGAIN 100 /* milliseconds */

long long watch_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000 + 1;
}

/* Look, end what lasts too long, and say how long there is nothing to look at: a call that begins
 * later cannot be late earlier than `limit` from now, so that nobody has to wake the thread. */
static long long look(struct watch *w)
{
	const long long begun = atomic_load(&w->begun), now = watch_now();

	if (begun == 0)
		return w->limit;
	if (now - begun < w->limit)
		return w->limit - (now - begun);
	/* Without a socket there is nothing to end: libldap is connecting, for which it has a time
	 * limit of its own. */
	if (w->fd >= 0) {
		atomic_store(&w->barked, true);
		(void)shutdown(w->fd, SHUT_RDWR);
	}
	return AGAIN;
}

static void *run(void *with)
{
	struct watch *w = with;

	(void)pthread_mutex_lock(&w->mutex);
	while (!w->stop) {
		const long long until = watch_now() + look(w);
		const struct timespec at = {until / 1000, until % 1000 * 1000000};
		(void)pthread_cond_timedwait(&w->stopping, &w->mutex, &at);
	}
	(void)pthread_mutex_unlock(&w->mutex);
	return NULL;
}

int watch_start(struct watch *w, long long milliseconds, struct err *err)
{
	pthread_condattr_t clock;
	sigset_t all, old;

	w->limit = milliseconds;
	w->fd = -1;
	(void)pthread_mutex_init(&w->mutex, NULL);
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->stopping, &clock);
	(void)pthread_condattr_destroy(&clock);
	/* Signals are for the thread that works. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	const int r = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	w->running = r == 0;
	return r == 0 ? 0 : err_set(err, ERR_BUSY, "starting a thread: %s", strerror(r));
}

void watch_stop(struct watch *w)
{
	if (!w->running)
		return;
	(void)pthread_mutex_lock(&w->mutex);
	w->stop = true;
	(void)pthread_cond_signal(&w->stopping);
	(void)pthread_mutex_unlock(&w->mutex);
	(void)pthread_join(w->thread, NULL);
	(void)pthread_cond_destroy(&w->stopping);
	(void)pthread_mutex_destroy(&w->mutex);
	w->running = false;
}

void watch_socket(struct watch *w, int fd)
{
	(void)pthread_mutex_lock(&w->mutex);
	w->fd = fd;
	(void)pthread_mutex_unlock(&w->mutex);
}

void watch_begin(struct watch *w)
{
	atomic_store(&w->barked, false);
	atomic_store(&w->begun, watch_now());
}

bool watch_end(struct watch *w)
{
	atomic_store(&w->begun, 0);
	return atomic_load(&w->barked);
}
