#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log_system.h"
#include "base/progress.h"
#include "base/text.h"

#define TEXT_MAX 4096

static int level = -1;
static enum log_form form;
static enum log_place place;
static const char *flow;

/* name: in JSON; lead: before a text; severity: RFC 5424. */
static const struct look {
	const char *name, *lead;
	int severity;
} looks[] = {
	[LOG_ERROR] = {"error", "error: ", 3},
	[LOG_WARN] = {"warning", "warning: ", 4},
	[LOG_NOTE] = {"note", "", 5},
	[LOG_INFO] = {"info", "", 6},
	[LOG_DEBUG] = {"debug", "", 7},
};

void log_level(enum log_level l)
{
	level = (int)l;
}

void log_form(enum log_form f)
{
	form = f;
}

void log_flow(const char *name)
{
	flow = name;
}

const char *log_flow_name(void)
{
	return flow;
}

int log_to(enum log_place p, struct err *err)
{
	if (p != LOG_TO_STDERR && log_system_open(p, err) < 0)
		return -1;
	place = p;
	return 0;
}

static bool shown(enum log_level l)
{
	if (level < 0)
		level = isatty(STDERR_FILENO) ? LOG_INFO : LOG_NOTE;
	return (int)l <= level;
}

int log_draws(void)
{
	return form == LOG_TEXT && shown(LOG_NOTE) && isatty(STDERR_FILENO);
}

static void json_pair(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "\"%s\":\"", name);
	text_json_add(b, text, strlen(text));
	buf_putc(b, '"');
}

static void json_fields(struct buf *b, const struct log_field *fields, size_t n)
{
	buf_puts(b, n > 0 ? ",\"fields\":{" : "");
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? "," : "");
		if (fields[i].text != NULL)
			json_pair(b, fields[i].name, fields[i].text);
		else
			buf_printf(b, "\"%s\":%.15g", fields[i].name, fields[i].number);
	}
	buf_puts(b, n > 0 ? "}" : "");
}

static void json_line(struct buf *b, enum log_level l, const struct timespec *when,
	const char *text, const struct log_field *fields, size_t n)
{
	char moment[40] = "";
	struct tm tm;

	if (gmtime_r(&when->tv_sec, &tm) != NULL)
		(void)strftime(moment, sizeof(moment), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",", moment, when->tv_nsec / 1000000,
		looks[l].name);
	if (flow != NULL) {
		json_pair(b, "flow", flow);
		buf_putc(b, ',');
	}
	json_pair(b, "text", text);
	json_fields(b, fields, n);
	buf_puts(b, "}\n");
}

/* One line of stderr. */
static void render(struct buf *b, enum log_level l, const struct timespec *when, const char *text,
	const struct log_field *fields, size_t n)
{
	if (form == LOG_JSON) {
		json_line(b, l, when, text, fields, n);
		return;
	}
	buf_printf(b, "galway: %s", looks[l].lead);
	text_safe_add(b, text, strlen(text), 0);
	buf_putc(b, '\n');
}

static void put_system(enum log_level l, const char *text, const struct log_field *fields, size_t n)
{
	struct buf b = {0};

	text_safe_add(&b, text, strlen(text), 1);
	log_system_put(place, looks[l].severity, b.data != NULL ? b.data : "", flow, fields, n);
	buf_free(&b);
}

static void put(enum log_level l, const char *text, const struct log_field *fields, size_t n)
{
	struct timespec now;
	struct buf b = {0};

	if (place != LOG_TO_STDERR)
		put_system(l, text, fields, n);
	if (place != LOG_TO_STDERR && !isatty(STDERR_FILENO))
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	render(&b, l, &now, text, fields, n);
	progress_hide();
	(void)fwrite(b.data, 1, b.len, stderr);
	buf_free(&b);
}

void log_line(enum log_level l, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	if (!shown(l))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(l, text, NULL, 0);
}

void log_fields(enum log_level l, const struct log_field *fields, size_t n, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	if (!shown(l))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(l, text, fields, n);
}

void log_render(char *to, size_t room, enum log_level l, long long when, const char *text)
{
	const struct timespec moment = {.tv_sec = (time_t)when};
	struct buf b = {0};

	render(&b, l, &moment, text, NULL, 0);
	(void)snprintf(to, room, "%s", b.data);
	buf_free(&b);
}
