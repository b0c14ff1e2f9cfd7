#include "base/keys.h"

#include <stdlib.h>

#include "base/memory.h"

static void room_for(struct keys *k, size_t expected, bool values)
{
	/* At most four fifths full. */
	k->places = expected + expected / 4 + 64;
	k->key = memory_need(k->places, sizeof(*k->key));
	k->value = values ? memory_need(k->places, sizeof(*k->value)) : NULL;
}

void keys_init(struct keys *k, size_t expected, bool values)
{
	*k = (struct keys){0};
	room_for(k, expected, values);
}

void keys_free(struct keys *k)
{
	free(k->key);
	free(k->value);
	*k = (struct keys){0};
}

/* The key's place, or the empty one where it belongs. */
static size_t place_of(const struct keys *k, uint64_t key)
{
	/* Scaled down from 64 bits, after a multiplication that spreads keys which are no hashes.
	 */
	uint64_t spread = key * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(((unsigned __int128)spread * k->places) >> 64);

	while (k->key[i] != 0 && k->key[i] != key)
		i = i + 1 < k->places ? i + 1 : 0;
	return i;
}

static void grow(struct keys *k)
{
	struct keys old = *k;

	room_for(k, old.n + old.n / 2, old.value != NULL);
	for (size_t i = 0; i < old.places; i++) {
		if (old.key[i] == 0)
			continue;
		size_t to = place_of(k, old.key[i]);
		k->key[to] = old.key[i];
		if (old.value != NULL)
			k->value[to] = old.value[i];
	}
	free(old.key);
	free(old.value);
}

bool keys_put(struct keys *k, uint64_t key, uint32_t value)
{
	if (key == 0) {
		bool fresh = !k->zero;
		k->zero = true;
		k->zero_value = value;
		return fresh;
	}
	if (k->n + k->n / 5 + 8 >= k->places)
		grow(k);
	size_t i = place_of(k, key);
	bool fresh = k->key[i] == 0;
	k->key[i] = key;
	if (k->value != NULL)
		k->value[i] = value;
	k->n += fresh;
	return fresh;
}

bool keys_get(const struct keys *k, uint64_t key, uint32_t *value)
{
	*value = 0;
	if (k->n == 0 && !k->zero)
		return false;
	if (key == 0) {
		*value = k->zero_value;
		return k->zero;
	}
	size_t i = place_of(k, key);
	*value = k->value != NULL ? k->value[i] : 0;
	return k->key[i] == key;
}

bool keys_any(const struct keys *k)
{
	return k->n > 0 || k->zero;
}

bool keys_has(const struct keys *k, uint64_t key)
{
	uint32_t ignored;

	return keys_get(k, key, &ignored);
}
