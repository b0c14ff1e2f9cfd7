#ifndef SYNC_UNDO_GIVEN_H
#define SYNC_UNDO_GIVEN_H

#include "base/keys.h"
#include "sync/gains.h"
#include "sync/loans.h"

struct arena;
struct change;
struct connector;
struct entry;
struct err;

/*
 * Addresses that an undo gives back. Who has one by now keeps it, and the operation that would give
 * it to another entry is not undone; unless the same undo takes it away from the holder. When that
 * one cannot be done, for it is in such a conflict itself, neither can this.
 *
 * Operations are told by their numbers within the run.
 */
struct given {
	struct gains gains;
	struct keys taken; /* of an entry and an address -> the operation whose inverse takes it */
	struct loans loans;
};

void given_init(struct given *);
void given_free(struct given *);
/* What is planned to undo an operation; e: the entry as it is, NULL: none. */
int given_note(struct given *, struct arena *, uint32_t op, const struct entry *,
	const struct change *, struct err *);
/* All were noted: asks the target. */
int given_settle(struct given *, struct arena *, struct connector *target, struct err *);
/* 1 and why the operation is not undone; 0; -1. */
int given_why(struct given *, struct arena *, uint32_t op, struct value *text, struct err *);

#endif
