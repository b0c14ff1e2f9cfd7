#include "base/entry.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/utf8.h"

/* Active Directory prints the first three parts of a GUID as little-endian numbers
 * (MS-DTYP 2.3.4.2). */
static const unsigned char guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static const char digits[] = "0123456789abcdef";

static char *put_hex(char *at, unsigned char byte)
{
	*at++ = digits[byte >> 4];
	*at++ = digits[byte & 15];
	return at;
}

static const char *guid_text(struct arena *mem, const unsigned char *p)
{
	char *text = arena_alloc(mem, 37), *at = text;

	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at = put_hex(at, p[guid_order[i]]);
	}
	*at = '\0';
	return text;
}

const char *entry_id_text(struct arena *mem, struct value id)
{
	bool printable = id.len > 0;

	if (id.len == 16)
		return guid_text(mem, (const unsigned char *)id.data);
	for (size_t i = 0; i < id.len && printable; i++)
		printable = (unsigned char)id.data[i] >= 0x20 && id.data[i] != 0x7f;
	if (printable && utf8_valid(id.data, id.len))
		return arena_copy(mem, id.data, id.len);
	char *text = arena_alloc(mem, 2 * id.len + 3), *at = text;
	*at++ = '0';
	*at++ = 'x';
	for (size_t i = 0; i < id.len; i++)
		at = put_hex(at, (unsigned char)id.data[i]);
	*at = '\0';
	return text;
}

/* The hexadecimal digits of text without the dashes; false when there is anything else. */
static bool hex_bytes(const char *text, unsigned char *to, size_t n)
{
	size_t i = 0;

	for (; *text != '\0'; text++) {
		if (*text == '-')
			continue;
		const char c = ascii_lower(*text);
		const bool letter = c >= 'a' && c <= 'f';
		if ((!letter && !ascii_digit(c)) || i == 2 * n)
			return false;
		to[i / 2] = (unsigned char)(to[i / 2] << 4 | (letter ? c - 'a' + 10 : c - '0'));
		i++;
	}
	return i == 2 * n;
}

struct value entry_id_guid(struct arena *mem, const unsigned char bytes[16])
{
	char *id = arena_alloc(mem, 16);

	for (unsigned i = 0; i < 16; i++)
		id[guid_order[i]] = (char)bytes[i];
	return (struct value){id, 16};
}

struct value entry_id_parse(struct arena *mem, const char *text)
{
	size_t len = strlen(text);
	unsigned char raw[16] = {0};

	if (len == 36 && hex_bytes(text, raw, 16))
		return entry_id_guid(mem, raw);
	if (len > 2 && len % 2 == 0 && strncmp(text, "0x", 2) == 0) {
		unsigned char *bytes = arena_zalloc(mem, len / 2);
		if (hex_bytes(text + 2, bytes, len / 2 - 1))
			return (struct value){(char *)bytes, len / 2 - 1};
	}
	return (struct value){arena_strdup(mem, text), len};
}
