#ifndef SYNC_BESIDE_H
#define SYNC_BESIDE_H

#include "base/entry.h"
#include "sync/flow.h"

struct arena;
struct err;

/*
 * What another program wrote or would write (connectors/foreign.h), beside what a plan writes: for
 * each object the entry that the one and the other leave behind, attribute by attribute. So it does
 * not matter by which changes they come there, nor whether the file has changes or whole entries.
 *
 * Objects are the same by name; a new one of ours that has no partner is looked for by its
 * targetAddress. Of an object that is changed only what one of both touches is compared; of one
 * that is whole or new all that the file tells, and all that the flow writes. Not compared are our
 * marker, objectGUID and the naming attribute (the name is, as distinguishedName); of objectClass
 * only that no side has a class that contradicts: a server adds those above.
 *
 * Memory: about 60 bytes an object of ours; the rest is spooled. One object at a time.
 */
enum likeness { LIKE_SAME, LIKE_DIFFERS, LIKE_THEIRS, LIKE_OURS, N_LIKENESS };

/* An attribute that was compared; NULL: it has none. */
struct attr_beside {
	unsigned attr;
	enum likeness like;
	const struct attr *theirs, *ours;
};

/* An object that is not the same. */
struct beside {
	struct value name; /* as the file has it, or else as we have it */
	enum likeness like;
	const char *theirs, *ours; /* "add", "modify", "delete", "entry", "none" */
	unsigned n;                /* of all that were compared */
	struct attr_beside *attrs;
};

struct beside_count {
	long long n[N_LIKENESS];
};

struct beside_sums {
	const char *format; /* of the file; "" when it has no record */
	long long records;
	long long elsewhere; /* whole entries outside of the managed containers: left out */
	struct beside_count objects;
	unsigned n_attrs; /* by attribute id */
	struct beside_count *attrs;
};

/* target is read whole. tell is called for each object that is not the same, in the order of the
 * file, then of the plan. The sums are in the arena. */
int beside_compare(struct plan *, struct connector *target, const char *path, struct arena *,
	void (*tell)(void *with, const struct beside *), void *with, struct beside_sums *,
	struct err *);

const char *likeness_name(enum likeness);

#endif
