#ifndef SYNC_HOLDER_H
#define SYNC_HOLDER_H

#include <stdint.h>

struct arena;
struct entry;
struct err;
struct gather;
struct open_row;

/*
 * Another contact of ours holds an address that a row wants. Does this run take the address away
 * from it? Only when its own row no longer wants it and it is ours to take: what others gave to the
 * contact stays, and so does a contact that is not deleted.
 *
 * other: the row of the holder; key: of the claim. 1, 0, -1.
 */
int holder_gives_up(struct gather *, struct arena *, const struct open_row *other,
	const struct entry *holder, uint64_t key, struct err *);

#endif
