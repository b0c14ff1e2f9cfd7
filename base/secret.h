#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

struct err;

/*
 * A secret, from where the configuration says it is:
 *
 *   file:PATH        the first line of a regular file that is ours or root's and that nobody else
 *                    may read (mode 0600 or 0400); PATH begins with /
 *   env:NAME         an environment variable
 *   exec:COMMAND     the first line that a command prints; run by /bin/sh, at most 30 s
 *   credential:NAME  the systemd credential of that name ($CREDENTIALS_DIRECTORY)
 *
 * Its bytes are locked in memory where the limits allow it, never logged, and wiped by secret_free.
 * No function prints one. Errors never quote a value, nor a COMMAND, which may have one in it.
 */
struct secret {
	char *data; /* with a NUL behind it */
	size_t len;
};

/* -1 ERR_FATAL: no such scheme, not readable, mode, empty, over 4096 bytes, a NUL in it, a command
 * that failed or took too long. */
int secret_load(const char *where, struct secret *, struct err *);
void secret_free(struct secret *);
/* A file that somebody else reads (a private key, a keytab): the same demands on it. -1 ERR_FATAL.
 */
int secret_check_file(const char *where, const char *path, struct err *);

#endif
