#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <unistr.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/utf8.h"
#include "rules/functions.h"

int fn_cbin(struct call *c)
{
	return give_text(c, EXPR_BIN, arg_text(c, 0));
}

int fn_cbool(struct call *c)
{
	return give_bool(c, arg_num(c, 0));
}

int fn_cnum(struct call *c)
{
	int64_t number = arg_num(c, 0);

	if (c->arg[0].type == EXPR_NUM)
		return give_num(c, EXPR_NUM, number);
	if (c->arg[0].type != EXPR_STR)
		return wrong(c, "a %s cannot become a num", type_names[c->arg[0].type]);
	if (fn_trim(c) < 0 || !number_parse(c->out.items[0].text, &number))
		return wrong(c, "%s is not a number", shown(c->ev, arg_text(c, 0)));
	return give_num(c, EXPR_NUM, number);
}

int fn_cref(struct call *c)
{
	struct value name = arg_text(c, 0);
	struct dn dn;

	if (dn_parse(c->ev->mem, name, &dn, c->ev->err) < 0)
		return err_in(c->ev->err, "%s", c->fn->name);
	if (dn.n == 0)
		return wrong(c, "an empty name refers to nothing");
	return give_text(c, EXPR_REF, name);
}

int fn_cstr(struct call *c)
{
	switch (c->arg[0].type) {
	case EXPR_NUM:
		return give_str(c, value_of(arena_printf(c->ev->mem, "%" PRId64, arg_num(c, 0))));
	case EXPR_BOOL:
		return give_str(c, value_of(arg_num(c, 0) ? "True" : "False"));
	case EXPR_DT:
		return wrong(c, "a dt becomes a str by FormatDateTime");
	case EXPR_BIN:
		return wrong(c,
			"a bin becomes a str by ConvertToBase64, StringFromGuid or StringFromSid");
	default:
		return give_str(c, arg_text(c, 0));
	}
}

/* "00112233-4455-6677-8899-aabbccddeeff", in braces or not. The first three groups are numbers,
 * which Active Directory stores with the low byte first. */
static const unsigned char guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

bool guid_parse(struct value text, unsigned char bytes[16])
{
	const char *at = text.data, *end = at + text.len;

	if (text.len == 38 && at[0] == '{' && end[-1] == '}') {
		at++;
		end--;
	}
	if (end - at != 36)
		return false;
	for (unsigned i = 0; i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;
		if (dash && *at++ != '-')
			return false;
		int byte = ascii_hex_pair(at, end);
		if (byte < 0)
			return false;
		bytes[guid_order[i]] = (unsigned char)byte;
		at += 2;
	}
	return true;
}

int fn_cguid(struct call *c)
{
	unsigned char *bytes = arena_alloc(c->ev->mem, 16);

	if (!guid_parse(arg_text(c, 0), bytes))
		return wrong(c, "%s is not a GUID", shown(c->ev, arg_text(c, 0)));
	return give_text(c, EXPR_BIN, (struct value){(const char *)bytes, 16});
}

int fn_stringfromguid(struct call *c)
{
	struct value bytes = arg_text(c, 0);
	struct sink out = {.mem = c->ev->mem};

	if (bytes.len != 16)
		return wrong(c, "a GUID has 16 bytes, not %zu", bytes.len);
	for (unsigned i = 0; i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;
		sink_add(&out, value_of(arena_printf(c->ev->mem, "%s%02x", dash ? "-" : "",
				       (unsigned char)bytes.data[guid_order[i]])));
	}
	return give_sink(c, &out);
}

/* MS-DTYP 2.4.2: revision, count of sub-authorities, authority (48 bits, high byte first),
 * sub-authorities (32 bits, low byte first). */
int fn_stringfromsid(struct call *c)
{
	struct value sid = arg_text(c, 0);
	const unsigned char *b = (const unsigned char *)sid.data;
	struct sink out = {.mem = c->ev->mem};
	uint64_t authority = 0;
	const char *prefix;

	if (sid.len < 8 || b[0] != 1 || b[1] > 15 || sid.len != 8 + 4u * b[1])
		return wrong(c, "these %zu bytes are not a SID", sid.len);
	for (unsigned i = 2; i < 8; i++)
		authority = authority << 8 | b[i];
	/* as Windows: hexadecimal when it does not fit into 32 bits */
	if (authority >> 32)
		prefix = arena_printf(c->ev->mem, "S-1-0x%012" PRIx64, authority);
	else
		prefix = arena_printf(c->ev->mem, "S-1-%" PRIu64, authority);
	sink_add(&out, value_of(prefix));
	for (unsigned i = 8; i < sid.len; i += 4) {
		uint32_t sub = b[i] | (uint32_t)b[i + 1] << 8 | (uint32_t)b[i + 2] << 16 |
			       (uint32_t)b[i + 3] << 24;
		sink_add(&out, value_of(arena_printf(c->ev->mem, "-%" PRIu32, sub)));
	}
	return give_sink(c, &out);
}

int give_hex(struct call *c, const void *data, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char *bytes = data;
	struct sink out = {.mem = c->ev->mem};

	for (size_t i = 0; i < len; i++) {
		char pair[2] = {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
		sink_add(&out, (struct value){pair, 2});
	}
	return give_sink(c, &out);
}

int fn_thumbprint(struct call *c)
{
	struct value bytes = arg_text(c, 0);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	if (EVP_Digest(bytes.data, bytes.len, digest, &len, EVP_sha1(), NULL) != 1)
		return wrong(c, "this system's OpenSSL does not do SHA-1");
	return give_hex(c, digest, len);
}

int fn_converttoutf8hex(struct call *c)
{
	return give_hex(c, arg_text(c, 0).data, arg_text(c, 0).len);
}

int fn_convertfromutf8hex(struct call *c)
{
	struct value hex = arg_text(c, 0);
	struct sink out = {.mem = c->ev->mem};

	for (size_t i = 0; i < hex.len; i += 2) {
		int byte = ascii_hex_pair(hex.data + i, hex.data + hex.len);
		char one = (char)byte;
		if (byte < 0)
			return wrong(c, "%s is not hexadecimal", shown(c->ev, hex));
		sink_add(&out, (struct value){&one, 1});
	}
	if (!utf8_valid(out.data, out.len))
		return wrong(c, "these bytes are not UTF-8 text");
	return give_sink(c, &out);
}

/* UTF-16LE of a text. */
static struct value utf16_of(struct eval *ev, struct value text)
{
	struct sink out = {.mem = ev->mem};
	ucs4_t character;

	out.room = 2 * text.len; /* no character is more than twice as long as in UTF-8 */
	out.data = arena_alloc(ev->mem, out.room);
	for (size_t i = 0; i < text.len;) {
		uint16_t units[2];
		i += (size_t)u8_mbtouc(&character, (const uint8_t *)text.data + i, text.len - i);
		int n = u16_uctomb(units, character, 2);
		for (int k = 0; k < n; k++) {
			out.data[out.len++] = (char)(units[k] & 0xff);
			out.data[out.len++] = (char)(units[k] >> 8);
		}
	}
	return sink_value(&out);
}

int fn_converttobase64(struct call *c)
{
	struct value v = arg_text(c, 0);
	struct sink out = {.mem = c->ev->mem};
	struct buf b = {0};

	if (c->arg[0].type != EXPR_BIN)
		v = utf16_of(c->ev, v);
	buf_base64(&b, v.data, v.len);
	sink_add(&out, (struct value){b.data, b.len});
	buf_free(&b);
	return give_sink(c, &out);
}

/* UTF-16LE to UTF-8; false when it is not well-formed. */
static bool from_utf16(struct sink *out, struct value v)
{
	const unsigned char *b = (const unsigned char *)v.data;
	uint16_t units[2] = {0, 0};
	ucs4_t character;

	for (size_t i = 0; i + 1 < v.len;) {
		unsigned have = v.len - i >= 4 ? 2 : 1;
		for (unsigned k = 0; k < have; k++)
			units[k] = (uint16_t)(b[i + 2 * k] | b[i + 2 * k + 1] << 8);
		int used = u16_mbtoucr(&character, units, have);
		if (used < 0)
			return false;
		sink_char(out, character);
		i += 2 * (size_t)used;
	}
	return v.len % 2 == 0;
}

int fn_convertfrombase64(struct call *c)
{
	enum { UNICODE, ASCII, UTF8 } encoding = (unsigned)arg_option(c, 1, UNICODE);
	struct value source = arg_text(c, 0), bytes;
	struct sink out = {.mem = c->ev->mem};
	struct buf b = {0};
	bool good = buf_unbase64(&b, source.data, source.len) == 0;

	bytes = (struct value){arena_copy(c->ev->mem, b.data != NULL ? b.data : "", b.len), b.len};
	buf_free(&b);
	if (!good)
		return wrong(c, "%s is not base64", shown(c->ev, source));
	if (encoding == UNICODE) {
		good = from_utf16(&out, bytes);
	} else {
		good = (encoding == ASCII ? utf8_ascii : utf8_valid)(bytes.data, bytes.len);
		sink_add(&out, bytes);
	}
	if (!good)
		return wrong(c, "what is in there is not text in that encoding");
	return give_sink(c, &out);
}
