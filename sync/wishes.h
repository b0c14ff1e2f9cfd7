#ifndef SYNC_WISHES_H
#define SYNC_WISHES_H

#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;
struct err;
struct gather;
struct keys;
struct matched;
struct wish;

/*
 * The few target entries that a few open rows need, for a connector that can find them (CAN_FIND):
 * instead of reading all of the target once more. In two rounds: first the entries that rows have,
 * may join or refer to; then, as it is known by now what they have, whoever holds the addresses,
 * the names and the aliases that they lack.
 *
 * A marker is looked for only where there is no address: what a killed run has made is found by its
 * addresses and its name, and markers need not be indexed (they are not in Active Directory).
 */
struct wishes {
	struct arena *mem; /* of the wishes and their values */
	struct wish *list;
	size_t n, room;
};

/* One more. Values are copied; an empty one is none. */
void wish(struct wishes *, int by, unsigned attr, struct value);
/* How many rows are few. */
size_t wishes_worth(const struct gather *);
/* Of the source: those that rows refer to. */
int wishes_references(struct gather *, struct wishes *, struct err *);
int wishes_first(struct gather *, struct wishes *, struct err *);
/* current: places of spooled entries by the row's link slot. */
int wishes_second(struct gather *, struct matched *, const struct keys *current, struct wishes *,
	struct err *);

#endif
