#ifndef SYNC_LINKS_H
#define SYNC_LINKS_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct state;

/*
 * All links of a flow in memory, 40 bytes each and 10 for two indexes, so that a million objects
 * are compared without asking the state once. What is found here by a 64-bit key is compared in
 * full (id, marker) before anything is written.
 */
enum link_flag {
	LINK_SOURCE = 1,  /* the source entry was seen in this run */
	LINK_GONE = 2,    /* a tombstone of it was */
	LINK_SAME = 4,    /* the source entry is as it was; the target's was not known yet */
	LINK_OPEN = 8,    /* has a row in this run, and that is .row */
	LINK_NAMED = 16,  /* some row refers to it: its target's name is wanted */
	LINK_LEAVES = 32, /* open, and its source is gone or out of scope: nothing refers to it */
};

/* What compare.h noted, perhaps at the same time in another thread. */
enum link_seen {
	SEEN_TARGET = 1,  /* the target entry was seen in this run */
	SEEN_DRIFTED = 2, /* and is not as we left it */
};

struct link_slot {
	uint64_t source, target; /* keys of the ids */
	uint64_t source_digest, target_digest;
	uint16_t flags, seen;
	uint32_t row;
};

struct links {
	struct link_slot *slots; /* in the order of state_links */
	size_t n, room;
	uint32_t *by_source, *by_target; /* hash tables of numbers + 1 */
	size_t places;
};

int links_load(struct links *, struct state *, long long flow, struct err *);
void links_free(struct links *);
struct link_slot *links_source(const struct links *, uint64_t key);
struct link_slot *links_target(const struct links *, uint64_t key);
/* It will be asked for soon. */
void links_prefetch_target(const struct links *, uint64_t key);

#endif
