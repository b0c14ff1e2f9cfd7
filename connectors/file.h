#ifndef CONNECTORS_FILE_H
#define CONNECTORS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct stat;

/*
 * Writing files so that they survive a crash. 0, or -1 with the path in the message; a full disk is
 * ERR_BUSY, for a later run may find room, anything else ERR_FATAL.
 */

/* What errno says about the path; always -1. */
int file_fail(struct err *, const char *path);
/* All of the bytes, at a place or (with offset < 0) where the file stands. */
int file_write(
	int fd, const char *path, const void *data, size_t len, long long offset, struct err *);
int file_sync(int fd, const char *path, struct err *);
/* The folder's entry of a file that was made, renamed or removed. */
int file_sync_folder(const char *path, struct err *);
/* Could a file of this name be made in its folder? Makes none; false: errno says why not. */
bool file_may_make(const char *path);
/* Is the open file another one than it was then: its size or its time? */
bool file_changed(int fd, const struct stat *then);
/* Is another file at the path, or was it written to since, whatever time it was given? */
bool file_replaced(const char *path, const struct stat *then);
/* Size and a hash of all its bytes; of an open file, which stays where it stands. */
int file_digest(const char *path, uint64_t *size, uint64_t *digest, struct err *);
int file_digest_open(int fd, const char *path, uint64_t *size, uint64_t *digest, struct err *);

#endif
