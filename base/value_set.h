#ifndef BASE_VALUE_SET_H
#define BASE_VALUE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;

/* So many are looked through, which is faster than hashing, and need no arena. */
enum { VALUES_FEW = 16 };

/*
 * Values of one attribute, each once, equal by its syntax (value_equal). The list is the caller's,
 * or one that grows; a few values are looked through, many are found by their hash: a group may
 * have a hundred thousand members.
 */
struct value_set {
	unsigned attr;
	unsigned n;
	struct value *values; /* in the order in which they came */
	uint32_t *places;     /* NULL: few */
	size_t mask;
};

/* Of a list that stays as it is while the set is used; nothing is put into it. */
void value_set_of(
	struct value_set *, struct arena *, unsigned attr, const struct value *list, unsigned n);
/* Empty, for up to `room` values. */
void value_set_new(struct value_set *, struct arena *, unsigned attr, unsigned room);
bool value_set_has(const struct value_set *, struct value);
/* False: it was there. */
bool value_set_add(struct value_set *, struct value);

#endif
