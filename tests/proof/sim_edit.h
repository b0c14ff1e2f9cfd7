#ifndef TESTS_PROOF_SIM_EDIT_H
#define TESTS_PROOF_SIM_EDIT_H

#include "tests/proof/sim.h"

/* What people do to the directories between two runs, and meanwhile. */
struct edit {
	const char *name;
	unsigned weight;
	enum {
		EDITS_SOURCE = 1,  /* of people */
		EDITS_TARGET = 2,  /* by hand, of contacts and strangers */
		EDITS_NOTHING = 4, /* of which galway may take no notice */
	} what;
	/* NULL: there was nothing that it could be done to. */
	const char *(*fn)(struct world *, unsigned side, struct dice *);
};

extern const struct edit edits[];
extern const unsigned n_edits;

/* The containers, and some people. */
void edit_found(struct world *, unsigned side, unsigned people, struct dice *);

bool edit_is_person(const struct entry *, unsigned side);
bool edit_below(const struct entry *, const char *container, unsigned side);
bool edit_is_contact(const struct entry *);

#endif
