#ifndef SYNC_MAIL_ONCE_H
#define SYNC_MAIL_ONCE_H

#include <stdbool.h>
#include <stdint.h>

struct summary;

/*
 * A timer tries again every few minutes while a directory is away: who gets mail wants to know that
 * once, and again when it is something else. What a run had trouble with is a number, kept with the
 * moment it was told in STATE.mailed; no longer kept, or not writable, it is told again.
 */
struct mail_mark {
	uint64_t hash;
};

/* An error, without what differs from run to run: where it happened counts, to the second colon. */
void mail_mark_text(struct mail_mark *, const char *text);
/* How many objects of a flow somebody has to look at. */
void mail_mark_flow(struct mail_mark *, const char *flow, const struct summary *);

/* Was this told less than so many seconds ago? A moment in the future is none: the clock was set
 * back. */
bool mail_told(const struct mail_mark *, const char *state, long long seconds, long long now);
void mail_tell(const struct mail_mark *, const char *state, long long now);
/* There is no trouble. */
void mail_settle(const char *state);

#endif
