#include "sync/deadline.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "sync/commands.h"

/* Made beforehand: a signal handler may not print. */
static char message[1000];

static void on_alarm(int number)
{
	(void)number;
	if (write(STDERR_FILENO, message, strlen(message)) < 0)
		_exit(EXIT_LATER);
	_exit(EXIT_LATER);
}

void deadline_start(long long seconds)
{
	char text[200];
	struct sigaction act = {.sa_handler = on_alarm};

	if (seconds <= 0)
		return;
	(void)snprintf(text, sizeof(text),
		"the run took longer than its deadline of %lld s and was ended; the "
		"next one takes up what is left",
		seconds);
	log_render(message, sizeof(message), LOG_ERROR, (long long)time(NULL) + seconds, text);
	(void)sigaction(SIGALRM, &act, NULL);
	(void)alarm(seconds < UINT_MAX ? (unsigned)seconds : UINT_MAX);
}

void deadline_end(void)
{
	(void)alarm(0);
}
