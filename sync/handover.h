#ifndef SYNC_HANDOVER_H
#define SYNC_HANDOVER_H

#include <stdbool.h>

struct arena;
struct change;
struct err;
struct flow;
struct object;
struct state;

/*
 * The authority over an object goes to another side ("authority transfer").
 *
 * Where a directory keeps by itself which side has it (Graph's isCloudManaged), and the
 * configuration reads it as an authority-flag, it is written there, too: otherwise the directory
 * would go on refusing what the state allows. The directory is told first: what it refuses did not
 * happen. That is a run in the journal (single.h), so that "history" tells it, and "undo" hands the
 * object back. Only a flag that an authority-flag names is ever written.
 */

/* The state is open for writing; who: the object, as object_find takes it, which *o was found by
 * and is found anew. undoes: the run that is taken back by this, 0. *told: the connector whose
 * directory was told, NULL when there was nothing to tell any. -1: a directory refuses, with what
 * it says. */
int handover(struct state *, struct object *, const char *who, const char *side, long long undoes,
	struct arena *, const char **told, struct err *);
/* Is that what a run of it wrote? */
bool handover_wrote(const struct flow *, const struct change *);

#endif
