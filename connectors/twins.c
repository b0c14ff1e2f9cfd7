#include "connectors/twins.h"

#include <stdlib.h>
#include <string.h>

#include "base/keys.h"

#define BITS_A_KEY 16
#define BITS_MIN 4096u
#define BITS_MAX (1u << 25)

void twins_start(struct twins *t, uint64_t expected)
{
	uint64_t size = BITS_MIN;

	*t = (struct twins){0};
	while (size < expected * BITS_A_KEY && size < BITS_MAX)
		size *= 2;
	t->bits = calloc(size / 8, 1);
	t->mask = t->bits != NULL ? size - 1 : 0;
}

/* Sets the bit; was it set? Without memory for the filter everything is in doubt. */
static bool set_bit(struct twins *t, uint64_t hash)
{
	if (t->bits == NULL)
		return true;
	unsigned char *byte = &t->bits[(hash & t->mask) / 8], bit = (unsigned char)(1u << hash % 8);
	bool was = (*byte & bit) != 0;
	*byte |= bit;
	return was;
}

void twins_add(struct twins *t, uint64_t key)
{
	/* Both halves of the key are looked at, so that a stranger is in doubt only if both bits
	 * are set. */
	bool first = set_bit(t, key), second = set_bit(t, key >> 32 | key << 32);

	buf_add(&t->keys, &key, sizeof(key));
	if (first && second)
		buf_add(&t->doubts, &key, sizeof(key));
}

static uint64_t key_at(const struct buf *b, size_t at)
{
	uint64_t key;

	memcpy(&key, b->data + at, sizeof(key));
	return key;
}

bool twins_found(const struct twins *t, uint64_t *key)
{
	struct keys doubted, met;
	bool found = false;

	if (t->doubts.len == 0)
		return false;
	keys_init(&doubted, t->doubts.len / sizeof(*key), false);
	keys_init(&met, 0, false);
	for (size_t at = 0; at < t->doubts.len; at += sizeof(*key))
		keys_put(&doubted, key_at(&t->doubts, at), 0);
	for (size_t at = 0; at < t->keys.len && !found; at += sizeof(*key)) {
		*key = key_at(&t->keys, at);
		found = keys_has(&doubted, *key) && !keys_put(&met, *key, 0);
	}
	keys_free(&doubted);
	keys_free(&met);
	return found;
}

void twins_free(struct twins *t)
{
	buf_free(&t->keys);
	buf_free(&t->doubts);
	free(t->bits);
	*t = (struct twins){0};
}
