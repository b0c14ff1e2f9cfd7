#include "base/err.h"

#include <stdio.h>
#include <string.h>

int err_vset(struct err *err, enum err_kind kind, const char *fmt, va_list ap)
{
	err->kind = kind;
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	return -1;
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(err, kind, fmt, ap);
	va_end(ap);
	return -1;
}

int err_in(struct err *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* What does not fit is cut off. */
	if (n >= 0 && ((size_t)n >= sizeof(text) ||
			      snprintf(text + n, sizeof(text) - (size_t)n, ": %s", err->text) >= 0))
		memcpy(err->text, text, sizeof(text));
	return -1;
}
