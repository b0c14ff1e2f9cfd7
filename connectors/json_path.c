/*
 * What lies where in a JSON value.
 */
#include <string.h>
#include <strings.h>

#include "connectors/json_private.h"

struct piece {
	const char *at;
	size_t len;
};

/* One step of a path: a member, and which elements of the array in it. */
struct step {
	struct piece name;
	enum { WHOLE, FIRST, EACH, WHERE, WHERE_NOT } which;
	struct piece key, value; /* of the elements; value.at is NULL: true */
	const char *rest;        /* of the path; "" at its end */
};

static struct piece until(const char *at, const char *ends)
{
	return (struct piece){at, strcspn(at, ends)};
}

static struct step read_step(const char *path)
{
	struct step s = {.name = until(path, "/["), .which = WHOLE};
	const char *at = path + s.name.len;

	if (*at == '[') {
		at++;
		s.which = *at == ']' ? EACH : *at == '0' ? FIRST : *at == '!' ? WHERE_NOT : WHERE;
		at += *at == '!';
		s.key = until(at, "=]");
		at += s.key.len;
		if (*at == '=') {
			s.value = until(at + 1, "]");
			at = s.value.at + s.value.len;
		}
		at += *at == ']';
	}
	s.rest = *at == '/' ? at + 1 : at;
	return s;
}

/* As it is spelled in the object; NULL: there is none. */
static const char *key_of(json_t *object, struct piece name)
{
	void *i = json_object_iter(object);

	for (; i != NULL; i = json_object_iter_next(object, i)) {
		if (json_object_iter_key_len(i) == name.len &&
			strncasecmp(json_object_iter_key(i), name.at, name.len) == 0)
			return json_object_iter_key(i);
	}
	return NULL;
}

static json_t *member(json_t *object, struct piece name)
{
	json_t *found = json_object_getn(object, name.at, name.len);
	const char *key = NULL;

	if (found == NULL && (key = key_of(object, name)) != NULL)
		found = json_object_get(object, key);
	return found;
}

static bool selected(const struct step *s, json_t *element)
{
	if (s->which == EACH || s->which == FIRST)
		return true;
	const json_t *m = member(element, s->key);
	const char *text = json_string_value(m);
	const bool is = s->value.at == NULL
				? json_is_true(m)
				: text != NULL && strlen(text) == s->value.len &&
					  strncasecmp(text, s->value.at, s->value.len) == 0;

	return is == (s->which == WHERE);
}

struct found {
	const struct json **list;
	size_t n, most;
};

static void walk(json_t *j, const char *path, struct found *f)
{
	if (j == NULL || (f->list != NULL && f->n == f->most))
		return;
	if (*path == '\0') {
		if (f->list != NULL)
			f->list[f->n] = json_as(j);
		f->n++;
		return;
	}
	const struct step s = read_step(path);
	json_t *m = member(j, s.name);
	if (s.which == WHOLE) {
		walk(m, s.rest, f);
		return;
	}
	if (m != NULL && !json_is_array(m) && selected(&s, m))
		walk(m, s.rest, f);
	const size_t n = s.which == FIRST ? 1 : json_array_size(m);
	for (size_t i = 0; i < n; i++) {
		if (selected(&s, json_array_get(m, i)))
			walk(json_array_get(m, i), s.rest, f);
	}
}

size_t json_all(const struct json *j, const char *path, const struct json **list, size_t most)
{
	struct found f = {.list = list, .most = most};

	walk(json_of(j), path, &f);
	return f.n;
}

const struct json *json_at(const struct json *j, const char *path)
{
	const struct json *first = NULL;

	return json_all(j, path, &first, 1) > 0 ? first : NULL;
}

/* The value becomes the member, in its spelling; NULL: there is no such member any more. */
static json_t *set(json_t *object, struct piece name, json_t *value)
{
	const char *key = key_of(object, name);

	if (value == NULL && key != NULL)
		(void)json_object_del(object, key);
	else if (value != NULL && key != NULL)
		(void)json_object_set_new(object, key, value);
	else if (value != NULL)
		(void)json_object_setn_new(object, name.at, name.len, value);
	return value;
}

/* The array or object of that name, made where it is not. */
static json_t *inside(json_t *object, const struct step *s, bool make)
{
	json_t *m = member(object, s->name);
	const bool fits = s->which == WHOLE ? json_is_object(m) : json_is_array(m);

	if (fits || !make)
		return fits ? m : NULL;
	return set(object, s->name, s->which == WHOLE ? json_object() : json_array());
}

static size_t first_selected(const struct step *s, json_t *array)
{
	size_t i = 0;

	while (i < json_array_size(array) &&
		(s->which == EACH || !selected(s, json_array_get(array, i))))
		i++;
	return i;
}

static void put(json_t *object, const char *path, json_t *value);

/* Into a new element, or the one that is selected. */
static void put_element(json_t *array, const struct step *s, json_t *value)
{
	const size_t i = first_selected(s, array);

	if (*s->rest == '\0') {
		(void)json_array_append_new(array, value);
		return;
	}
	if (i == json_array_size(array)) {
		json_t *element = json_object();
		if (s->which == WHERE)
			(void)set(element, s->key,
				s->value.at != NULL ? json_stringn(s->value.at, s->value.len)
						    : json_true());
		(void)json_array_append_new(array, element);
	}
	put(json_array_get(array, i), s->rest, value);
}

/* Elements are what their value is: without it there is no use in them. */
static void remove_elements(json_t *object, json_t *array, const struct step *s)
{
	const bool whole = *s->rest == '\0' || strcmp(s->rest, "value") == 0;

	for (size_t i = s->which == FIRST ? 1 : json_array_size(array); i-- > 0;) {
		if (!selected(s, json_array_get(array, i)))
			continue;
		if (whole)
			(void)json_array_remove(array, i);
		else
			put(json_array_get(array, i), s->rest, NULL);
	}
	if (json_array_size(array) == 0)
		(void)set(object, s->name, NULL);
}

static void put(json_t *object, const char *path, json_t *value)
{
	const struct step s = read_step(path);

	if (s.which == WHOLE && *s.rest == '\0') {
		(void)set(object, s.name, value);
		return;
	}
	json_t *in = inside(object, &s, value != NULL);
	if (in == NULL)
		return;
	if (s.which == WHOLE)
		put(in, s.rest, value);
	else if (value != NULL)
		put_element(in, &s, value);
	else
		remove_elements(object, in, &s);
}

void json_put(struct json *object, const char *path, struct json *value)
{
	put(json_of(object), path, json_of(value));
}
