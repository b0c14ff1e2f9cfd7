#ifndef SYNC_GATE_H
#define SYNC_GATE_H

#include <stdbool.h>

#include "sync/plan.h"

struct arena;
struct err;

/*
 * The last gate before the wire, whatever was planned: the only caller of connector_write. A change
 * passes when the entry lies strictly below a managed container by its parsed name, the new name
 * too, every attribute is one that the flow writes and none of those that nobody should write for a
 * contact, and the source is authoritative for each, for the object when it is added or deleted,
 * and for its name. Outside the flow's own container nothing is deleted.
 */
int gate_check(struct arena *, const struct flow *, const char *object_side, const struct step *,
	struct err *);

/* Is it an attribute that nobody should write for a contact? */
bool gate_forbids(unsigned attr);

struct connector;
struct outcome;
/* Check and write n steps that have a change; outcomes[i] is of steps[i]. What the gate stops is
 * OUTCOME_FAILED. */
int gate_write(struct connector *, const struct flow *, const struct step *const *steps,
	const char *const *sides, struct outcome *, size_t n, struct arena *, struct err *);

#endif
