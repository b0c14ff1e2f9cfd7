#ifndef SYNC_STATE_LOCK_H
#define SYNC_STATE_LOCK_H

#include <stdbool.h>

struct err;
struct stat;

/*
 * One writer at a time, by flock on FILE.lock, which stays there: the kernel gives the lock back
 * when its holder dies, so that there is never a stale one to remove. A writer creates the file
 * (0600) and writes its process id into it; a reader takes a shared lock if the file is there, and
 * creates nothing. *fd is -1 when there is nothing to hold.
 */
int state_lock(const char *path, bool write, int *fd, struct err *);
/* The run that has the lock of this state. */
struct state_holder {
	char pid[32];    /* digits; "": it has not written it yet */
	long long since; /* seconds since 1970 */
};
/* false: nobody writes. */
bool state_held(const char *path, struct state_holder *);
/* Whoever may write the state, or its lock, says what is ours to delete: refused (ERR_FATAL) is a
 * file of another user (but root may look after anybody's), and one that group or others may write.
 */
int state_private(const char *path, const struct stat *, struct err *);
void state_unlock(int fd);

/* Was the last writer killed inside a transaction? Then FILE-journal holds the way back. */
bool state_hot(const char *path);
/* The bytes of FILE-journal; -1: there is none, and nobody was killed. */
long long state_way_back(const char *path);
/* A copy of FILE and FILE-journal in a new folder, for recovering without touching them; *copy is
 * the path of the copied file. */
int state_copy(const char *path, char **copy, struct err *);
void state_copy_remove(char *copy);

#endif
