#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

char *buf_room(struct buf *b, size_t n)
{
	if (b->data != NULL && b->room - b->len > n)
		return b->data + b->len;
	size_t room = b->room < 256 ? 256 : b->room * 2;
	if (n < SIZE_MAX / 4 && room < b->len + n + 1)
		room = b->len + n + 1;
	char *data = n < SIZE_MAX / 4 ? realloc(b->data, room) : NULL;
	if (data == NULL)
		memory_lacks();
	b->data = data;
	b->room = room;
	return data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	char *to = buf_room(b, len);

	if (len > 0)
		memcpy(to, data, len);
	to[len] = '\0';
	b->len += len;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n >= 0) {
		char *to = buf_room(b, (size_t)n);
		(void)vsnprintf(to, (size_t)n + 1, fmt, ap);
		b->len += (size_t)n;
	}
	va_end(ap);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buf_base64(struct buf *b, const void *data, size_t len)
{
	const unsigned char *p = data;
	char *to = buf_room(b, (len + 2) / 3 * 4);
	size_t n = 0;

	for (; len >= 3; len -= 3, p += 3) {
		to[n++] = base64[p[0] >> 2];
		to[n++] = base64[(p[0] & 3) << 4 | p[1] >> 4];
		to[n++] = base64[(p[1] & 15) << 2 | p[2] >> 6];
		to[n++] = base64[p[2] & 63];
	}
	if (len > 0) {
		unsigned second = len > 1 ? p[1] : 0;
		to[n++] = base64[p[0] >> 2];
		to[n++] = base64[(p[0] & 3) << 4 | second >> 4];
		to[n++] = len > 1 ? base64[(second & 15) << 2] : '=';
		to[n++] = '=';
	}
	to[n] = '\0';
	b->len += n;
}

/* Of each ASCII character the six bits it stands for; X: none. */
#define X 64
/* clang-format off */
static const unsigned char digits[128] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
};
/* clang-format on */
#undef X

int buf_unbase64(struct buf *b, const char *text, size_t len)
{
	if (len % 4 != 0)
		return -1;
	size_t pad = len == 0 || text[len - 1] != '=' ? 0 : text[len - 2] != '=' ? 1 : 2;
	char *to = buf_room(b, len / 4 * 3);
	size_t n = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < len - pad; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c > 127 || digits[c] > 63) {
			to[0] = '\0';
			return -1;
		}
		bits = bits << 6 | digits[c];
		if (i % 4 != 3)
			continue;
		to[n++] = (char)(bits >> 16);
		to[n++] = (char)(bits >> 8);
		to[n++] = (char)bits;
	}
	if (pad == 1) {
		to[n++] = (char)(bits >> 10);
		to[n++] = (char)(bits >> 2);
	} else if (pad == 2) {
		to[n++] = (char)(bits >> 4);
	}
	to[n] = '\0';
	b->len += n;
	return 0;
}
