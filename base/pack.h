#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;
struct buf;

/*
 * The parts of which spooled entries and changes are made, and some of what the state keeps: 32-bit
 * numbers, mostly small, of 7 bits a byte, the lowest first; values as length and bytes. Unpacking
 * reads at *at and moves it; -1 when the bytes end early; values point into them.
 */
void pack_number(struct buf *, size_t);
void pack_value(struct buf *, struct value);
/* With its NUL, so that it can be used where it lies; NULL is one, too. */
void pack_text(struct buf *, const char *);
void pack_values(struct buf *, const struct value *, unsigned n);
int unpack_number(const char **at, const char *end, uint32_t *);
int unpack_value(const char **at, const char *end, struct value *);
int unpack_text(const char **at, const char *end, const char **);
int unpack_values(struct arena *, const char **at, const char *end, unsigned *n, struct value **);

#endif
