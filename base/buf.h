#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

/*
 * Bytes that grow. Start with {0}; data is NUL-terminated after the first call (the NUL is not
 * counted). buf_free may be called twice.
 */
struct buf {
	char *data;
	size_t len, room;
};

void buf_add(struct buf *, const void *data, size_t len);
void buf_puts(struct buf *, const char *);
void buf_putc(struct buf *, char);
void buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes; returns where they go. buf->len is the caller's to raise. */
char *buf_room(struct buf *, size_t n);
void buf_clear(struct buf *);
void buf_free(struct buf *);

/* RFC 4648 base64, without line breaks. */
void buf_base64(struct buf *, const void *data, size_t len);
/* Decode; -1 when text is not base64 (white space is not allowed). */
int buf_unbase64(struct buf *, const char *text, size_t len);

#endif
