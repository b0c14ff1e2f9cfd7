#ifndef CONNECTORS_DSML_H
#define CONNECTORS_DSML_H

#include "base/change.h"

struct buf;

/*
 * DSMLv2 (OASIS, "Directory Services Markup Language v2.0", 2002) as it is written: a batchRequest,
 * to be done from the top, that stops at the first request which fails. What XML cannot say, or a
 * reader may change (control characters, white space at an end, bytes that are not UTF-8), is
 * base64Binary. Request ids count from 1.
 */
void dsml_print_begin(struct buf *);
/* A comment; "--" in it becomes "- -". */
void dsml_print_comment(struct buf *, const char *text);
/* A modify with a new name prints as a modDNRequest and, when it also has mods, a modifyRequest
 * after it. */
void dsml_print_change(struct buf *, const struct change *, unsigned long *id);
void dsml_print_end(struct buf *);

#endif
