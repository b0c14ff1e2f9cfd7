#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

struct err;

/*
 * Messages for the operator, one line each; control characters in them are shown as \xNN. The
 * default level is LOG_INFO on a terminal and LOG_NOTE elsewhere. They go to stderr, or also to
 * where log_to says.
 */
enum log_level {
	LOG_NOTHING, /* as a level: not even errors */
	LOG_ERROR,
	LOG_WARN,
	LOG_NOTE, /* what was done, step by step; on a terminal it is seen otherwise (progress.h) */
	LOG_INFO,
	LOG_DEBUG
};

void log_level(enum log_level);
void log_line(enum log_level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* What a program wants to know of a message beside its text: in JSON and in the journal. */
struct log_field {
	const char *name; /* a-z and _ */
	const char *text; /* NULL: it is a number */
	double number;
};
void log_fields(enum log_level, const struct log_field *, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The flow that messages are about from now on, as a field; NULL: none. Not copied; not while
 * other threads log. */
void log_flow(const char *name);
const char *log_flow_name(void);

/* How stderr has them: as text; or a JSON object a line {time, level, flow, text, fields}, in ASCII
 * (time: UTC, RFC 3339), in which the text is as it is. */
enum log_form { LOG_TEXT, LOG_JSON };
void log_form(enum log_form);

/* Where they go: with the last two to stderr only when that is a terminal. The
 * journal gets the fields as GALWAY_NAME. -1: nobody listens there, and they go to stderr as
 * before. */
enum log_place { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_JOURNAL };
int log_to(enum log_place, struct err *);

/* May something else than messages be drawn on stderr: is it a terminal, and nobody wants it quiet
 * or to be read by a program? */
int log_draws(void);

/* The line that stderr would get at that moment (seconds since 1970), for who cannot make one
 * then. */
void log_render(char *to, size_t room, enum log_level, long long when, const char *text);

#endif
