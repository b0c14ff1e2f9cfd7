#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "base/utf8.h"
#include "rules/functions.h"

/*
 * Positions count characters (code points). White space is Unicode's. Upper and lower case are
 * those of each character by itself, as in .NET: a text keeps its length, and the German sharp s
 * stays.
 */

static struct value empty(void)
{
	return (struct value){"", 0};
}

/* The first n characters. */
static struct value head(struct value v, int64_t n)
{
	return utf8_cut(v, n < (int64_t)v.len ? (unsigned)n : (unsigned)v.len);
}

/* Without the first n characters. */
static struct value behind(struct value v, int64_t n)
{
	struct value before = head(v, n);

	return (struct value){v.data + before.len, v.len - before.len};
}

static int64_t length(struct value v)
{
	return (int64_t)utf8_count(v.data, v.len);
}

int fn_append(struct call *c)
{
	struct sink out = {.mem = c->ev->mem};

	sink_add(&out, arg_text(c, 0));
	sink_add(&out, arg_text(c, 1));
	return give_sink(c, &out);
}

int fn_left(struct call *c)
{
	struct value text = arg_text(c, 0);
	int64_t n = arg_num(c, 1);

	return give_str(c, n < 0 ? text : head(text, n));
}

int fn_right(struct call *c)
{
	struct value text = arg_text(c, 0);
	int64_t n = arg_num(c, 1), have = length(text);

	return give_str(c, n < 0 || n >= have ? text : behind(text, have - n));
}

int fn_mid(struct call *c)
{
	struct value text = arg_text(c, 0);
	int64_t start = arg_num(c, 1), have = length(text), n = c->n > 2 ? arg_num(c, 2) : have;

	if (n == 0)
		return give_str(c, empty());
	if (n < 0 || start < 1 || start > have)
		return give_str(c, text);
	return give_str(c, head(behind(text, start - 1), n));
}

int fn_len(struct call *c)
{
	return give_num(c, EXPR_NUM, length(arg_text(c, 0)));
}

static struct value trim_start(struct value v)
{
	ucs4_t character;

	while (v.len > 0) {
		int n = u8_mbtouc(&character, (const uint8_t *)v.data, v.len);
		if (!uc_is_property_white_space(character))
			break;
		v.data += n;
		v.len -= (size_t)n;
	}
	return v;
}

static struct value trim_end(struct value v)
{
	const uint8_t *start = (const uint8_t *)v.data, *at;
	ucs4_t character;

	while ((at = u8_prev(&character, start + v.len, start)) != NULL &&
		uc_is_property_white_space(character))
		v.len = (size_t)(at - start);
	return v;
}

int fn_ltrim(struct call *c)
{
	return give_str(c, trim_start(arg_text(c, 0)));
}

int fn_rtrim(struct call *c)
{
	return give_str(c, trim_end(arg_text(c, 0)));
}

int fn_trim(struct call *c)
{
	return give_str(c, trim_end(trim_start(arg_text(c, 0))));
}

enum mapping { LOWER, UPPER, PROPER };

static void map_case(struct sink *out, struct value v, enum mapping mapping)
{
	bool first = true;
	ucs4_t character;

	for (size_t i = 0; i < v.len;) {
		i += (size_t)u8_mbtouc(&character, (const uint8_t *)v.data + i, v.len - i);
		bool upper = mapping == UPPER || (mapping == PROPER && first);
		sink_char(out, upper ? uc_toupper(character) : uc_tolower(character));
		first = character == ' ';
	}
}

static int give_case(struct call *c, enum mapping mapping)
{
	struct sink out = {.mem = c->ev->mem};

	map_case(&out, arg_text(c, 0), mapping);
	return give_sink(c, &out);
}

int fn_lcase(struct call *c)
{
	return give_case(c, LOWER);
}

int fn_ucase(struct call *c)
{
	return give_case(c, UPPER);
}

int fn_pcase(struct call *c)
{
	return give_case(c, PROPER);
}

struct value text_fold(struct eval *ev, struct value v)
{
	/* no letter is more than half as long again in the other case */
	size_t room = 2 * v.len, len = 0;
	uint8_t *to = arena_alloc(ev->mem, room);
	ucs4_t character;

	for (size_t i = 0; i < v.len;) {
		i += (size_t)u8_mbtouc(&character, (const uint8_t *)v.data + i, v.len - i);
		len += (size_t)u8_uctomb(
			to + len, uc_tolower(uc_toupper(character)), (int)(room - len));
	}
	return (struct value){(const char *)to, len};
}

/* The bytes from the end to the beginning: where the last one is, is where the first one is in
 * there. */
static struct value reversed(struct eval *ev, struct value v)
{
	char *to = arena_alloc(ev->mem, v.len);

	for (size_t i = 0; i < v.len; i++)
		to[i] = v.data[v.len - 1 - i];
	return (struct value){to, v.len};
}

/* text and search, with the case taken off when asked for. */
static bool compared(struct call *c, struct value *text, struct value *search)
{
	*text = arg_text(c, 0);
	*search = arg_text(c, 1);
	if (arg_option(c, 3, 0) == 0)
		return false;
	*text = text_fold(c->ev, *text);
	*search = text_fold(c->ev, *search);
	return true;
}

int fn_instr(struct call *c)
{
	int64_t start = c->n > 2 ? arg_num(c, 2) : 1;
	struct value text, search, rest;

	compared(c, &text, &search);
	if (start < 1)
		return wrong(c, "start is %lld, it must be 1 or more", (long long)start);
	rest = behind(text, start - 1);
	const char *at = rest.len > 0 ? memmem(rest.data, rest.len, search.data, search.len) : NULL;
	if (at == NULL)
		return give_num(c, EXPR_NUM, 0);
	return give_num(
		c, EXPR_NUM, length((struct value){text.data, (size_t)(at - text.data)}) + 1);
}

int fn_instrrev(struct call *c)
{
	int64_t start = c->n > 2 ? arg_num(c, 2) : INT64_MAX;
	struct value text, search;

	compared(c, &text, &search);
	if (start < 1)
		return wrong(c, "start is %lld, it must be 1 or more", (long long)start);
	text = head(text, start);
	struct value r = reversed(c->ev, text), s = reversed(c->ev, search);
	const char *at = text.len > 0 ? memmem(r.data, r.len, s.data, s.len) : NULL;
	if (at == NULL)
		return give_num(c, EXPR_NUM, 0);
	size_t before = text.len - (size_t)(at - r.data) - search.len;
	return give_num(c, EXPR_NUM, length((struct value){text.data, before}) + (search.len > 0));
}

static int pad(struct call *c, bool left)
{
	struct value text = arg_text(c, 0), character = arg_text(c, 2);
	int64_t room = arg_num(c, 1), have = length(text);
	struct sink out = {.mem = c->ev->mem};

	if (length(character) != 1)
		return wrong(c, "one character is expected, not %s", shown(c->ev, character));
	if (!left)
		sink_add(&out, text);
	for (; have < room && !out.full; have++)
		sink_add(&out, character);
	if (left)
		sink_add(&out, text);
	return give_sink(c, &out);
}

int fn_padleft(struct call *c)
{
	return pad(c, true);
}

int fn_padright(struct call *c)
{
	return pad(c, false);
}

/* Bytes up to the next delimiter (delimiter: true) or the next character that is none. */
static size_t span(struct value text, struct value delimiters, bool delimiter)
{
	size_t at = 0;

	while (at < text.len) {
		struct value one = head((struct value){text.data + at, text.len - at}, 1);
		bool is = memmem(delimiters.data, delimiters.len, one.data, one.len) != NULL;
		if (is == delimiter)
			break;
		at += one.len;
	}
	return at;
}

/* A word is a run of characters that are no delimiters. */
int fn_word(struct call *c)
{
	struct value text = arg_text(c, 0), delimiters = arg_text(c, 2);
	int64_t n = arg_num(c, 1);

	if (n < 1)
		return give_str(c, empty());
	if (spend(c->ev, text.len * delimiters.len) < 0)
		return -1;
	for (;;) {
		size_t skip = span(text, delimiters, false);
		text.data += skip;
		text.len -= skip;
		size_t word = span(text, delimiters, true);
		if (word == 0 || --n == 0)
			return give_str(c, (struct value){text.data, word});
		text.data += word;
		text.len -= word;
	}
}
