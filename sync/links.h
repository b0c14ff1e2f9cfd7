#ifndef SYNC_LINKS_H
#define SYNC_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"
#include "base/keys.h"

struct arena;
struct err;
struct flow;
struct flow_state;
struct link;
struct state;

/*
 * The links of a flow in memory, 40 bytes each and 10 for two indexes, so that a million objects
 * are compared without asking the state once. What is found here by a 64-bit key is compared in
 * full (id, marker) before anything is written.
 *
 * A delta between servers needs few of a million: then they are sparse, which is to say that each
 * is asked for when it is needed (links_find).
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
	struct state *state;
	long long flow;
	struct link_slot *slots; /* in the order of state_links, or in which they were asked for */
	size_t n, room;
	uint32_t *by_source, *by_target; /* hash tables of slots; by_target: links_index_targets */
	size_t places;
	unsigned bits; /* of a slot's number + 1, in the tables */
	size_t at;     /* of links_next */

	bool sparse;
	struct arena *mem;
	struct value *ids;                      /* of the sources, by slot */
	struct keys known_source, known_target; /* numbers + 1; 0: there is no link */
};

/* Of a known flow; it has about as many links as its source has entries. */
int links_load(
	struct links *, struct state *, const struct flow_state *, bool sparse, struct err *);
void links_free(struct links *);
/* The slot of a source's link; NULL: it has none. Slots may move when another is asked for. */
int links_find(struct links *, struct value id, uint64_t key, struct link_slot **, struct err *);
/* The same by the key alone: of sparse ones it knows those that were asked for. */
struct link_slot *links_source(const struct links *, uint64_t key);
struct link_slot *links_target(const struct links *, uint64_t key);
/* To be called before anything is found by its target: not every run needs the table for it. */
int links_index_targets(struct links *, struct err *);
/* The link whose contact a target entry is; NULL: it is none's. Sparse ones know only those that
 * were asked for: others are found by our marker, which says the source. */
int links_contact(struct links *, struct arena *, const struct flow *, const struct entry *,
	struct link_slot **, struct err *);
/* The links themselves with their slots, in the order of these: all, or those asked for so far. 1,
 * 0, -1; a link is good until the next call. */
int links_begin(struct links *, struct err *);
int links_next(struct links *, struct link *, struct link_slot **, struct err *);
/* It will be asked for soon: its place in the table is fetched ... */
void links_prefetch_place(const struct links *, uint64_t source);
void links_prefetch_target(const struct links *, uint64_t target);
/* ... and some time later the slot. */
void links_prefetch_slot(const struct links *, uint64_t source);

#endif
