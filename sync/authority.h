#ifndef SYNC_AUTHORITY_H
#define SYNC_AUTHORITY_H

#include <stdbool.h>

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
/* May the flow's source write it? */
bool authority_ours(const struct flow *, const char *object, unsigned attr);
/* Is it an exception among the values of an attribute that the source may write? A SIP address in
 * proxyAddresses is when msRTCSIP-PrimaryUserAddress belongs to another side. */
bool authority_excepts(const struct flow *, const char *object, unsigned attr, struct value);
/* Why, for explain: "set for the object", "set for the attribute", "the flow's". */
const char *authority_why(const struct flow *, const char *object, unsigned attr);

#endif
