#include "rules/date.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/ascii.h"

/* Days from 0000-03-01, so that a leap day is the last of its year, to 1601-01-01. */
#define DAYS_TO_1601 584694
#define DAYS_400_YEARS 146097

static int64_t days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t from_march = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1 -
	       DAYS_TO_1601;
}

int date_month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool date_in_range(int64_t filetime)
{
	return filetime >= days_of(1, 1, 1) * TICKS_DAY &&
	       filetime < days_of(10000, 1, 1) * TICKS_DAY;
}

struct moment date_moment(int64_t filetime)
{
	struct moment m;
	int64_t days = filetime / TICKS_DAY, rest = filetime % TICKS_DAY;

	if (rest < 0) {
		rest += TICKS_DAY;
		days--;
	}
	days += DAYS_TO_1601;
	m.weekday = (int)((days + 3) % 7);

	int64_t era = days / DAYS_400_YEARS, in_era = days % DAYS_400_YEARS;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t from_march = (5 * in_year + 2) / 153;
	m.day = (int)(in_year - (153 * from_march + 2) / 5 + 1);
	m.month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
	m.year = (int)(year + 400 * era + (m.month <= 2));

	m.ticks = (int)(rest % TICKS_SECOND);
	rest /= TICKS_SECOND;
	m.second = (int)(rest % 60);
	m.minute = (int)(rest / 60 % 60);
	m.hour = (int)(rest / 3600);
	return m;
}

bool date_of(const struct moment *m, int64_t *filetime)
{
	if (m->year < 1 || m->year > 9999 || m->month < 1 || m->month > 12 || m->day < 1 ||
		m->day > date_month_days(m->year, m->month) || m->hour > 23 || m->minute > 59 ||
		m->second > 59)
		return false;
	*filetime = days_of(m->year, m->month, m->day) * TICKS_DAY +
		    ((m->hour * 60 + m->minute) * 60 + m->second) * TICKS_SECOND + m->ticks;
	return true;
}

struct value date_generalized(struct arena *mem, int64_t filetime)
{
	struct moment m = date_moment(filetime);

	return value_of(arena_printf(mem, "%04d%02d%02d%02d%02d%02d.0Z", m.year, m.month, m.day,
		m.hour, m.minute, m.second));
}

struct scan {
	const char *at, *end;
};

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static void skip_blanks(struct scan *s)
{
	while (take(s, ' '))
		;
}

/* A word in any case, and nothing more of a word behind it. */
static bool take_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->at) < n || strncasecmp(s->at, word, n) != 0)
		return false;
	if ((size_t)(s->end - s->at) > n && ascii_letter(s->at[n]))
		return false;
	s->at += n;
	return true;
}

static int digits(const struct scan *s)
{
	int n = 0;

	while (s->at + n < s->end && ascii_digit(s->at[n]))
		n++;
	return n;
}

/* A number of `least` to `most` digits. */
static bool number(struct scan *s, int least, int most, int *out)
{
	int n = digits(s);

	if (n < least)
		return false;
	*out = 0;
	for (int i = 0; i < n && i < most; i++)
		*out = *out * 10 + (*s->at++ - '0');
	return true;
}

/* Ticks of ".123": any number of digits, of which seven count. */
static bool fraction(struct scan *s, int *ticks)
{
	int scale = (int)TICKS_SECOND;

	*ticks = 0;
	if (!take(s, '.'))
		return true;
	if (digits(s) == 0)
		return false;
	for (; s->at < s->end && ascii_digit(*s->at); s->at++) {
		scale /= 10;
		*ticks += (*s->at - '0') * scale;
	}
	return true;
}

/* The date; basic is set when it is written without separators. */
static bool date(struct scan *s, struct moment *m, bool *basic)
{
	int n = digits(s);
	char separator;

	*basic = n >= 8;
	if (*basic)
		return number(s, 4, 4, &m->year) && number(s, 2, 2, &m->month) &&
		       number(s, 2, 2, &m->day);
	if (n == 4) {
		number(s, 4, 4, &m->year);
		separator = s->at < s->end && *s->at == '/' ? '/' : '-';
		return take(s, separator) && number(s, 1, 2, &m->month) && take(s, separator) &&
		       number(s, 1, 2, &m->day);
	}
	return number(s, 1, 2, &m->month) && take(s, '/') && number(s, 1, 2, &m->day) &&
	       take(s, '/') && number(s, 4, 4, &m->year);
}

/* AM and PM after an hour from 1 to 12. */
static bool half_day(struct scan *s, struct moment *m)
{
	bool pm;

	skip_blanks(s);
	pm = take_word(s, "PM");
	if (!pm && !take_word(s, "AM"))
		return true;
	if (m->hour < 1 || m->hour > 12)
		return false;
	m->hour = m->hour % 12 + (pm ? 12 : 0);
	return true;
}

static bool time_of_day(struct scan *s, struct moment *m, bool basic)
{
	if (basic && digits(s) >= 4) {
		number(s, 2, 2, &m->hour);
		number(s, 2, 2, &m->minute);
		if (digits(s) > 0 && !number(s, 2, 2, &m->second))
			return false;
		return fraction(s, &m->ticks);
	}
	if (!number(s, 1, 2, &m->hour) || !take(s, ':') || !number(s, 2, 2, &m->minute))
		return false;
	if (take(s, ':') && (!number(s, 2, 2, &m->second) || !fraction(s, &m->ticks)))
		return false;
	return half_day(s, m);
}

/* Minutes east of Greenwich. */
static bool zone(struct scan *s, int *minutes)
{
	int hours = 0, rest = 0, sign;

	*minutes = 0;
	skip_blanks(s);
	if (take_word(s, "Z") || take_word(s, "UTC") || take_word(s, "GMT"))
		return true;
	sign = take(s, '-') ? -1 : 1;
	if (sign == 1 && !take(s, '+'))
		return true; /* none */
	if (!number(s, 1, 2, &hours))
		return false;
	if ((take(s, ':') || digits(s) > 0) && !number(s, 2, 2, &rest))
		return false;
	*minutes = sign * (hours * 60 + rest);
	return hours <= 14 && rest <= 59;
}

bool date_parse(struct value text, int64_t *filetime)
{
	struct scan s = {text.data, text.data + text.len};
	struct moment m = {.year = 0};
	bool basic;
	int minutes;

	skip_blanks(&s);
	if (!date(&s, &m, &basic))
		return false;
	if (!take_word(&s, "T") && !take(&s, 'T') && !take(&s, 't'))
		skip_blanks(&s);
	if (digits(&s) > 0 && !time_of_day(&s, &m, basic))
		return false;
	if (!zone(&s, &minutes))
		return false;
	skip_blanks(&s);
	if (s.at < s.end || !date_of(&m, filetime))
		return false;
	*filetime -= minutes * 60 * TICKS_SECOND;
	return date_in_range(*filetime);
}
