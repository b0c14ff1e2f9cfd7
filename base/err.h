#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/*
 * An error, filled by whoever notices it. The kind says what the caller does, the text what
 * happened: one line, lower case, no full stop, most general first ("flow hq: abc.ldif:12: ...").
 */
enum err_kind {
	ERR_NONE,
	ERR_ENTRY, /* this object only: count it, go on */
	ERR_BUSY,  /* stop; a later run may succeed (exit 5) */
	ERR_FATAL, /* stop; a person must act (exit 2) */
};

struct err {
	enum err_kind kind;
	char text[1000];
};

/* Set kind and text; always -1, so that a function can end with "return err_set(...)". */
int err_set(struct err *, enum err_kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int err_vset(struct err *, enum err_kind, const char *fmt, va_list)
	__attribute__((format(printf, 3, 0)));
/* Put "where: " before the text that is there; always -1. */
int err_in(struct err *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
