/*
 * Entries from and to JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/value_set.h"
#include "connectors/json_private.h"

#define GUID_TEXT 36

static bool read_text(const json_t *j, struct arena *mem, struct value *v)
{
	char number[32];

	if (json_is_string(j)) {
		*v = (struct value){arena_copy(mem, json_string_value(j), json_string_length(j)),
			json_string_length(j)};
		return true;
	}
	if (json_is_integer(j))
		(void)snprintf(
			number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(j));
	else if (json_is_boolean(j))
		(void)snprintf(number, sizeof(number), "%s", json_is_true(j) ? "TRUE" : "FALSE");
	else
		return false;
	*v = value_of(arena_strdup(mem, number));
	return true;
}

static bool read_int(const json_t *j, struct arena *mem, struct value *v)
{
	return json_is_integer(j) && read_text(j, mem, v);
}

static bool read_bool(const json_t *j, struct arena *mem, struct value *v)
{
	const char *text = json_string_value(j);
	const bool yes = json_is_true(j) || (text != NULL && strcasecmp(text, "true") == 0);

	(void)mem;
	*v = value_of(yes ? "TRUE" : "FALSE");
	return yes || json_is_boolean(j) || (text != NULL && strcasecmp(text, "false") == 0);
}

/* n digits at *at, which moves behind them; false: there are none. */
static bool digits(const char **at, unsigned n, int *number)
{
	*number = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!ascii_digit((*at)[i]))
			return false;
		*number = *number * 10 + (*at)[i] - '0';
	}
	*at += n;
	return true;
}

static bool mark(const char **at, char c)
{
	return ascii_lower(**at) == c && (*at)++ != NULL;
}

/* "Z", "+02:00", "-05:30": seconds. */
static bool zone(const char *at, long *seconds)
{
	int hours, minutes;

	*seconds = 0;
	if (mark(&at, 'z'))
		return *at == '\0';
	const long sign = *at == '-' ? -1 : 1;
	if ((!mark(&at, '-') && !mark(&at, '+')) || !digits(&at, 2, &hours) || !mark(&at, ':') ||
		!digits(&at, 2, &minutes) || *at != '\0' || hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600L + minutes * 60L);
	return true;
}

/* Did timegm take it as it is, and not for another date? */
static bool on_calendar(const struct tm *given, time_t *when)
{
	struct tm tm = *given;

	*when = timegm(&tm);
	return tm.tm_mon == given->tm_mon && tm.tm_mday == given->tm_mday &&
	       tm.tm_hour == given->tm_hour && tm.tm_min == given->tm_min;
}

/* RFC 3339 (xsd:dateTime) to generalized time, in whole seconds. */
static bool read_time(const json_t *j, struct arena *mem, struct value *v)
{
	const char *at = json_string_value(j);
	struct tm tm = {0};
	char text[32];
	time_t when;
	long away;

	if (at == NULL || !digits(&at, 4, &tm.tm_year) || !mark(&at, '-') ||
		!digits(&at, 2, &tm.tm_mon) || !mark(&at, '-') || !digits(&at, 2, &tm.tm_mday) ||
		!mark(&at, 't') || !digits(&at, 2, &tm.tm_hour) || !mark(&at, ':') ||
		!digits(&at, 2, &tm.tm_min) || !mark(&at, ':') || !digits(&at, 2, &tm.tm_sec))
		return false;
	if (mark(&at, '.'))
		at += strspn(at, "0123456789");
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (!zone(at, &away) || !on_calendar(&tm, &when))
		return false;
	when -= away;
	if (gmtime_r(&when, &tm) == NULL || tm.tm_year + 1900 < 0 || tm.tm_year + 1900 > 9999)
		return false;
	(void)strftime(text, sizeof(text), "%Y%m%d%H%M%S.0Z", &tm);
	*v = value_of(arena_strdup(mem, text));
	return true;
}

static bool read_bytes(const json_t *j, struct arena *mem, struct value *v)
{
	struct buf b = {0};
	const bool good = json_is_string(j) &&
			  buf_unbase64(&b, json_string_value(j), json_string_length(j)) == 0;

	if (good)
		*v = (struct value){arena_copy(mem, b.data != NULL ? b.data : "", b.len), b.len};
	buf_free(&b);
	return good;
}

static bool read_guid(const json_t *j, struct arena *mem, struct value *v)
{
	if (!json_is_string(j) || json_string_length(j) != GUID_TEXT)
		return false;
	*v = entry_id_parse(mem, json_string_value(j));
	return v->len == 16;
}

static json_t *write_text(struct value v)
{
	return json_stringn(v.data, v.len);
}

static json_t *write_int(struct value v)
{
	char text[24], *end;

	if (v.len == 0 || v.len >= sizeof(text) || (v.data[0] != '-' && !ascii_digit(v.data[0])))
		return NULL;
	memcpy(text, v.data, v.len);
	text[v.len] = '\0';
	const json_int_t n = strtoll(text, &end, 10);
	return *end == '\0' ? json_integer(n) : NULL;
}

static json_t *write_bool(struct value v)
{
	if (v.len == 4 && strncasecmp(v.data, "TRUE", 4) == 0)
		return json_true();
	return v.len == 5 && strncasecmp(v.data, "FALSE", 5) == 0 ? json_false() : NULL;
}

/* "20261121113000.0Z", "20261121113000Z"; anything else is none of ours. */
static json_t *write_time(struct value v)
{
	static const char form[] = "YYYY-MM-DDTHH:MM:SSZ";
	char text[sizeof(form)];
	size_t at = 0;

	for (size_t i = 0; i < sizeof(form); i++) {
		const bool digit = strchr("YMDHS", form[i]) != NULL && form[i] != '\0';
		if (digit && (at >= v.len || !ascii_digit(v.data[at])))
			return NULL;
		text[i] = digit ? v.data[at++] : form[i];
	}
	if (at < v.len && v.data[at] == '.')
		for (at++; at < v.len && ascii_digit(v.data[at]);)
			at++;
	return at + 1 == v.len && v.data[at] == 'Z' ? json_string(text) : NULL;
}

static json_t *write_bytes(struct value v)
{
	struct buf b = {0};

	buf_base64(&b, v.data, v.len);
	json_t *j = json_stringn(b.data != NULL ? b.data : "", b.len);
	buf_free(&b);
	return j;
}

static json_t *write_guid(struct value v)
{
	struct arena *mem = arena_new();
	json_t *j = v.len == 16 ? json_string(entry_id_text(mem, v)) : NULL;

	arena_free(mem);
	return j;
}

static const struct kind {
	const char *name;
	bool (*read)(const json_t *, struct arena *, struct value *);
	json_t *(*write)(struct value);
} kinds[] = {
	[JSON_TEXT] = {"text", read_text, write_text},
	[JSON_INT] = {"whole number", read_int, write_int},
	[JSON_BOOL] = {"truth", read_bool, write_bool},
	[JSON_TIME] = {"date and time", read_time, write_time},
	[JSON_BYTES] = {"base64", read_bytes, write_bytes},
	[JSON_GUID] = {"GUID", read_guid, write_guid},
};

static int read_field(const struct json *object, const struct json_field *f, unsigned attr,
	struct arena *mem, struct entry *e, struct err *err)
{
	const struct json *one[1], **list = one;
	struct value_set all;
	size_t n = json_all(object, f->path, NULL, 0);

	if (n > 1)
		list = arena_alloc(mem, n * sizeof(const struct json *));
	n = json_all(object, f->path, list, n);
	value_set_new(&all, mem, attr, (unsigned)n);
	for (size_t i = 0; i < n; i++) {
		struct value v = {NULL, 0};
		if (json_nothing(list[i]))
			continue;
		if (!kinds[f->kind].read(json_of(list[i]), mem, &v))
			return err_set(
				err, ERR_FATAL, "%s: is no %s", f->path, kinds[f->kind].name);
		if (v.len > 0)
			value_set_add(&all, v);
	}
	if (all.n > 0)
		entry_put(mem, e, attr, all.values, all.n);
	return 0;
}

int json_read(const struct json *object, const struct json_field *fields,
	const struct attr_set *wanted, struct arena *mem, struct entry *e, struct err *err)
{
	for (const struct json_field *f = fields; f->attr != NULL; f++) {
		const unsigned attr = attr_named(f->attr);
		if ((wanted != NULL && !attr_set_has(wanted, attr)) || entry_get(e, attr) != NULL)
			continue;
		if (read_field(object, f, attr, mem, e, err) < 0)
			return -1;
	}
	return 0;
}

const struct json_field *json_field_of(const struct json_field *fields, unsigned attr)
{
	for (const struct json_field *f = fields; f->attr != NULL; f++) {
		if (f->writable && attr_named(f->attr) == attr)
			return f;
	}
	return NULL;
}

bool json_field_many(const struct json_field *f)
{
	return strstr(f->path, "[]") != NULL;
}

struct json *json_field_value(const struct json_field *f, struct value v, struct err *err)
{
	json_t *j = kinds[f->kind].write(v);

	if (j == NULL)
		(void)err_set(err, ERR_ENTRY, "%s: \"%.*s\" is no %s", f->attr,
			(int)(v.len < 100 ? v.len : 100), v.data, kinds[f->kind].name);
	return json_as(j);
}

int json_write(struct json *object, const struct json_field *f, const struct value *values,
	unsigned n, struct err *err)
{
	if (n > 1 && !json_field_many(f))
		return err_set(err, ERR_ENTRY, "%s: has one value only, not %u", f->attr, n);
	if (n == 0 || json_field_many(f))
		json_put(object, f->path, NULL);
	for (unsigned i = 0; i < n; i++) {
		struct json *v = json_field_value(f, values[i], err);
		if (v == NULL)
			return -1;
		json_put(object, f->path, v);
	}
	return 0;
}
