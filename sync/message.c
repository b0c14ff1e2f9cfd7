#include "sync/message.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "rules/address.h"

/* In base64 there is no "=_". */
#define BOUNDARY "=_galway_report"
/* Bytes of an encoded word whose line, with the header's name, has 76 at most; of a line of base64.
 */
#define WORD 39u
#define LINE 57u

/* The longest beginning of so many bytes that ends between characters; all is UTF-8. */
static size_t beginning(const char *text, size_t len, size_t most)
{
	if (len <= most)
		return len;
	while (most > 1 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* A header whose text may be anything. */
static void put_text(struct buf *b, const char *name, const char *text)
{
	struct buf safe = {0};

	text_safe_add(&safe, text, strlen(text), 1);
	buf_printf(b, "%s:", name);
	const char *at = safe.data != NULL ? safe.data : "";
	const char *const end = at + safe.len;
	const bool plain = utf8_ascii(at, safe.len) && safe.len <= LINE && strstr(at, "=?") == NULL;
	if (plain)
		buf_printf(b, " %s\r\n", at);
	while (!plain && at < end) {
		const size_t n = beginning(at, (size_t)(end - at), WORD);
		buf_puts(b, " =?UTF-8?B?");
		buf_base64(b, at, n);
		buf_puts(b, "?=\r\n");
		at += n;
	}
	buf_free(&safe);
}

/* "Sat, 21 Nov 2026 16:40:00 +0100", in English whatever the locale. */
static void put_date(struct buf *b, long long date)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	const time_t seconds = (time_t)date;
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL)
		return;
	const long minutes = tm.tm_gmtoff / 60, size = minutes < 0 ? -minutes : minutes;
	buf_printf(b, "Date: %s, %d %s %d %02d:%02d:%02d %c%02ld%02ld\r\n", days[tm.tm_wday],
		tm.tm_mday, months[tm.tm_mon], 1900 + tm.tm_year, tm.tm_hour, tm.tm_min, tm.tm_sec,
		minutes < 0 ? '-' : '+', size / 60, size % 60);
}

/* Base64 of text whose lines end in CRLF (RFC 2045, 6.8). */
static void put_part(struct buf *b, const char *type, struct value text)
{
	struct buf lines = {0};

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n')
			buf_putc(&lines, '\r');
		buf_putc(&lines, text.data[i]);
	}
	buf_printf(b,
		"--" BOUNDARY "\r\nContent-Type: %s; charset=utf-8\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n",
		type);
	for (size_t i = 0; i < lines.len; i += LINE) {
		buf_base64(b, lines.data + i, lines.len - i < LINE ? lines.len - i : LINE);
		buf_puts(b, "\r\n");
	}
	buf_free(&lines);
}

void message_print(struct buf *b, const struct message *m)
{
	const struct value domain = address_domain((struct value){m->from, strlen(m->from)});

	buf_printf(b, "From: %s\r\n", m->from);
	for (unsigned i = 0; i < m->n_to; i++)
		buf_printf(b, "%s%s%s\r\n", i == 0 ? "To: " : " ", m->to[i],
			i + 1 < m->n_to ? "," : "");
	put_text(b, "Subject", m->subject);
	put_date(b, m->date);
	buf_printf(b, "Message-ID: <%s@%.*s>\r\n", m->id, (int)domain.len, domain.data);
	buf_puts(b, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n");
	put_part(b, "text/plain", m->text);
	put_part(b, "text/html", m->page);
	buf_puts(b, "--" BOUNDARY "--\r\n");
}
