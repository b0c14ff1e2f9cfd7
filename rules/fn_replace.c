#include <stdlib.h>
#include <string.h>

#include <unictype.h>
#include <unistr.h>

#include "base/utf8.h"
#include "rules/functions.h"

/* \n, \r and \t stand for the control characters; another backslash for itself. */
static struct value monikers(struct eval *ev, struct value v)
{
	static const char letters[] = "nrt", controls[] = "\n\r\t";
	char *to = arena_alloc(ev->mem, v.len);
	size_t len = 0;

	for (size_t i = 0; i < v.len; i++) {
		const char *letter = NULL;
		if (v.data[i] == '\\' && i + 1 < v.len)
			letter = memchr(letters, v.data[i + 1], 3);
		to[len++] = letter != NULL ? controls[letter - letters] : v.data[i];
		i += letter != NULL;
	}
	return (struct value){to, len};
}

static void replace(struct sink *out, struct value text, struct value old, struct value new)
{
	const char *at;

	while (old.len > 0 && text.len > 0 &&
		(at = memmem(text.data, text.len, old.data, old.len)) != NULL) {
		size_t before = (size_t)(at - text.data);
		sink_add(out, (struct value){text.data, before});
		sink_add(out, new);
		text.data += before + old.len;
		text.len -= before + old.len;
	}
	sink_add(out, text);
}

int fn_replace(struct call *c)
{
	struct value old = monikers(c->ev, arg_text(c, 1)), new = monikers(c->ev, arg_text(c, 2));
	struct sink out = {.mem = c->ev->mem};

	replace(&out, arg_text(c, 0), old, new);
	return give_sink(c, &out);
}

int fn_stripspaces(struct call *c)
{
	struct sink out = {.mem = c->ev->mem};

	replace(&out, arg_text(c, 0), value_of(" "), value_of(""));
	return give_sink(c, &out);
}

/* One pair of a pattern, "a:b". */
struct pair {
	ucs4_t from;
	struct value to;
};

static int by_from(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;

	return (left->from > right->from) - (left->from < right->from);
}

/* The pattern without its white space. */
static struct value squeezed(struct eval *ev, struct value v)
{
	char *to = arena_alloc(ev->mem, v.len);
	ucs4_t character;
	size_t len = 0;

	for (size_t i = 0; i < v.len;) {
		int n = u8_mbtouc(&character, (const uint8_t *)v.data + i, v.len - i);
		if (!uc_is_property_white_space(character)) {
			memcpy(to + len, v.data + i, (size_t)n);
			len += (size_t)n;
		}
		i += (size_t)n;
	}
	return (struct value){to, len};
}

/* "a:b": one character, a colon, any text without a colon. */
static int parse_pair(struct call *c, struct value text, struct pair *out)
{
	int n = text.len > 0 ? u8_mbtouc(&out->from, (const uint8_t *)text.data, text.len) : 0;
	size_t from = (size_t)n;

	if (from == 0 || out->from == ':' || from == text.len || text.data[from] != ':' ||
		memchr(text.data + from + 1, ':', text.len - from - 1) != NULL)
		return wrong(c, "%s is not of the form character:replacement", shown(c->ev, text));
	out->to = (struct value){text.data + from + 1, text.len - from - 1};
	return 0;
}

/* The pairs in order, each character once; -1 with the error set. */
static long parse_pattern(struct call *c, struct value pattern, struct pair **out)
{
	struct pair *pairs;
	size_t n = 1, done = 0;

	for (size_t i = 0; i < pattern.len; i++)
		n += pattern.data[i] == ',';
	*out = pairs = arena_alloc(c->ev->mem, n * sizeof(*pairs));
	for (const char *at = pattern.data, *end = at + pattern.len; done < n; done++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		struct value one = {at, (size_t)((comma != NULL ? comma : end) - at)};
		if (parse_pair(c, one, &pairs[done]) < 0)
			return -1;
		at = comma != NULL ? comma + 1 : end;
	}
	qsort(pairs, n, sizeof(*pairs), by_from);
	for (size_t i = 1; i < n; i++) {
		if (pairs[i].from == pairs[i - 1].from)
			return wrong(c,
				"the pattern has two replacements for one character: %s and %s",
				shown(c->ev, pairs[i - 1].to), shown(c->ev, pairs[i].to));
	}
	return (long)n;
}

int fn_replacechars(struct call *c)
{
	struct value text = arg_text(c, 0), pattern = squeezed(c->ev, arg_text(c, 1));
	struct sink out = {.mem = c->ev->mem};
	struct pair *pairs, key;
	long n;

	if (pattern.len == 0)
		return give_str(c, text);
	n = parse_pattern(c, pattern, &pairs);
	if (n < 0)
		return -1;
	for (size_t i = 0; i < text.len;) {
		int step = u8_mbtouc(&key.from, (const uint8_t *)text.data + i, text.len - i);
		const struct pair *found = bsearch(&key, pairs, (size_t)n, sizeof(*pairs), by_from);
		sink_add(&out,
			found != NULL ? found->to : (struct value){text.data + i, (size_t)step});
		i += (size_t)step;
	}
	return give_sink(c, &out);
}
