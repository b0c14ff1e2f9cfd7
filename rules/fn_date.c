#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "rules/date.h"
#include "rules/functions.h"

int fn_cdate(struct call *c)
{
	int64_t date = arg_num(c, 0);

	if (c->arg[0].type == EXPR_DT)
		return give_num(c, EXPR_DT, date);
	if (c->arg[0].type != EXPR_STR)
		return wrong(c, "a %s cannot become a dt", type_names[c->arg[0].type]);
	if (!date_parse(arg_text(c, 0), &date))
		return wrong(c, "%s is not a date", shown(c->ev, arg_text(c, 0)));
	return give_num(c, EXPR_DT, date);
}

int fn_now(struct call *c)
{
	int64_t now;

	if (__builtin_mul_overflow(c->ev->env->now, TICKS_SECOND, &now) ||
		__builtin_add_overflow(now, TICKS_EPOCH, &now) || !date_in_range(now))
		return wrong(c, "the clock is beyond the year 9999");
	return give_num(c, EXPR_DT, now);
}

int fn_datefromnum(struct call *c)
{
	int64_t date = arg_num(c, 0);

	if (date < 0 || !date_in_range(date))
		return wrong(c, "%lld is not a date", (long long)date);
	return give_num(c, EXPR_DT, date);
}

int fn_numfromdate(struct call *c)
{
	if (arg_num(c, 0) < 0)
		return wrong(c, "the date is before 1601");
	return give_num(c, EXPR_NUM, arg_num(c, 0));
}

static bool add_months(int64_t *date, int64_t months)
{
	struct moment m = date_moment(*date);
	int64_t month;

	if (__builtin_add_overflow(m.year * 12 + m.month - 1, months, &month) || month < 12 ||
		month >= 120000)
		return false;
	m.year = (int)(month / 12);
	m.month = (int)(month % 12) + 1;
	/* the 31st of a month of 30 days is the 30th */
	if (m.day > date_month_days(m.year, m.month))
		m.day = date_month_days(m.year, m.month);
	return date_of(&m, date);
}

int fn_dateadd(struct call *c)
{
	static const struct {
		const char *name;
		int64_t months, ticks;
	} intervals[] = {
		{"yyyy", 12, 0},
		{"q", 3, 0},
		{"m", 1, 0},
		{"y", 0, TICKS_DAY},
		{"d", 0, TICKS_DAY},
		{"w", 0, TICKS_DAY},
		{"ww", 0, 7 * TICKS_DAY},
		{"h", 0, 3600 * TICKS_SECOND},
		{"n", 0, 60 * TICKS_SECOND},
		{"s", 0, TICKS_SECOND},
	};
	struct value interval = arg_text(c, 0);
	int64_t date = arg_num(c, 2), n;

	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		const char *name = intervals[i].name;
		if (strlen(name) != interval.len ||
			strncasecmp(name, interval.data, interval.len) != 0)
			continue;
		bool good;
		if (intervals[i].months > 0)
			good = !__builtin_mul_overflow(arg_num(c, 1), intervals[i].months, &n) &&
			       add_months(&date, n);
		else
			good = !__builtin_mul_overflow(arg_num(c, 1), intervals[i].ticks, &n) &&
			       !__builtin_add_overflow(date, n, &date) && date_in_range(date);
		if (!good)
			return wrong(c, "the date is outside the years 1 to 9999");
		return give_num(c, EXPR_DT, date);
	}
	return wrong(c, "%s is no interval: yyyy q m y d w ww h n s", shown(c->ev, interval));
}

/* .NET's standard formats, which are one letter, in the invariant culture. */
static const struct {
	char letter;
	const char *format;
} standard[] = {
	{'d', "MM/dd/yyyy"},
	{'D', "dddd, dd MMMM yyyy"},
	{'f', "dddd, dd MMMM yyyy HH:mm"},
	{'F', "dddd, dd MMMM yyyy HH:mm:ss"},
	{'g', "MM/dd/yyyy HH:mm"},
	{'G', "MM/dd/yyyy HH:mm:ss"},
	{'m', "MMMM dd"},
	{'M', "MMMM dd"},
	{'o', "yyyy-MM-ddTHH:mm:ss.fffffffK"},
	{'O', "yyyy-MM-ddTHH:mm:ss.fffffffK"},
	{'r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"},
	{'R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"},
	{'s', "yyyy-MM-ddTHH:mm:ss"},
	{'t', "HH:mm"},
	{'T', "HH:mm:ss"},
	{'u', "yyyy-MM-dd HH:mm:ssZ"},
	{'y', "yyyy MMMM"},
	{'Y', "yyyy MMMM"},
};

static const char *const day_names[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"};

static void put_text(struct sink *out, const char *text, size_t most)
{
	sink_add(out, (struct value){text, strnlen(text, most)});
}

static void put_number(struct sink *out, int number, size_t width)
{
	int digits = width > 20 ? 20 : (int)width;

	sink_add(out, value_of(arena_printf(out->mem, "%0*d", digits, number)));
}

/* One, two: a number. Three: the name cut to three letters; more: the name. */
static void put_named(struct sink *out, int number, size_t n, const char *name)
{
	if (n <= 2)
		put_number(out, number, n);
	else
		put_text(out, name, n == 3 ? 3 : SIZE_MAX);
}

/* n digits of a fraction. In the short form without zeros at its end, and without all of them also
 * without the point before it. */
static void put_fraction(struct sink *out, int ticks, size_t n, bool short_form)
{
	const char *digits = arena_printf(out->mem, "%07d", ticks);

	while (short_form && n > 0 && digits[n - 1] == '0')
		n--;
	if (n == 0 && out->len > 0 && out->data[out->len - 1] == '.')
		out->len--;
	put_text(out, digits, n);
}

/* n times the same letter. */
static void put_run(struct sink *out, const struct moment *m, char letter, size_t n)
{
	size_t two = n > 2 ? 2 : n;

	switch (letter) {
	case 'd':
		put_named(out, m->day, n, day_names[m->weekday]);
		break;
	case 'M':
		put_named(out, m->month, n, month_names[m->month - 1]);
		break;
	case 'y':
		put_number(out, n <= 2 ? m->year % 100 : m->year, n);
		break;
	case 'H':
		put_number(out, m->hour, two);
		break;
	case 'h':
		put_number(out, (m->hour + 11) % 12 + 1, two);
		break;
	case 'm':
		put_number(out, m->minute, two);
		break;
	case 's':
		put_number(out, m->second, two);
		break;
	case 'f':
	case 'F':
		put_fraction(out, m->ticks, n, letter == 'F');
		break;
	case 't':
		put_text(out, m->hour < 12 ? "AM" : "PM", two);
		break;
	case 'g':
		put_text(out, "A.D.", SIZE_MAX);
		break;
	case 'z':
		put_text(out, "+00:00", n == 1 ? 2 : n == 2 ? 3 : 6);
		break;
	default: /* 'K' */
		put_text(out, "Z", 1);
	}
}

/* Text in quotes, or the character after a backslash, at format.data: how long it is in the format;
 * 0 when it does not end. */
static size_t put_literal(struct sink *out, struct value format)
{
	const char *text = format.data + 1, *end;

	if (format.len < 2)
		return 0;
	if (format.data[0] == '\\') {
		put_text(out, text, 1);
		return 2;
	}
	end = memchr(text, format.data[0], format.len - 1);
	if (end == NULL)
		return 0;
	sink_add(out, (struct value){text, (size_t)(end - text)});
	return (size_t)(end - format.data) + 1;
}

static bool among(char letter, const char *letters)
{
	return letter != '\0' && strchr(letters, letter) != NULL;
}

/* NULL, or what is wrong with the format. */
static const char *put_format(struct sink *out, const struct moment *m, struct value format)
{
	while (format.len > 0) {
		char letter = format.data[0];
		size_t n = 1;

		if (among(letter, "\\'\"")) {
			n = put_literal(out, format);
			if (n == 0)
				return "a quote or backslash in the format has no end";
		} else if (among(letter, "dMyHhmsfFtgzK")) {
			while (n < format.len && format.data[n] == letter)
				n++;
			if (among(letter, "fF") && n > 7)
				return "a fraction has at most 7 digits";
			put_run(out, m, letter, n);
		} else if (letter != '%') {
			sink_add(out, (struct value){format.data, 1});
		}
		format.data += n;
		format.len -= n;
	}
	return NULL;
}

int fn_formatdatetime(struct call *c)
{
	struct moment m = date_moment(arg_num(c, 0));
	struct value format = arg_text(c, 1);
	struct sink out = {.mem = c->ev->mem};

	if (format.len == 1) {
		char letter = format.data[0];
		for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
			if (standard[i].letter == letter)
				format = value_of(standard[i].format);
		}
		if (format.len == 1 && ascii_letter(letter))
			return wrong(
				c, "%s is no standard format of one letter", shown(c->ev, format));
	}
	const char *fault = put_format(&out, &m, format);
	return fault != NULL ? wrong(c, "%s", fault) : give_sink(c, &out);
}
