#ifndef SYNC_HANDOVER_H
#define SYNC_HANDOVER_H

struct err;
struct object;

/*
 * Where a directory keeps by itself which side has the authority over an object (Graph's
 * isCloudManaged), and the configuration reads it as an authority-flag, "authority transfer" writes
 * it there, too: otherwise the directory would go on refusing what the state allows. Only a flag
 * that an authority-flag names is ever written.
 *
 * Make the directories of the object's entries say that it is side's: *wrote is the connector whose
 * directory was told, NULL when there was nothing to tell any. -1: a directory refuses, with what
 * it says.
 */
int handover_write(const struct object *, const char *side, const char **wrote, struct err *);

#endif
