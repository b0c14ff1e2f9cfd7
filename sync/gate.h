#ifndef SYNC_GATE_H
#define SYNC_GATE_H

#include <stdbool.h>

#include "sync/plan.h"

struct arena;
struct connector;
struct err;
struct object;
struct outcome;

/*
 * The last gate before the wire, whatever was planned: the only one that gives a change to
 * connector_write or connector_feed. A change passes when the entry lies strictly below a managed
 * container by its parsed name, the new name too, every attribute is one that the flow writes (but
 * an undo puts back what was there: undo.h) and none of those that nobody should write for a
 * contact, and the source is authoritative for each, for the object when it is added or deleted,
 * and for its name (object_side: what somebody set for the object, NULL: nobody did). Outside the
 * flow's own container nothing is deleted.
 */
int gate_check(struct arena *, const struct flow *, const char *object_side, const struct step *,
	struct err *);

/*
 * The one write that no plan makes ("galway set"), into the directory of `side`. It passes when it
 * modifies exactly the named object's entry there, without renaming it, and side is authoritative
 * for each attribute and value. In the target the entry must lie below a managed container and each
 * attribute be one that the flow writes; in the source be one that it reads. Never what nobody
 * should write, what names or marks the entry or says its class, nor a protected entry.
 */
int gate_set_check(struct arena *, const struct object *, const char *side, const struct change *,
	struct err *);
/* May an attribute of it be set at all, in its source or its target, by whoever it belongs to? */
bool gate_settable(struct arena *, const struct object *, bool source, unsigned attr);
/* Check and write it. */
int gate_set(struct connector *, const struct object *, const char *side, const struct change *,
	struct outcome *, struct arena *, struct err *);

/* Is it an attribute that nobody should write for a contact? */
bool gate_forbids(unsigned attr);
/* The same for a flow: where groups are what a flow makes (CAN_MEMBERS), it may fill them. */
bool gate_forbids_flow(const struct flow *, unsigned attr);

/* Check and write n steps that have a change; outcomes[i] is of steps[i]. What the gate stops is
 * OUTCOME_FAILED. feeds: as connector_feed; then n may be 0. */
int gate_write(struct connector *, const struct flow *, const struct step *const *steps,
	const char *const *sides, struct outcome *, size_t n, bool feeds, struct arena *,
	struct err *);

#endif
