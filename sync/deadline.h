#ifndef SYNC_DEADLINE_H
#define SYNC_DEADLINE_H

/*
 * The end of a run that takes too long, whatever keeps it: a directory, a disk, a bug. A run that
 * hangs would hold the lock, and nothing would be synchronized any more. After so many seconds the
 * process ends as if it was killed, which is harmless, with a message and exit code 5. 0: never.
 */
void deadline_start(long long seconds);
/* The run is at its end: what is left to do has its own bounds. */
void deadline_end(void);

#endif
