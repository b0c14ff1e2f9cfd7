#include "rules/place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

#define SHOWN 200 /* bytes of a line that a message shows */

static const char *line_start(struct place p)
{
	const char *s = p.at;

	while (s > p.text->text.data && s[-1] != '\n')
		s--;
	return s;
}

unsigned place_line(struct place p)
{
	const char *s = p.text->text.data;
	unsigned line = 1;

	for (; s < p.at && (s = memchr(s, '\n', (size_t)(p.at - s))) != NULL; s++)
		line++;
	return line;
}

unsigned place_column(struct place p)
{
	const char *start = line_start(p);

	return (unsigned)utf8_count(start, (size_t)(p.at - start)) + 1;
}

int place_error(struct place p, struct err *err, const char *fmt, ...)
{
	const char *start = line_start(p), *end = p.text->text.data + p.text->text.len;
	unsigned line = place_line(p), column = place_column(p);
	char what[500], shown[SHOWN + 1];
	size_t len = 0;
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	/* A tab takes one place, so that the caret stands under what is meant. */
	for (; len < SHOWN && start + len < end && start[len] != '\n' && start[len] != '\r'; len++)
		shown[len] = start[len] == '\t' ? ' ' : start[len];
	shown[len] = '\0';
	if ((size_t)(p.at - start) > len)
		return err_set(err, ERR_FATAL, "%s:%u:%u: %s", p.text->label, line, column, what);
	return err_set(err, ERR_FATAL, "%s:%u:%u: %s\n%s\n%*s^", p.text->label, line, column, what,
		shown, (int)column - 1, "");
}
