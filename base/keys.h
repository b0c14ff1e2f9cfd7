#ifndef BASE_KEYS_H
#define BASE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of 64-bit keys, each with 32 bits of its own if wanted. Start with
 * keys_init; expected is a hint. Out of memory ends the program as in the arena.
 */
struct keys {
	uint64_t *key;
	uint32_t *value;  /* NULL: a set only */
	size_t n, places; /* n: without key 0 */
	bool zero;        /* key 0 is in it, as 0 marks an empty place */
	uint32_t zero_value;
};

void keys_init(struct keys *, size_t expected, bool values);
void keys_free(struct keys *);
/* False when it was there already; its value is replaced. */
bool keys_put(struct keys *, uint64_t key, uint32_t value);
bool keys_has(const struct keys *, uint64_t key);
/* Is there any, key 0 too? */
bool keys_any(const struct keys *);
/* True, and its value. */
bool keys_get(const struct keys *, uint64_t key, uint32_t *value);

#endif
