#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include <unistr.h>

#include "base/buf.h"

bool text_invisible(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x00ad || c == 0x061c || c == 0x180e ||
	       c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

void text_safe_add(struct buf *b, const char *data, size_t len, int newline)
{
	const uint8_t *p = (const uint8_t *)data, *end = p + len;

	while (p < end) {
		ucs4_t c;
		int n = u8_mbtoucr(&c, p, (size_t)(end - p));
		int good = n > 0 && c >= 0x20 && (c < 0x7f || c > 0x9f) && !text_invisible(c);

		if (n < 1)
			n = 1;
		if (good || (*p == '\n' && !newline)) {
			buf_add(b, p, (size_t)n);
		} else {
			for (int i = 0; i < n; i++)
				buf_printf(b, "\\x%02x", p[i]);
		}
		p += n;
	}
}

void text_safe(char *to, size_t room, const char *text)
{
	struct buf b = {0};

	text_safe_add(&b, text, strlen(text), 0);
	(void)snprintf(to, room, "%s", b.data != NULL ? b.data : "");
	buf_free(&b);
}

void text_json_add(struct buf *b, const char *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data, *end = p + len;

	while (p < end) {
		ucs4_t c;
		const int n = u8_mbtoucr(&c, p, (size_t)(end - p));

		if (n < 1)
			buf_printf(b, "\\\\x%02x", *p);
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", (char)c);
		else if (c >= 0x20 && c < 0x7f)
			buf_putc(b, (char)c);
		else if (c < 0x10000)
			buf_printf(b, "\\u%04x", c);
		else
			buf_printf(b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
				0xdc00 + (c & 0x3ff));
		p += n < 1 ? 1 : n;
	}
}
