#ifndef CONNECTORS_JSON_PRIVATE_H
#define CONNECTORS_JSON_PRIVATE_H

#include <stdint.h>

#include <jansson.h>

#include "connectors/json.h"

/* Inside of json*.c: a struct json is jansson's json_t, which counts references also of what is
 * only looked at. */
static inline json_t *json_of(const struct json *j)
{
	return (json_t *)(uintptr_t)j;
}

static inline struct json *json_as(const json_t *j)
{
	return (struct json *)(uintptr_t)j;
}

#endif
