#ifndef SYNC_AUTHORITY_H
#define SYNC_AUTHORITY_H

#include <stdbool.h>

#include "sync/setup.h"

/*
 * Which side may say what an attribute of an object is: the source of authority. Looked for in this
 * order: what somebody set for the object, what a flag in its own directory says, what the
 * configuration says of the attribute, the flow's side. KB2537764 is the model: the write of any
 * other side is denied, recorded, and not fatal.
 *
 * object: the connector's name that was set for the object, or that a flag says, or NULL. attr:
 * ATTR_NONE for the object itself. Returns a connector's name.
 */
const char *authority_side(const struct flow *, const char *object, unsigned attr);
/* May the flow's source write it? */
bool authority_ours(const struct flow *, const char *object, unsigned attr);
/* Is it an exception among the values of an attribute that the source may write? A SIP address in
 * proxyAddresses is when msRTCSIP-PrimaryUserAddress belongs to another side. */
bool authority_excepts(const struct flow *, const char *object, unsigned attr, struct value);

/* What the flags of an entry of the flow's source, or target, say; NULL: nothing. Where they say
 * both sides it is the target: then nothing is written. */
const char *authority_flag(const struct flow *, bool source, const struct entry *);
/* The same of what the source's and the target's entry said; any may be NULL. */
const char *authority_flags(const struct flow *, const char *source, const char *target);

/* The same as a link remembers it: 0 nothing, 1 the source, 2 the target. */
int authority_flag_number(const struct flow *, const char *side);
const char *authority_flag_side(const struct flow *, int number);

/* Why, for explain: "set for the object", "the directory's flag", "set for the attribute", "the
 * flow's". set, flag: for the object, or NULL. */
const char *authority_why(const struct flow *, const char *set, const char *flag, unsigned attr);

/* Where an object stands, after Entra's words for the source of authority. */
enum standing {
	STANDING_SYNCED,      /* linked, and the source's: its changes come */
	STANDING_CONVERTED,   /* linked, and the target's: changes of the source are denied */
	STANDING_ROLLED_BACK, /* the source's again, but no run took it over yet */
	STANDING_NATIVE,      /* no link: each side has its own, if any */
};

/* fresh: the authority was handed over, and the flow has not run since. */
enum standing authority_standing(const struct flow *, bool linked, const char *object, bool fresh);
const char *authority_standing_text(enum standing);

#endif
