#ifndef TESTS_PROOF_SIM_EDIT_H
#define TESTS_PROOF_SIM_EDIT_H

#include "tests/proof/sim.h"

/* What people do to the directories between two runs, and meanwhile. */
struct edit {
	const char *name;
	unsigned weight;
	enum {
		EDITS_SOURCE = 1,   /* of people */
		EDITS_TARGET = 2,   /* by hand, of contacts and strangers */
		EDITS_NOTHING = 4,  /* of which galway may take no notice */
		EDITS_MARKS = 8,    /* so that a mark may outlive its source */
		EDITS_UNMARKS = 16, /* so that a contact of ours may be without one */
		EDITS_BINDS = 32,   /* so that galway may not write to a contact of ours */
		EDITS_COPIES = 64,  /* so that two contacts may have one mark */
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
