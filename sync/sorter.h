#ifndef SYNC_SORTER_H
#define SYNC_SORTER_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Many small records of one size put in order with little memory: sorted in pieces, spilled to
 * files without a name, merged while reading. Records are compared as bytes (memcmp), so that
 * numbers in them are kept big-endian (sorter_number). Equal records stay in no particular order.
 */
struct sorter;

struct sorter *sorter_new(size_t record_size);
void sorter_free(struct sorter *);
int sorter_add(struct sorter *, const void *record, struct err *);
size_t sorter_count(const struct sorter *);
/* No more records come; start reading from the first. May be called again to read once more. */
int sorter_rewind(struct sorter *, struct err *);
/* 1 and a record, good until the next call; 0 at the end. */
int sorter_next(struct sorter *, const void **record, struct err *);

/* A number as bytes that sort as it does. */
void sorter_number(unsigned char to[8], uint64_t);
uint64_t sorter_value(const unsigned char from[8]);

#endif
