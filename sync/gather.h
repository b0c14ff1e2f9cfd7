#ifndef SYNC_GATHER_H
#define SYNC_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"
#include "base/keys.h"
#include "sync/compare.h"
#include "sync/links.h"
#include "sync/setup.h"
#include "sync/state.h"

struct arena;
struct connector;
struct err;
struct evaluation;
struct open_row;
struct intents;
struct sorter;
struct spool;

/*
 * Reading both sides of a flow, streamed, and finding the few objects that have to be decided
 * about: those whose source, target or rules are not as the link remembers them, the new ones, and
 * those that went. Everything else is known to be as it should be from two digests, and costs
 * nothing more.
 *
 * A full run reads the target first (T1) and then the source; a delta reads what changed in the
 * source. Where rows were opened, the target is read (again) for what they need of it (match.h).
 */
struct gather {
	const struct flow *flow;
	struct state *state;
	struct arena *mem; /* of the run */
	struct arena *scratch;
	struct connector *source, *target;

	bool full;
	bool one; /* only this object (--object), however it is */
	uint64_t one_key;
	bool no_update, no_delete; /* such steps are left for another run */
	bool want_cookie;
	bool timed;   /* rules ask what time it is: the same of that */
	bool chained; /* scopes ask about groups: that an entry is as it was does not say all */

	struct compare compare;
	struct flow_state known;
	struct links links;
	struct keys waits;    /* keys of source ids to be looked at though unchanged: pending, or
			       * without a digest in their link, or with an intent */
	struct keys unpaired; /* of these, those with a conflict about which contact is theirs */
	struct keys came, opened; /* of those that wait and have no link: seen; with a row */
	struct keys sides;        /* state_sides: of objects that somebody gave to a side */
	struct keys names; /* state_names, which a run left behind that did not come to its end */
	const struct intents *intents;
	uint64_t *managed; /* keys of target ids of the flows into the source */
	size_t n_managed;

	struct evaluation *evaluation;
	struct spool *rows;       /* open rows */
	struct sorter *row_order; /* {key, place}: rows in the order of their keys */
	struct sorter *asks;      /* what rows want to know of the target: match.h */
	struct sorter *answers;
	size_t n_open, n_names; /* rows; rows that may need a new name */

	long long read;       /* source entries */
	long long own;        /* of these, without what other flows made there */
	long long none;       /* as they should be */
	struct spool *cookie; /* one record, for the next delta; NULL: none was to be had */
};

/* Proof that the source was read to its end and that what it lacks is gone. gather_source is the
 * only one that makes it, and without it no object can be planned to be deleted. */
struct sealed;

int gather_start(struct gather *, struct err *);
/* In-chain scopes ask about groups in groups: the whole source is read once before anything else.
 * Asks for flow, source and scratch only. */
int gather_learn(struct gather *, struct err *);
int gather_source(struct gather *, const struct sealed **, struct err *);
/* Whoever was not seen in a full run is asked for by his id, where the source can do that. When one
 * is there, the read lacked him though it came to its proved end: ERR_BUSY. */
int gather_confirm(struct gather *, struct err *);
/* Open rows for the links whose source is gone. */
int gather_gone(struct gather *, const struct sealed *, struct err *);
/* For those that are as they were in the source, but not in the target, when this was not known
 * yet. */
int gather_drifted(struct gather *, struct err *);
/* And for those that refer to somebody who leaves, or to one of g->names. */
int gather_dependents(struct gather *, struct err *);
void gather_free(struct gather *);

/* One more row. */
int gather_open(struct gather *, const struct open_row *, struct err *);

/* Why a source entry is none: its scope aside. NULL: it may be one. For gather and explain. */
const char *gather_excluded(const struct gather *, const struct entry *);

#endif
