#ifndef SYNC_HELD_H
#define SYNC_HELD_H

/*
 * What a command prints into a pipe while it has the state open waits in a file without a name (in
 * $TMPDIR, else /var/tmp) until it has closed it. A pager that somebody leaves open would otherwise
 * stop the command at a full pipe, the state's lock in its hand, and keep every sync out.
 */

/* From here on standard output is held, if it is a pipe or a socket; where no such file can be
 * made, it is not. Returns what held_end takes. */
int held_begin(void);
/* Lets go what was held since: 0, or -1 and errno. */
int held_end(int held);

#endif
