#ifndef SYNC_AUTHORITY_H
#define SYNC_AUTHORITY_H

#include "sync/setup.h"

/*
 * Which side may say what an attribute of an object is: the source of authority. Looked for in this
 * order: what somebody set for the object, what the configuration says of the attribute, the flow's
 * side. KB2537764 is the model: the write of any other side is denied, recorded, and not fatal.
 *
 * object: the connector's name set for the object, or NULL. attr: ATTR_NONE for the object itself.
 * Returns a connector's name.
 */
const char *authority_side(const struct flow *, const char *object, unsigned attr);
/* Why, for explain: "set for the object", "set for the attribute", "the flow's". */
const char *authority_why(const struct flow *, const char *object, unsigned attr);

#endif
