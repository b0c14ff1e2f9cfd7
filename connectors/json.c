#include "connectors/json.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "connectors/json_private.h"

/* Before it is parsed: jansson would go 2048 deep. What is in texts does not count. */
static bool too_deep(const char *text, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
		if (depth > JSON_DEPTH)
			return true;
	}
	return false;
}

int json_parse(const char *text, size_t len, struct json **out, struct err *err)
{
	json_error_t why;

	*out = NULL;
	if (too_deep(text, len))
		return err_set(err, ERR_FATAL, "not taken as JSON: nested over %d", JSON_DEPTH);
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (j == NULL)
		return err_set(
			err, ERR_FATAL, "not taken as JSON: byte %d: %s", why.position, why.text);
	*out = json_as(j);
	return 0;
}

void json_free(struct json *j)
{
	json_decref(json_of(j));
}

static int add(const char *data, size_t len, void *to)
{
	buf_add(to, data, len);
	return 0;
}

void json_print(struct buf *to, const struct json *j)
{
	(void)json_dump_callback(json_of(j), add, to, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* Where jansson has no memory, there is none for us either. */
static struct json *made(json_t *j)
{
	if (j == NULL)
		abort();
	return json_as(j);
}

struct json *json_new_object(void)
{
	return made(json_object());
}

struct json *json_new_list(void)
{
	return made(json_array());
}

struct json *json_new_text(struct value v)
{
	return json_as(json_stringn(v.data != NULL ? v.data : "", v.len));
}

struct json *json_new_number(long long n)
{
	return made(json_integer(n));
}

struct json *json_new_flag(bool is)
{
	return made(json_boolean(is));
}

struct json *json_new_null(void)
{
	return made(json_null());
}

struct json *json_clone(const struct json *j)
{
	return made(json_deep_copy(json_of(j)));
}

void json_push(struct json *list, struct json *j)
{
	(void)json_array_append_new(json_of(list), json_of(j));
}

const char *json_text(const struct json *j, const char *path)
{
	return json_string_value(json_of(json_at(j, path)));
}

bool json_number(const struct json *j, const char *path, long long *n)
{
	const json_t *found = json_of(json_at(j, path));

	if (!json_is_integer(found))
		return false;
	*n = json_integer_value(found);
	return true;
}

bool json_flag(const struct json *j, const char *path, bool *is)
{
	const json_t *found = json_of(json_at(j, path));

	if (!json_is_boolean(found))
		return false;
	*is = json_is_true(found);
	return true;
}

size_t json_count(const struct json *j, const char *path)
{
	return json_array_size(json_of(json_at(j, path)));
}

const struct json *json_item(const struct json *array, size_t i)
{
	return json_as(json_array_get(json_of(array), i));
}

bool json_nothing(const struct json *j)
{
	return j == NULL || json_is_null(json_of(j));
}

const char *json_member(const struct json *object, size_t i)
{
	void *m = json_object_iter(json_of(object));

	for (; m != NULL && i > 0; i--)
		m = json_object_iter_next(json_of(object), m);
	return m != NULL ? json_object_iter_key(m) : NULL;
}

bool json_same(const struct json *a, const struct json *b)
{
	return json_equal(json_of(a), json_of(b)) != 0;
}
