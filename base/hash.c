#include "base/hash.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, len, seed);
}

static uint64_t word_at(const char *at)
{
	uint64_t x;

	memcpy(&x, at, sizeof(x));
	return x;
}

/* A-Z to a-z in eight bytes at once. */
static uint64_t lower8(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = ones * 0x80;
	uint64_t low7 = x & ~high;
	uint64_t from_a = low7 + ones * (0x80 - 'A');      /* high bit: >= 'A' */
	uint64_t after_z = low7 + ones * (0x80 - 'Z' - 1); /* high bit: > 'Z' */

	return x | ((from_a & ~after_z & ~x & high) >> 2);
}

uint64_t hash_nocase(const char *data, size_t len, uint64_t seed)
{
	char block[256];
	uint64_t h = seed;

	/* One hash for what fits a block; longer texts are chained, so that no memory is asked for.
	 */
	do {
		size_t n = len < sizeof(block) ? len : sizeof(block), i = 0;
		for (; i + 8 <= n; i += 8) {
			const uint64_t x = lower8(word_at(data + i));
			memcpy(block + i, &x, 8);
		}
		for (; i < n; i++)
			block[i] =
				data[i] >= 'A' && data[i] <= 'Z' ? (char)(data[i] + 32) : data[i];
		h = XXH3_64bits_withSeed(block, n, h);
		data += n;
		len -= n;
	} while (len > 0);
	return h;
}
