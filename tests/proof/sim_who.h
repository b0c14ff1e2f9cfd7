#ifndef TESTS_PROOF_SIM_WHO_H
#define TESTS_PROOF_SIM_WHO_H

#include "tests/proof/sim_run.h"

/* Whose a contact is, what it is, and who holds what, for the checks. None of it is galway's code:
 * markers, scope and containers are read as the documentation says them. */

/* The name, for messages: good for four of them. */
const char *who_text(const struct entry *);
bool who_value_is(struct value, const char *text);
bool who_in_scope(const struct history *, unsigned flow, const struct entry *);
/* Does it carry a marker of the flow? */
bool who_is_ours(unsigned flow, const struct entry *);
/* The source entry that a contact's marker names; NULL: nobody. */
const struct entry *who_source(
	unsigned flow, const struct sim_dir *sources, const struct entry *contact);
/* Does its marker name somebody whose authority is the target? */
bool who_is_given(const struct history *, unsigned flow, const struct entry *contact);
bool who_is_protected(const struct entry *);
bool who_is_managed(const struct entry *, unsigned side);
bool who_is_hidden(const struct entry *);

struct holding {
	uint64_t key;
	const struct entry *who;
};

#define HOLDINGS 1500

/* An entry's addresses, or its marker, behind the n that are there: how many there are then. */
unsigned who_addresses(const struct entry *, struct holding *, unsigned n);
unsigned who_marks(const struct entry *, struct holding *, unsigned n);
/* Of all entries, in order, each holder of a key once. */
unsigned who_holds(const struct sim_dir *, struct holding *,
	unsigned (*of)(const struct entry *, struct holding *, unsigned));

#endif
