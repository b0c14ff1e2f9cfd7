#ifndef SYNC_JSON_H
#define SYNC_JSON_H

#include <jansson.h>

#include "base/entry.h"

struct arena;

/* What JSON says of values and entries (report_json.c). Private to sync/report_json.c and
 * sync/history_json.c; jansson is known only there. */

/* Bytes that are not UTF-8 text are {"base64": "..."}. */
json_t *json_value(struct value);
json_t *json_values(const struct value *, unsigned n);
json_t *json_object_of(struct arena *, struct value id, struct value name);

#endif
