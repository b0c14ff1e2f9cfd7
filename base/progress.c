#include "base/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <unistr.h>
#include <uniwidth.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"

#define EVERY 0.1 /* seconds */

static const char *const doing[] = {
	[PROGRESS_READ] = "reading", [PROGRESS_PLAN] = "planning", [PROGRESS_WRITE] = "writing"};
static const char *const was[] = {[PROGRESS_PLAN] = "planned", [PROGRESS_WRITE] = "wrote"};

static bool started, draws;
static enum progress_phase phase;
static long long expected;
static double began;
static _Atomic long long counts[N_PROGRESS_COUNTS];

static pthread_mutex_t drawing = PTHREAD_MUTEX_INITIALIZER;
static double drawn_at; /* these two under the mutex */
static int drawn;       /* columns that are not blank */

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* "12 s", "3 min", "2 h". */
static void span(char text[32], double seconds)
{
	if (seconds < 120)
		(void)snprintf(text, 32, "%.0f s", seconds);
	else if (seconds < 7200)
		(void)snprintf(text, 32, "%.0f min", seconds / 60);
	else
		(void)snprintf(text, 32, "%.0f h", seconds / 3600);
}

/* After the first second: before that it says nothing. */
static void pace(struct buf *b, long long done, long long all, double seconds)
{
	char left[32];

	if (seconds < 1 || done <= 0)
		return;
	const double rate = (double)done / seconds;
	buf_printf(b, rate < 10 ? "; %.1f/s" : "; %.0f/s", rate);
	if (all <= done)
		return;
	span(left, (double)(all - done) / rate);
	buf_printf(b, ", %s left", left);
}

void progress_text(char text[PROGRESS_ROOM], enum progress_phase p, const char *flow,
	const long long n[N_PROGRESS_COUNTS], long long all, double seconds)
{
	const bool reads = p == PROGRESS_READ;
	const long long done = n[reads ? PROGRESS_SOURCE : PROGRESS_DONE];
	struct buf b = {0};

	if (flow != NULL) {
		text_safe_add(&b, flow, strlen(flow), 1);
		buf_puts(&b, ": ");
	}
	buf_printf(&b, "%s: %s%lld", doing[p], reads ? "source " : "", done);
	if (all > 0)
		buf_printf(&b, reads ? " of about %lld" : " of %lld", all);
	if (reads)
		buf_printf(&b, ", target %lld", n[PROGRESS_TARGET]);
	pace(&b, done, all, seconds);
	(void)snprintf(text, PROGRESS_ROOM, "%s", b.data);
	buf_free(&b);
}

int progress_cut(char *text, int columns)
{
	uint8_t *at = (uint8_t *)text;
	int width = 0;
	ucs4_t c;

	while (*at != '\0') {
		const int n = u8_mbtoucr(&c, at, strlen((const char *)at));
		const int wide = n > 0 ? uc_width(c, "UTF-8") : -1;
		if (wide < 0 || width + wide > columns)
			break;
		width += wide;
		at += n;
	}
	*at = '\0';
	return width;
}

static int columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col - 1; /* the last one would begin a new line */
	return 79;
}

static void take_counts(long long n[N_PROGRESS_COUNTS])
{
	for (unsigned i = 0; i < N_PROGRESS_COUNTS; i++)
		n[i] = atomic_load_explicit(&counts[i], memory_order_relaxed);
}

/* Under the mutex. */
static void draw(double moment)
{
	char text[PROGRESS_ROOM];
	long long n[N_PROGRESS_COUNTS];

	take_counts(n);
	progress_text(text, phase, log_flow_name(), n, expected, moment - began);
	const int width = progress_cut(text, columns());
	(void)fprintf(stderr, "\r%s%*s\r", text, drawn > width ? drawn - width : 0, "");
	(void)fflush(stderr);
	drawn = width;
	drawn_at = moment;
}

/* Under the mutex: blanks. */
static void wipe(void)
{
	if (drawn > 0)
		(void)fprintf(stderr, "\r%*s\r", drawn, "");
	(void)fflush(stderr);
	drawn = 0;
}

void progress_hide(void)
{
	if (!draws)
		return;
	(void)pthread_mutex_lock(&drawing);
	wipe();
	(void)pthread_mutex_unlock(&drawing);
}

void progress_start(void)
{
	const char *terminal = getenv("TERM");

	started = true;
	draws = log_draws() && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

void progress_phase(enum progress_phase p, long long all)
{
	if (!started)
		return;
	progress_end(false);
	phase = p;
	expected = all;
	began = now();
	for (unsigned i = 0; i < N_PROGRESS_COUNTS; i++)
		atomic_store(&counts[i], 0);
	if (!draws)
		return;
	(void)pthread_mutex_lock(&drawing);
	draw(began);
	(void)pthread_mutex_unlock(&drawing);
}

void progress_add(enum progress_count which, long long n)
{
	if (phase == PROGRESS_NONE)
		return;
	(void)atomic_fetch_add_explicit(&counts[which], n, memory_order_relaxed);
	/* Who comes while another thread draws goes on. */
	if (!draws || pthread_mutex_trylock(&drawing) != 0)
		return;
	const double moment = now();
	if (moment - drawn_at >= EVERY)
		draw(moment);
	(void)pthread_mutex_unlock(&drawing);
}

/* What came of a phase; where it was drawn nobody needs the message. */
static void tell(double seconds)
{
	const bool reads = phase == PROGRESS_READ;
	const char *flow = log_flow_name();
	long long n[N_PROGRESS_COUNTS];
	struct buf b = {0};

	take_counts(n);
	if (flow != NULL)
		buf_printf(&b, "flow %s: ", flow);
	if (reads)
		buf_printf(&b, "read %lld of the source, %lld of the target", n[PROGRESS_SOURCE],
			n[PROGRESS_TARGET]);
	else
		buf_printf(&b, "%s %lld", was[phase], n[PROGRESS_DONE]);
	const struct log_field fields[] = {{"phase", doing[phase], 0},
		{reads ? "source" : "done", NULL,
			(double)n[reads ? PROGRESS_SOURCE : PROGRESS_DONE]},
		{"milliseconds", NULL, (double)(long long)(seconds * 1000)},
		{"target", NULL, (double)n[PROGRESS_TARGET]}};
	log_fields(draws ? LOG_DEBUG : LOG_NOTE, fields, reads ? 4 : 3, "%s in %.1f s", b.data,
		seconds);
	buf_free(&b);
}

void progress_end(bool failed)
{
	if (phase == PROGRESS_NONE)
		return;
	progress_hide();
	if (!failed)
		tell(now() - began);
	phase = PROGRESS_NONE;
}
