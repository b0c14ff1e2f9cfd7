#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

static int level = -1;

void log_level(enum log_level l)
{
	level = (int)l;
}

void log_line(enum log_level l, const char *fmt, ...)
{
	static const char *const names[] = {"error: ", "warning: ", "", ""};
	char text[4096];
	char safe[sizeof(text) * 4];
	va_list ap;

	if (level < 0)
		level = isatty(STDERR_FILENO) ? LOG_INFO : LOG_WARN;
	if ((int)l > level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_safe(safe, sizeof(safe), text);
	(void)fprintf(stderr, "galway: %s%s\n", names[l], safe);
}
