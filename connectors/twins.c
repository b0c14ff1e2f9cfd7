#include "connectors/twins.h"

#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/memory.h"

#define KEYS_A_WORD 4
#define WORDS_MIN 64u
#define WORDS_MAX (1u << 19)

/* An empty filter for so many keys. */
static void make_filter(struct twins *t, uint64_t keys)
{
	uint64_t n = WORDS_MIN;

	while (n < keys / KEYS_A_WORD && n < WORDS_MAX)
		n *= 2;
	free(t->words);
	t->words = memory_need(n, sizeof(*t->words));
	t->mask = n - 1;
}

void twins_start(struct twins *t, uint64_t expected)
{
	*t = (struct twins){0};
	make_filter(t, expected);
}

/* Both bits of a key are in one word, so that one place of memory is touched. */
static void look_at(struct twins *t, uint64_t key)
{
	uint64_t bits = 1ull << (key & 63) | 1ull << (key >> 6 & 63);
	uint64_t *word = &t->words[key >> 12 & t->mask];

	if ((*word & bits) == bits)
		buf_add(&t->doubts, &key, sizeof(key));
	*word |= bits;
}

static uint64_t key_at(const struct buf *b, size_t at)
{
	uint64_t key;

	memcpy(&key, b->data + at, sizeof(key));
	return key;
}

/* Keys are looked at some at a time, as the places are random and the processor can wait for many
 * at once. */
static void look_at_new(struct twins *t)
{
	const uint64_t n = t->keys.len / sizeof(uint64_t);

	/* A filter with too many keys cannot tell any of them apart: a larger one begins anew. */
	if (n > 2 * KEYS_A_WORD * (t->mask + 1) && t->mask + 1 < WORDS_MAX) {
		make_filter(t, 4 * n);
		t->looked = 0;
		buf_clear(&t->doubts);
	}
	for (; t->looked < t->keys.len; t->looked += sizeof(uint64_t))
		look_at(t, key_at(&t->keys, t->looked));
}

void twins_add(struct twins *t, uint64_t key)
{
	buf_add(&t->keys, &key, sizeof(key));
	if (t->keys.len - t->looked >= 128 * sizeof(key))
		look_at_new(t);
}

bool twins_found(struct twins *t, uint64_t *key)
{
	struct keys doubted, met;
	bool found = false;

	look_at_new(t);
	if (t->doubts.len == 0)
		return false;
	/* Nearly all keys are looked for in vain, which is quick where there is much room. */
	keys_init(&doubted, 4 * (t->doubts.len / sizeof(*key)), false);
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
	free(t->words);
	*t = (struct twins){0};
}
