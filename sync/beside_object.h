#ifndef SYNC_BESIDE_OBJECT_H
#define SYNC_BESIDE_OBJECT_H

#include "connectors/foreign.h"
#include "sync/beside.h"

/* One object, from both sides; private to beside*.c. Both may not be NULL. */
struct pairing {
	const struct foreign_record *theirs; /* NULL: they do nothing */
	const struct change *ours;           /* NULL: we do nothing */
	bool is;                             /* in the target now, as before says */
	struct entry before;
};

/* What is compared, and how it is alike: of all attributes that count, the same ones too. In the
 * arena, or pointing into the pairing. */
void beside_object(struct arena *, const struct flow *, const struct pairing *, struct beside *);
/* The entry as a change (NULL: none) leaves it; false: it is not there then. */
bool beside_after(struct arena *, const struct change *, bool is, const struct entry *before,
	struct entry *after);

#endif
