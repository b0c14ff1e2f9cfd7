#ifndef BASE_CHANGE_H
#define BASE_CHANGE_H

#include "base/entry.h"

struct arena;
struct buf;

/* What is to be done to one entry. A rename or move is a modify with a new name. */
enum change_op { CHANGE_ADD, CHANGE_MODIFY, CHANGE_DELETE };

/* One attribute: values to take away and values to put there, so that a value changed meanwhile is
 * noticed. A server that adds an entry is told add[] alone; replace counts where an add is applied
 * to an entry that is there (compare). */
struct mod {
	unsigned attr;
	bool replace; /* whatever is there goes (LDIF's "replace:"); remove[] is empty */
	unsigned n_remove, n_add;
	struct value *remove, *add;
};

struct change {
	enum change_op op;
	struct value id;       /* of the entry; empty for an add */
	struct value name;     /* the DN it has, or gets by an add */
	struct value new_name; /* the DN it gets; len 0: keeps its name */
	unsigned n;
	struct mod *mods;
};

/* Do it to an entry in memory; what is already so stays so. Not for CHANGE_DELETE. */
void change_apply(struct arena *, struct entry *, const struct change *);

/* Does the entry lose by it all the values that it has of the attribute? */
bool mod_clears(const struct mod *, const struct entry *);

/* To and from bytes, as entry_pack. */
void change_pack(struct buf *, const struct change *);
int change_unpack(struct arena *, const char **at, const char *end, struct change *);

#endif
