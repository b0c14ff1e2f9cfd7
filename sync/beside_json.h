#ifndef SYNC_BESIDE_JSON_H
#define SYNC_BESIDE_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "sync/beside.h"

/* The JSON of "compare": objects that are not the same, one a line, then the sums. Private to
 * sync/cmd_compare.c. */
void beside_json_begin(FILE *, const char *flow);
void beside_json_object(FILE *, const struct beside *, bool first);
void beside_json_end(FILE *, const struct beside_sums *, const struct summary *plan);

#endif
