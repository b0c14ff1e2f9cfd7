#ifndef SYNC_PAIR_H
#define SYNC_PAIR_H

#include "sync/loans.h"
#include "sync/match.h"
#include "sync/plan.h"

struct gather;
struct keys;
struct spool;

/*
 * From facts to a verdict on each open row, in the order of rows: which target entry it is (by
 * link, by marker, by joins), whose its addresses are, and what its name and alias shall be when
 * the plain ones are another's. The order is that of the hashed source ids, so that the order of
 * reading changes nothing.
 *
 * Names that are taken are varied as GALSync does: "cn (department)", "cn(1)", "cn(2)" ... ; an
 * alias gets digits of its id.
 */
struct paired {
	struct spool *verdicts; /* one a row */
	struct keys *places;    /* of the verdict by the row's place */
	struct loans loans;
};

int pair_rows(struct gather *, struct matched *, struct paired *, struct err *);
void paired_free(struct paired *);

/* Rows in order: 1 and the row's place, 0 at the end. Start with sorter_rewind(g->row_order). */
int pair_next_row(struct gather *, uint64_t *key, uint32_t *place, struct err *);
int pair_verdict(
	struct paired *, struct arena *, uint32_t row_place, struct verdict *, struct err *);
int pair_read_row(struct gather *, struct arena *, uint32_t place, struct open_row *, struct err *);
int pair_read_entry(struct matched *, struct arena *, uint32_t place, struct entry *, struct err *);

#endif
