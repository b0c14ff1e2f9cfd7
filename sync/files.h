#ifndef SYNC_FILES_H
#define SYNC_FILES_H

#include <stdbool.h>

#include "base/config.h"

struct arena;
struct err;
struct setup;

/* Which files the configuration speaks of, so that none is taken for two things. */

/* The same file, by device and inode, or, of one that is not there, by folder and name. */
bool files_same(const char *a, const char *b);

/* Two connectors that write, or are written through, one file would undo each other's work, and a
 * flow between them would feed itself: ERR_FATAL with file:line. "mem" only begins with its file,
 * and may share it. */
int files_apart(const struct config *root, struct err *);

/* What the file is to galway ("connector abc: file"), or NULL: free to be written over. config: the
 * path of the configuration file. */
const char *files_use(struct arena *, const struct setup *, const char *config, const char *path);

/* May a new file take the place of what has this name? Not of what is something to galway, nor of a
 * device: a rename would take the place of /dev/null, too, for everybody. ERR_FATAL; what: the
 * option or setting that named it. */
int files_free(struct arena *, const struct setup *, const char *config, const char *what,
	const char *path, struct err *);

#endif
