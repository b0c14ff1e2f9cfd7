#ifndef CONNECTORS_LOCAL_H
#define CONNECTORS_LOCAL_H

#include <stdbool.h>

#include "base/change.h"

struct arena;

/*
 * What a directory server does by itself, for the connectors that have none: give an entry its id,
 * keep the naming attribute what the name says.
 */

/* Set id and key: the first value of the attribute, or the name in normal form. */
void local_identify(struct arena *, unsigned id_attr, struct entry *);
/* The add as it will be: with the naming attributes and, when ids are objectGUIDs, with one. It is
 * made of the name and the values (a version 8 UUID), so that the same add gives the same id again.
 */
struct change local_complete(struct arena *, unsigned id_attr, const struct change *add);
/* Was this very add done already? The entry has its id, or all of its values. */
bool local_added(
	struct arena *, unsigned id_attr, const struct entry *there, const struct change *complete);
/* Was this very rename done already, to the entry that has the new name? */
bool local_renamed(
	struct arena *, unsigned id_attr, const struct entry *there, const struct change *rename);
/* The entry gets a new name, and with it new values of the attributes that name it. */
void local_rename(struct arena *, struct entry *, struct value new_name);
/* A name whose end is whom (and points into it), with new_name in that place. */
struct value local_moved(
	struct arena *, struct value name, struct value whom, struct value new_name);
/* Is the attribute a reference, which follows the entry that it names? objectCategory names a
 * class. */
bool local_refers(unsigned attr);

#endif
