#ifndef SYNC_STATE_LOCK_H
#define SYNC_STATE_LOCK_H

#include <stdbool.h>

struct err;
struct stat;

/*
 * One writer at a time, by flock on FILE.lock, which stays there: the kernel gives the lock back
 * when its holder dies, so that there is never a stale one to remove. A writer creates the file
 * (0600), writes into it who it is and since when, and empties it when it comes to its end: so
 * whoever comes next knows of one that did not. Nothing of that is synced, as nothing depends on
 * it. A reader takes a shared lock if the file is there, and creates nothing. *fd is -1 when there
 * is nothing to hold.
 */
struct state_holder {
	long pid;        /* 0: nobody */
	long long since; /* seconds since 1970 */
};

/* *left: a writer before that did not come to its end. */
int state_lock(const char *path, bool write, int *fd, struct state_holder *left, struct err *);
/* The run that has the lock of this state. false: nobody writes. */
bool state_held(const char *path, struct state_holder *);
/* Whoever may write the state, or its lock, says what is ours to delete: refused (ERR_FATAL) is a
 * file of another user (but root may look after anybody's), and one that group or others may write.
 */
int state_private(const char *path, const struct stat *, struct err *);
/* Could the state be opened for writing, as far as that is seen without making or writing anything?
 * ERR_FATAL, and what to do. */
int state_writable(const char *path, struct err *);
/* A new, empty file that root makes in somebody's folder is that somebody's: a run by hand as root
 * would else keep the service from its state. */
void state_give(int fd, const char *path);
/* left: what a writer leaves there; pid 0: nothing. NULL: a reader. */
void state_unlock(int fd, const struct state_holder *left);

/* Was the last writer killed inside a transaction? Then FILE-journal holds the way back. */
bool state_hot(const char *path);
/* The bytes of FILE-journal; -1: there is none, and nobody was killed. */
long long state_way_back(const char *path);
/* A copy of FILE and FILE-journal in a new folder, for recovering without touching them; *copy is
 * the path of the copied file. */
int state_copy(const char *path, char **copy, struct err *);
void state_copy_remove(char *copy);

#endif
