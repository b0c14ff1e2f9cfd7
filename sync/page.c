#include "sync/page.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "sync/report.h"

static const struct page_parts *part(const char *name)
{
	const struct page_parts *p = page_parts;

	while (strcmp(p->name, name) != 0)
		p++;
	return p;
}

/* A digest that cannot be had forbids the part: the page is whole without it. */
static void source(struct buf *b, const char *name)
{
	const struct page_parts *p = part(name);
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len;

	if (EVP_Digest(p->text, p->len, sum, &len, EVP_sha256(), NULL) != 1) {
		buf_puts(b, "'none'");
		return;
	}
	buf_puts(b, "'sha256-");
	buf_base64(b, sum, len);
	buf_putc(b, '\'');
}

static void element(struct buf *b, const char *tag, const char *name)
{
	const struct page_parts *p = part(name);

	buf_printf(b, "<%s>", tag);
	buf_add(b, p->text, p->len);
	buf_printf(b, "</%s>\n", tag);
}

static void head(struct buf *b, const char *title, bool script)
{
	buf_puts(b, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "base-uri 'none'; form-action 'none'; style-src ");
	source(b, "style");
	buf_puts(b, "; script-src ");
	if (script)
		source(b, "script");
	else
		buf_puts(b, "'none'");
	buf_puts(b, "\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
		    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	page_text(b, title);
	buf_puts(b, "</title>\n");
	element(b, "style", "style");
	buf_puts(b, "<body>\n");
}

void page_head(struct buf *b, const char *title)
{
	head(b, title, true);
}

void page_still_head(struct buf *b, const char *title)
{
	head(b, title, false);
}

void page_foot(struct buf *b)
{
	element(b, "script", "script");
	page_still_foot(b);
}

void page_still_foot(struct buf *b)
{
	buf_puts(b, "</body>\n</html>\n");
}

static void put(struct buf *b, char c)
{
	switch (c) {
	case '<':
		buf_puts(b, "&lt;");
		break;
	case '>':
		buf_puts(b, "&gt;");
		break;
	case '&':
		buf_puts(b, "&amp;");
		break;
	case '"':
		buf_puts(b, "&quot;");
		break;
	case '\'':
		buf_puts(b, "&#39;");
		break;
	default:
		buf_putc(b, c);
	}
}

void page_text(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++)
		put(b, *text);
}

void page_lines(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '@')
			buf_puts(b, "<wbr>");
		put(b, *text);
		if (*text == ',' || *text == '/')
			buf_puts(b, "<wbr>");
	}
}

void page_name(struct buf *b, struct arena *mem, struct value name)
{
	struct dn dn;
	struct err ignored;

	if (dn_parse(mem, name, &dn, &ignored) == 0 && dn.n > 0) {
		buf_puts(b, "<b>");
		page_lines(b, report_value(mem, dn.rdns[0].avas[0].value));
		buf_puts(b, "</b>");
	}
	buf_puts(b, "<small>");
	page_lines(b, report_value(mem, name));
	buf_puts(b, "</small>");
}
