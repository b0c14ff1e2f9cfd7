#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

/*
 * Characters of the texts that standards define in ASCII, whatever the locale.
 */
static inline bool ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* The byte that two hexadecimal digits at s stand for; -1 when they are not there. */
static inline int ascii_hex_pair(const char *s, const char *end)
{
	int byte = 0;

	if (end - s < 2)
		return -1;
	for (int i = 0; i < 2; i++) {
		char c = ascii_lower(s[i]);
		if (!ascii_digit(c) && (c < 'a' || c > 'f'))
			return -1;
		byte = byte * 16 + (ascii_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return byte;
}

#endif
