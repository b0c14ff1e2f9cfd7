#ifndef CONNECTORS_CSV_ROWS_H
#define CONNECTORS_CSV_ROWS_H

#include <stddef.h>

#include "base/entry.h"

struct arena;
struct err;

/*
 * A table as RFC 4180 has it: rows end with CRLF or LF, a field may be in quotes, and has
 * delimiters, ends of lines and doubled quotes in it then. UTF-8, with a byte order mark or
 * without. Empty lines are no rows. Refused (ERR_FATAL, file:line): a quote inside a bare field,
 * anything behind a closing quote, a quote that is never closed, a carriage return alone, NUL,
 * bytes that are not UTF-8.
 */
struct csv;

int csv_open(const char *path, char delimiter, struct csv **, struct err *);
/* The data is not copied. */
struct csv *csv_memory(const char *name, char delimiter, const char *data, size_t len);
void csv_close(struct csv *);

/* 1 and the fields of a row, which live until the next call; 0 at the end; -1. */
int csv_next(struct csv *, struct value **fields, size_t *n, struct err *);
/* The line on which the last row began. */
unsigned long csv_line(const struct csv *);
/* "name:line: " before the message; always -1. */
int csv_at(const struct csv *, struct err *);

#endif
