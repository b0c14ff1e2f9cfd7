#ifndef SYNC_WISHES_H
#define SYNC_WISHES_H

#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;
struct claim;
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
 * A marker is looked for only where there is no address, or where it is in conflict which contact
 * it is, as of two that have it: for markers need not be indexed (they are not in Active
 * Directory). What could be missed, and by what it is found:
 *
 * - made by a run that was killed, or whose reply was lost: the journal has the name that it was
 *   made with (intents.h), whatever the source says by now
 * - made under a state that was lost since, or replaced by an older one: a full run saw it when it
 *   looked at the target, and all of the target is read (compare.strays). A delta finds it by the
 *   addresses and the name that its source has now. When neither is as it was, a second contact is
 *   made, which the next full run tells as a conflict: so the first run with an older state should
 *   be a full one.
 */
struct wishes {
	struct arena *mem; /* of the wishes and their values */
	struct wish *list;
	size_t n, room;
};

/* One more. Values are copied; an empty one is none. */
void wish(struct wishes *, int by, unsigned attr, struct value);
/* Whoever holds the address, wherever an address may stand. */
void wish_address(struct wishes *, struct arena *scratch, const struct claim *);
/* So many wishes are few where no rows are counted: for more all is read. */
#ifndef WISHES_FEW
#define WISHES_FEW 10000
#endif
/* How many rows are few. */
size_t wishes_worth(const struct gather *);
/* Of the source: those that rows refer to. */
int wishes_references(struct gather *, struct wishes *, struct err *);
int wishes_first(struct gather *, struct wishes *, struct err *);
/* current: places of spooled entries by the row's link slot. */
int wishes_second(struct gather *, struct matched *, const struct keys *current, struct wishes *,
	struct err *);

#endif
