#ifndef SYNC_EVALUATE_H
#define SYNC_EVALUATE_H

#include <stdint.h>

#include "base/entry.h"

struct err;
struct gather;

/*
 * Scope and rules for the source entries that are not as they were. They are most of what planning
 * costs, and each entry has its own: so some entries are evaluated at a time, by several threads,
 * while the next ones are read. Rows are opened in the order in which entries were put.
 */
struct evaluation;

struct evaluation *evaluation_new(struct gather *);
/* The entry, which is copied, the number of its link or NO_LINK, and its digest for that. */
int evaluation_put(
	struct evaluation *, const struct entry *, uint32_t link, uint64_t digest, struct err *);
/* All rows are open. */
int evaluation_end(struct evaluation *, struct err *);
void evaluation_free(struct evaluation *);

#endif
