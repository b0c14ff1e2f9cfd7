#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;

/*
 * Text as UTF-8: libunistring ends here, but for the functions of the rules' language. A character
 * is a code point.
 */

/* Shortest forms only, no surrogates, nothing over U+10FFFF. NUL is a character like any other. */
bool utf8_valid(const char *data, size_t len);
/* Only bytes below 128? */
bool utf8_ascii(const char *data, size_t len);
/* Characters. In bytes that are not UTF-8, each that continues none counts as one. */
size_t utf8_count(const char *data, size_t len);
/* The first max characters, not copied. */
struct value utf8_cut(struct value, unsigned max);

/* Unicode case folding (full, no normalization), so that what differs in case only becomes the same
 * bytes. In bytes that are not UTF-8 only ASCII letters are folded, so that different bytes stay
 * different. Lower-case ASCII is not copied. */
struct value utf8_fold(struct arena *, struct value);
/* The same when folded? Without allocation when both are ASCII. */
bool utf8_same(struct value, struct value);
/* A hash that is the same for what is the same when folded. Without allocation for ASCII. */
uint64_t utf8_hash(struct value, uint64_t seed);
/* -1, 0, 1 by the folded bytes. */
int utf8_order(struct value, struct value);

#endif
