#ifndef RULES_DATE_H
#define RULES_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;

/*
 * Dates of the expression language: FILETIME, 100 ns since 1601-01-01 UTC, negative before; of the
 * years 1 to 9999 in the Gregorian calendar.
 */
#define TICKS_SECOND INT64_C(10000000)
#define TICKS_DAY (86400 * TICKS_SECOND)
/* 1970-01-01 */
#define TICKS_EPOCH INT64_C(116444736000000000)

struct moment {
	int year, month, day; /* month and day from 1 */
	int weekday;          /* 0: Sunday */
	int hour, minute, second, ticks;
};

bool date_in_range(int64_t filetime);
struct moment date_moment(int64_t filetime);
/* False when there is no such moment (February 30, 25 o'clock). weekday does not count. */
bool date_of(const struct moment *, int64_t *filetime);
int date_month_days(int year, int month);

/*
 * What CDate reads: yyyy-MM-dd, yyyy/MM/dd, MM/dd/yyyy or yyyyMMdd; then, after blanks or 'T',
 * HH:mm[:ss[.fff]] or (after yyyyMMdd, without any) HHmm[ss[.fff]]; AM or PM; then Z, UTC, GMT,
 * +-H[H] or +-HH[:]mm. Without a zone it is UTC.
 */
bool date_parse(struct value text, int64_t *filetime);
/* As a directory stores it: generalized time. */
struct value date_generalized(struct arena *, int64_t filetime);

#endif
