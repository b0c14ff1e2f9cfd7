#ifndef SYNC_MATCH_H
#define SYNC_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"

struct err;
struct gather;
struct open_row;

/*
 * What open rows want to know of the target, asked and answered in bulk: each question is a 64-bit
 * hash ("who holds this address?", "who carries this marker?"), the target is read once, and what
 * may answer a question is spooled. Questions and answers are sorted by their hash and merged; the
 * facts are sorted by row. Nothing is looked up singly, nothing is held in memory but a bitmap of
 * the questions.
 */
enum ask_kind {
	ASK_MARKER,    /* the entry with our marker for this source */
	ASK_JOIN,      /* entries with this join value */
	ASK_ADDRESS,   /* holders of this address */
	ASK_REFERENCE, /* the target entry of the source entry with this name */
};

enum fact_kind {
	FACT_CURRENT, /* the entry of the link */
	FACT_MARKED,
	FACT_JOINED,     /* group and index of the join key */
	FACT_HELD,       /* index of the claim */
	FACT_SHARED,     /* another row, which comes first, wants the claim's address too */
	FACT_REFERS,     /* index of the reference; at is an entry */
	FACT_REFERS_ROW, /* the same; at is a row */
};

struct fact {
	uint64_t key; /* of the row */
	uint32_t row; /* its place */
	enum fact_kind kind;
	unsigned group, index;
	uint32_t at;   /* place of an entry, or of another row */
	uint32_t link; /* the entry's link slot, or NO_LINK */
};

struct spool;
struct sorter;
struct keys;

/* What the pass over the target gives. */
struct matched {
	struct spool *entries;  /* target entries that some row needs */
	struct sorter *facts;   /* in the order of rows */
	struct keys *names;     /* name_hash of every target entry */
	struct keys *nicknames; /* nickname_hash likewise */
	bool few;               /* only what the rows asked for was looked for (wishes.h) */
	bool unsure;            /* that was not enough: to be done again, with all of the target */
};

void match_start(struct gather *);
/* A new row: note its questions. */
int match_ask(struct gather *, const struct open_row *, uint32_t at, struct err *);
/* Look for what was asked, or read all of the target, and answer. */
int match_target(struct gather *, bool few, struct matched *, struct err *);
void matched_free(struct matched *);
/* The facts in order: 1, 0 at the end. */
int match_next(struct matched *, struct fact *, struct err *);

#endif
