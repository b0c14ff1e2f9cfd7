#ifndef CONNECTORS_JSON_H
#define CONNECTORS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/entry.h"

struct arena;
struct attr_set;
struct buf;
struct err;

/*
 * JSON (RFC 8259) as web services send and take it; jansson ends in json*.c.
 *
 * Refused: nesting over JSON_DEPTH, a name twice in an object, NUL and lone surrogates in text,
 * bytes that are not UTF-8, whole numbers over 64 bits, others that no double holds, anything
 * behind the end. Names are looked up as they are spelled, and if that fails whatever their case
 * (RFC 7643, 2.1): servers differ.
 */
#define JSON_DEPTH 64

/* A value. What json_parse and json_new_* give is freed once, by json_free or by being put into
 * another; what is found inside lives as long. */
struct json;

/* ERR_FATAL with what is wrong and where; *out is NULL then. */
int json_parse(const char *text, size_t len, struct json **out, struct err *);
void json_free(struct json *);
/* Without white space. */
void json_print(struct buf *, const struct json *);

/*
 * A path leads to values inside: names with '/' between them. After a name,
 *
 *   []              all elements of an array: "proxyAddresses[]", "emails[]/value"
 *   [0]             the first one
 *   [type=work]     the elements with that member, whatever the case: "emails[type=work]/value"
 *   [!type=work]    those without
 *   [primary]       the element of which that member is true: "emails[primary]/value"
 *
 * No name has a '/' or '[' in it. A value where an array is expected is taken for its one element.
 */

/* The first value there; NULL: none. json may be NULL. null is a value. */
const struct json *json_at(const struct json *, const char *path);
/* All of them: how many, and (where list is not NULL) up to most of them. */
size_t json_all(const struct json *, const char *path, const struct json **list, size_t most);

/* What json_at finds, if it is of that kind; NULL and false otherwise. path "" is the value itself.
 * A text lives as long as the value. */
const char *json_text(const struct json *, const char *path);
bool json_number(const struct json *, const char *path, long long *);
bool json_flag(const struct json *, const char *path, bool *);
/* Elements of the array there; 0 when it is none. */
size_t json_count(const struct json *, const char *path);
/* One of an array's elements. */
const struct json *json_item(const struct json *array, size_t i);
/* Not there, or null? */
bool json_nothing(const struct json *);
/* The name of an object's member, by place; NULL: there are no more. */
const char *json_member(const struct json *object, size_t i);
bool json_same(const struct json *, const struct json *);

struct json *json_new_object(void);
struct json *json_new_list(void);
struct json *json_new_text(struct value); /* of UTF-8; NULL: it is not */
struct json *json_new_number(long long);
struct json *json_new_flag(bool);
struct json *json_new_null(void);
struct json *json_clone(const struct json *); /* deep */
/* Put a value there (NULL: take it away), making objects and elements on the way where there are
 * none. "[]" puts behind the array's last element. The value belongs to the object afterwards. */
void json_put(struct json *object, const char *path, struct json *);
/* The value belongs to the list afterwards. */
void json_push(struct json *list, struct json *);

/*
 * Entries from and to JSON, by a table: one row an attribute. Of several rows of one attribute
 * the first that has a value counts when it is read; at most one of them is writable.
 */
enum json_kind {
	JSON_TEXT,  /* a text; read, also a number or a truth as text */
	JSON_INT,   /* a whole number */
	JSON_BOOL,  /* TRUE and FALSE; read, also texts of these */
	JSON_TIME,  /* generalized time; in JSON RFC 3339, UTC when written */
	JSON_BYTES, /* bytes; in JSON base64 */
	JSON_GUID,  /* 16 bytes; in JSON their text */
};

struct json_field {
	const char *attr; /* NULL ends a table */
	const char *path;
	enum json_kind kind;
	bool writable;
};

/* Add the attributes that the object has (wanted: NULL for all) to the entry. null and "" are no
 * value. Values live in the arena. ERR_FATAL: a value is of another kind than the table says. */
int json_read(const struct json *object, const struct json_field *, const struct attr_set *wanted,
	struct arena *, struct entry *, struct err *);
/* The writable row of an attribute; NULL. */
const struct json_field *json_field_of(const struct json_field *, unsigned attr);
/* Does the path lead to many values? Otherwise an attribute has one. */
bool json_field_many(const struct json_field *);
/* A value of an entry as JSON has it; NULL with ERR_ENTRY: it cannot be. */
struct json *json_field_value(const struct json_field *, struct value, struct err *);
/* Make the attribute these values in the object; none takes it away. */
int json_write(struct json *object, const struct json_field *, const struct value *, unsigned n,
	struct err *);

#endif
