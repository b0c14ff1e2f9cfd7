#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unistr.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/hash.h"

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

bool utf8_ascii(const char *data, size_t len)
{
	uint64_t eight, high = 0;

	for (; len >= sizeof(eight); data += sizeof(eight), len -= sizeof(eight)) {
		memcpy(&eight, data, sizeof(eight));
		high |= eight;
	}
	for (size_t i = 0; i < len; i++)
		high |= (unsigned char)data[i];
	return (high & 0x8080808080808080) == 0;
}

bool utf8_valid(const char *data, size_t len)
{
	return utf8_ascii(data, len) || u8_check((const uint8_t *)data, len) == NULL;
}

size_t utf8_count(const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += i == 0 || !continues(data[i]);
	return n;
}

struct value utf8_cut(struct value value, unsigned max)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (i > 0 && continues(value.data[i]))
			continue;
		if (n++ == max)
			return (struct value){value.data, i};
	}
	return value;
}

/* Lower-case ASCII letters; other bytes stay. */
static struct value fold_ascii(struct arena *mem, struct value value)
{
	size_t i = 0;

	while (i < value.len && ascii_lower(value.data[i]) == value.data[i])
		i++;
	if (i == value.len)
		return value;
	char *copy = arena_copy(mem, value.data, value.len);
	for (; i < value.len; i++)
		copy[i] = ascii_lower(copy[i]);
	return (struct value){copy, value.len};
}

struct value utf8_fold(struct arena *mem, struct value value)
{
	uint8_t local[256];
	size_t len = sizeof(local);

	if (utf8_ascii(value.data, value.len) || !utf8_valid(value.data, value.len))
		return fold_ascii(mem, value);
	uint8_t *folded =
		u8_casefold((const uint8_t *)value.data, value.len, NULL, NULL, local, &len);
	if (folded == NULL) /* only for want of memory */
		abort();
	struct value result = {arena_copy(mem, folded, len), len};
	if (folded != local)
		free(folded);
	return result;
}

static int order(struct value a, struct value b, bool fold)
{
	size_t len = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < len; i++) {
		unsigned char x = (unsigned char)(fold ? ascii_lower(a.data[i]) : a.data[i]);
		unsigned char y = (unsigned char)(fold ? ascii_lower(b.data[i]) : b.data[i]);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

int utf8_order(struct value a, struct value b)
{
	if (utf8_ascii(a.data, a.len) && utf8_ascii(b.data, b.len))
		return order(a, b, true);
	struct arena *mem = arena_new();
	int result = order(utf8_fold(mem, a), utf8_fold(mem, b), false);
	arena_free(mem);
	return result;
}

bool utf8_same(struct value a, struct value b)
{
	return value_same(a, b) || utf8_order(a, b) == 0;
}

uint64_t utf8_hash(struct value v, uint64_t seed)
{
	if (utf8_ascii(v.data, v.len))
		return hash_nocase(v.data, v.len, seed);
	struct arena *mem = arena_new();
	struct value folded = utf8_fold(mem, v);
	uint64_t h = hash_nocase(folded.data, folded.len, seed);
	arena_free(mem);
	return h;
}
