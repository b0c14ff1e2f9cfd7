#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unistr.h>

#include "base/arena.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

bool utf8_valid(const char *data, size_t len)
{
	return len == 0 || u8_check((const uint8_t *)data, len) == NULL;
}

bool utf8_ascii(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)data[i] >= 0x80)
			return false;
	}
	return true;
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

	while (i < value.len && lower(value.data[i]) == value.data[i])
		i++;
	if (i == value.len)
		return value;
	char *copy = arena_copy(mem, value.data, value.len);
	for (; i < value.len; i++)
		copy[i] = lower(copy[i]);
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
	/* Only for want of memory, and the arena has its own way to end then. */
	if (folded == NULL)
		abort();
	struct value result = {arena_copy(mem, folded, len), len};
	if (folded != local)
		free(folded);
	return result;
}

static int order_bytes(struct value a, struct value b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int diff = len > 0 ? memcmp(a.data, b.data, len) : 0;

	if (diff != 0)
		return diff < 0 ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

int utf8_order(struct value a, struct value b)
{
	size_t len = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < len; i++) {
		unsigned char x = (unsigned char)lower(a.data[i]), y = (unsigned char)lower(b.data[i]);
		if (x >= 0x80 || y >= 0x80) {
			struct arena *mem = arena_new();
			int order = order_bytes(utf8_fold(mem, a), utf8_fold(mem, b));
			arena_free(mem);
			return order;
		}
		if (x != y && utf8_ascii(a.data, a.len) && utf8_ascii(b.data, b.len))
			return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

bool utf8_same(struct value a, struct value b)
{
	return utf8_order(a, b) == 0;
}
