#include "base/dn.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/utf8.h"

struct parser {
	struct arena *mem;
	struct value text;
	const char *at, *end;
	struct err *err;
};

static int fail(const struct parser *p, const char *at, const char *what)
{
	struct value shown = utf8_cut(p->text, 200);

	return err_set(p->err, ERR_ENTRY, "name \"%.*s%s\": column %zu: %s", (int)shown.len,
		shown.data, shown.len < p->text.len ? "..." : "",
		utf8_count(p->text.data, (size_t)(at - p->text.data)) + 1, what);
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && *p->at == ' ')
		p->at++;
}

/* A descriptor ("CN", "x-card") or a dotted OID. */
static int parse_type(struct parser *p, const char **type)
{
	const char *start = p->at;

	if (p->at < p->end && ascii_letter(*p->at)) {
		while (p->at < p->end &&
			(ascii_letter(*p->at) || ascii_digit(*p->at) || *p->at == '-'))
			p->at++;
	} else {
		while (p->at < p->end && (ascii_digit(*p->at) || (*p->at == '.' && p->at > start &&
									 ascii_digit(p->at[-1]))))
			p->at++;
		if (p->at == start || p->at[-1] == '.')
			return fail(p, p->at, "an attribute type is expected");
	}
	*type = arena_copy(p->mem, start, (size_t)(p->at - start));
	return 0;
}

/* "#04024869": kept as the bytes it stands for. */
static int parse_hex(struct parser *p, struct ava *ava)
{
	const char *start = ++p->at;

	while (ascii_hex_pair(p->at, p->end) >= 0)
		p->at += 2;
	if (p->at == start)
		return fail(p, p->at, "pairs of hexadecimal digits are expected after '#'");
	size_t len = (size_t)(p->at - start) / 2;
	char *bytes = arena_alloc(p->mem, len + 1);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)ascii_hex_pair(start + 2 * i, p->end);
	bytes[len] = '\0';
	ava->value = (struct value){bytes, len};
	ava->ber = true;
	return 0;
}

/* One character of a value, escaped or not, as a byte at *byte. */
static int parse_byte(struct parser *p, char *byte)
{
	const char *start = p->at;

	if (*p->at != '\\') {
		if (*p->at == '\0')
			return fail(p, start, "a NUL byte is not allowed");
		if (strchr("\";<>", *p->at) != NULL)
			return fail(p, start, "one of \" ; < > must be escaped");
		*byte = *p->at++;
		return 0;
	}
	int hex = ascii_hex_pair(p->at + 1, p->end);
	if (hex == 0)
		return fail(p, start, "a NUL byte is not allowed");
	if (hex > 0) {
		*byte = (char)hex;
		p->at += 3;
		return 0;
	}
	if (p->at + 1 == p->end || p->at[1] == '\0' || strchr(" \"#+,;<=>\\", p->at[1]) == NULL)
		return fail(p, start,
			"a special character or two hexadecimal digits are expected "
			"after '\\'");
	*byte = p->at[1];
	p->at += 2;
	return 0;
}

static bool is_break(char c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

/* Up to the ',' or '+' after the value, without the blanks before it. */
static int parse_string(struct parser *p, struct ava *ava)
{
	const char *start = p->at, *stop = start, *last = start;
	size_t len = 0, kept = 0;

	while (stop < p->end && *stop != ',' && *stop != '+')
		stop += *stop == '\\' && p->end - stop > 1 ? 2 : 1;
	char *bytes = arena_alloc(p->mem, (size_t)(stop - start) + 1);
	while (p->at < stop) {
		const char *from = p->at;
		if (parse_byte(p, &bytes[len++]) < 0)
			return -1;
		if (*from == ' ')
			continue;
		kept = len;
		last = from;
	}
	bytes[kept] = '\0';
	ava->value = (struct value){bytes, kept};
	ava->ber = false;
	/* Some take these for blanks, some for a part of the value: not a matter to guess at. */
	if (kept > 0 && (is_break(*start) || is_break(*last)))
		return fail(p, is_break(*start) ? start : last,
			"a tab or line end at either end of a value must be escaped");
	if (!utf8_valid(bytes, kept))
		return fail(p, start, "the value is not UTF-8");
	return 0;
}

static int parse_ava(struct parser *p, struct ava *ava)
{
	skip_blanks(p);
	if (parse_type(p, &ava->type) < 0)
		return -1;
	skip_blanks(p);
	if (p->at == p->end || *p->at != '=')
		return fail(p, p->at, "'=' is expected after the attribute type");
	p->at++;
	skip_blanks(p);
	bool hex = p->at < p->end && *p->at == '#';
	if ((hex ? parse_hex(p, ava) : parse_string(p, ava)) < 0)
		return -1;
	skip_blanks(p);
	if (p->at < p->end && *p->at != ',' && *p->at != '+')
		return fail(p, p->at, "',' or '+' is expected after the value");
	return 0;
}

int dn_parse(struct arena *mem, struct value text, struct dn *dn, struct err *err)
{
	size_t rdns = 1, avas = 1;

	*dn = (struct dn){0};
	if (text.len == 0)
		return 0;
	struct parser p = {mem, text, text.data, text.data + text.len, err};
	/* Enough for all there can be, in two arrays. */
	for (size_t i = 0; i < text.len; i++) {
		rdns += text.data[i] == ',';
		avas += text.data[i] == ',' || text.data[i] == '+';
	}
	dn->rdns = arena_alloc(mem, rdns * sizeof(*dn->rdns));
	struct ava *ava = arena_alloc(mem, avas * sizeof(*ava));
	for (char before = ',';; before = *p.at++) {
		if (before == ',')
			dn->rdns[dn->n++] = (struct rdn){0, ava};
		if (parse_ava(&p, ava++) < 0)
			return -1;
		dn->rdns[dn->n - 1].n++;
		if (p.at == p.end)
			return 0;
	}
}

/* Text is written twice: with to == NULL it is only measured. */
struct out {
	char *to;
	size_t len;
};

static void put(struct out *out, char c)
{
	if (out->to != NULL)
		out->to[out->len] = c;
	out->len++;
}

static void put_hex(struct out *out, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	put(out, digits[(unsigned char)c >> 4]);
	put(out, digits[(unsigned char)c & 15]);
}

static void put_escaped(struct out *out, struct value v)
{
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		/* Control characters need it by no standard, but a name is shown and logged. */
		if ((unsigned char)c < ' ' || c == 0x7f) {
			put(out, '\\');
			put_hex(out, c);
			continue;
		}
		if (strchr(",+\"\\;<>", c) != NULL || (c == '#' && i == 0) ||
			(c == ' ' && (i == 0 || i == v.len - 1)))
			put(out, '\\');
		put(out, c);
	}
}

static void put_dn(struct out *out, const struct dn *dn)
{
	for (unsigned r = 0; r < dn->n; r++) {
		for (unsigned i = 0; i < dn->rdns[r].n; i++) {
			const struct ava *ava = &dn->rdns[r].avas[i];
			if (r > 0 || i > 0)
				put(out, i == 0 ? ',' : '+');
			for (const char *t = ava->type; *t != '\0'; t++)
				put(out, *t);
			put(out, '=');
			if (!ava->ber) {
				put_escaped(out, ava->value);
				continue;
			}
			put(out, '#');
			for (size_t k = 0; k < ava->value.len; k++)
				put_hex(out, ava->value.data[k]);
		}
	}
}

struct value dn_print(struct arena *mem, const struct dn *dn)
{
	struct out out = {0};

	put_dn(&out, dn);
	out.to = arena_alloc(mem, out.len + 1);
	out.len = 0;
	put_dn(&out, dn);
	out.to[out.len] = '\0';
	return (struct value){out.to, out.len};
}

struct value dn_escape(struct arena *mem, struct value v)
{
	struct out out = {0};

	put_escaped(&out, v);
	if (out.len == v.len)
		return v;
	out.to = arena_alloc(mem, out.len + 1);
	out.len = 0;
	put_escaped(&out, v);
	out.to[out.len] = '\0';
	return (struct value){out.to, out.len};
}

struct value dn_child(struct arena *mem, struct value rdn, struct value parent)
{
	if (rdn.len == 0 || parent.len == 0)
		return rdn.len == 0 ? parent : rdn;
	size_t len = rdn.len + 1 + parent.len;
	char *text = arena_alloc(mem, len + 1);
	memcpy(text, rdn.data, rdn.len);
	text[rdn.len] = ',';
	memcpy(text + rdn.len + 1, parent.data, parent.len);
	text[len] = '\0';
	return (struct value){text, len};
}

unsigned dn_naming(struct arena *mem, struct value text, struct value *value)
{
	struct dn dn;
	struct err ignored;

	if (dn_parse(mem, text, &dn, &ignored) < 0 || dn.n == 0)
		return ATTR_NONE;
	*value = dn.rdns[0].avas[0].value;
	return attr_named(dn.rdns[0].avas[0].type);
}
