/* As much of BER as a scripted server needs to tell messages apart. */
#ifndef FUZZ_BER_H
#define FUZZ_BER_H

#include <stddef.h>
#include <stdint.h>

/* The end of the value that begins here; NULL: it does not end. */
static inline const uint8_t *value_end(const uint8_t *at, const uint8_t *end)
{
	size_t len = 0;

	if (end - at < 2)
		return NULL;
	unsigned n = at[1];
	at += 2;
	if (n < 128)
		return (size_t)(end - at) < n ? NULL : at + n;
	for (n &= 127; n > 0 && at < end && len < 1u << 24; n--)
		len = len << 8 | *at++;
	return n > 0 || (size_t)(end - at) < len ? NULL : at + len;
}

#endif
