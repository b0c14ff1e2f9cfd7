#include "connectors/ldap_pause.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_FIRST 100 /* milliseconds */
#define PAUSE_MOST 20000

long long pause_next(long long *last)
{
	*last = *last == 0 ? PAUSE_FIRST : 2 * *last;
	if (*last > PAUSE_MOST)
		*last = PAUSE_MOST;
	return *last / 2 + arc4random_uniform((unsigned)*last / 2 + 1);
}

void pause_until(long long when)
{
	const struct timespec t = {when / 1000, when % 1000 * 1000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}
