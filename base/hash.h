#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * 64-bit digests for noticing change and for indexes: XXH3, which costs about a hundredth of
 * parsing. It is not a cryptographic hash: what a person approves (a plan) is digested with SHA-256
 * instead, and what an index finds is compared in full before anything is written.
 */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);
/* The same over lower-cased ASCII; other bytes count as they are. */
uint64_t hash_nocase(const char *data, size_t len, uint64_t seed);

#endif
