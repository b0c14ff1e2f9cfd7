#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;
struct err;

/*
 * Records on disk instead of in memory: a file without a name in $TMPDIR (else /var/tmp), which is
 * gone with the process. Written from front to back, read at any place. ERR_BUSY when the disk is
 * full.
 *
 * A place is a 32-bit number, as records begin at multiples of 16 bytes: a spool takes up to 64
 * GiB.
 */
struct spool;

const char *spool_folder(void);

struct spool *spool_new(void);
void spool_free(struct spool *);
/* Put a record behind the others; *at is where. */
int spool_add(struct spool *, const void *data, size_t len, uint32_t *at, struct err *);
/* The record at a place, in the arena; *next (may be NULL) is the place of the one after it. */
int spool_get(
	struct spool *, uint32_t at, struct arena *, struct value *, uint32_t *next, struct err *);
/* Where the next record will be: the end. */
uint32_t spool_end(const struct spool *);

#endif
