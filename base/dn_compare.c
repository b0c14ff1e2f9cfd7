/* Names as keys: when are two the same, and which lies below which? */
#include "base/dn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/utf8.h"

/* May it stand unescaped inside a plain name's value? */
static bool is_plain(char c)
{
	switch (c) {
	case ',':
	case '+':
	case '"':
	case '\\':
	case ';':
	case '<':
	case '>':
		return false;
	default:
		return c >= ' ' && c < 0x7f;
	}
}

/*
 * Nearly all names are plain: ASCII, one value an RDN, nothing escaped, no blanks around
 * separators. Lower-cased they are their own normal form, so that they need not be parsed. The
 * number of RDNs; 0 when the name is not plain.
 */
static unsigned plain_depth(struct value text)
{
	unsigned n = 0;

	if (text.len == 0)
		return 0;
	for (const char *at = text.data, *end = at + text.len; at < end; at++) {
		if (!ascii_letter(*at))
			return 0;
		while (at < end && (ascii_letter(*at) || ascii_digit(*at) || *at == '-'))
			at++;
		if (at == end || *at++ != '=')
			return 0;
		const char *value = at;
		while (at < end && is_plain(*at))
			at++;
		if (at > value && (*value == ' ' || *value == '#' || at[-1] == ' '))
			return 0;
		n++;
		if (at == end)
			return n;
		if (*at != ',')
			return 0;
	}
	return 0;
}

static int ava_order(const void *left, const void *right)
{
	const struct ava *a = left, *b = right;
	int type = strcmp(a->type, b->type);

	if (type != 0)
		return type;
	return a->ber != b->ber ? a->ber - b->ber : value_order(a->value, b->value);
}

static struct rdn rdn_fold(struct arena *mem, const struct rdn *from)
{
	struct rdn folded = {from->n, arena_alloc(mem, from->n * sizeof(*folded.avas))};

	for (unsigned i = 0; i < from->n; i++) {
		const struct ava *ava = &from->avas[i];
		folded.avas[i] = (struct ava){
			.type = utf8_fold(mem, value_of(ava->type)).data,
			.value = ava->ber ? ava->value : utf8_fold(mem, ava->value),
			.ber = ava->ber,
		};
	}
	qsort(folded.avas, folded.n, sizeof(*folded.avas), ava_order);
	return folded;
}

struct value dn_normal(struct arena *mem, struct value text)
{
	struct dn dn;
	struct err err;

	if (dn_parse(mem, text, &dn, &err) < 0)
		return (struct value){NULL, 0};
	for (unsigned i = 0; i < dn.n; i++)
		dn.rdns[i] = rdn_fold(mem, &dn.rdns[i]);
	return dn_print(mem, &dn);
}

uint64_t dn_key(struct value text)
{
	if (plain_depth(text) > 0)
		return hash_nocase(text.data, text.len, 0);
	struct arena *mem = arena_new();
	struct value normal = dn_normal(mem, text);
	uint64_t key = normal.data != NULL ? hash_nocase(normal.data, normal.len, 0)
					   : hash_bytes(text.data, text.len, 0);
	arena_free(mem);
	return key;
}

/* A plain name with its types in lower case. */
static uint64_t plain_digest(struct value text)
{
	char folded[512];
	bool type = true;

	for (size_t i = 0; i < text.len; i++) {
		const char c = text.data[i];
		folded[i] = type && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
		type = c == ',' || (type && c != '=');
	}
	return hash_bytes(folded, text.len, 0);
}

uint64_t dn_digest(struct value text)
{
	struct err ignored;
	struct dn dn;

	if (text.len <= 512 && plain_depth(text) > 0)
		return plain_digest(text);
	struct arena *mem = arena_new();
	uint64_t digest = hash_bytes(text.data, text.len, 0);
	if (dn_parse(mem, text, &dn, &ignored) == 0) {
		for (unsigned i = 0; i < dn.n; i++) {
			for (unsigned k = 0; k < dn.rdns[i].n; k++) {
				struct ava *a = &dn.rdns[i].avas[k];
				a->type = utf8_fold(mem, value_of(a->type)).data;
			}
		}
		struct value printed = dn_print(mem, &dn);
		digest = hash_bytes(printed.data, printed.len, 0);
	}
	arena_free(mem);
	return digest;
}

static bool ava_equal(const struct ava *a, const struct ava *b)
{
	if (a->ber != b->ber || strcasecmp(a->type, b->type) != 0)
		return false;
	return a->ber ? value_same(a->value, b->value) : utf8_same(a->value, b->value);
}

static bool rdn_equal(const struct rdn *a, const struct rdn *b)
{
	if (a->n != b->n)
		return false;
	if (a->n == 1)
		return ava_equal(a->avas, b->avas);
	struct arena *mem = arena_new();
	struct rdn x = rdn_fold(mem, a), y = rdn_fold(mem, b);
	bool equal = true;
	for (unsigned i = 0; i < x.n && equal; i++)
		equal = ava_order(&x.avas[i], &y.avas[i]) == 0;
	arena_free(mem);
	return equal;
}

/* Are the last n RDNs the same? */
static bool ends_equal(const struct dn *a, const struct dn *b, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		if (!rdn_equal(&a->rdns[a->n - i], &b->rdns[b->n - i]))
			return false;
	}
	return true;
}

bool dn_equal(const struct dn *a, const struct dn *b)
{
	return a->n == b->n && ends_equal(a, b, a->n);
}

bool dn_below(const struct dn *child, const struct dn *base)
{
	return child->n > base->n && ends_equal(child, base, base->n);
}

/* One RDN of a plain name. */
static bool plain_rdn_equal(const char *text, const char *end, const struct rdn *rdn)
{
	const char *equals = memchr(text, '=', (size_t)(end - text));
	size_t type = (size_t)(equals - text);

	if (rdn->n != 1 || rdn->avas->ber || strlen(rdn->avas->type) != type ||
		strncasecmp(text, rdn->avas->type, type) != 0)
		return false;
	return utf8_same((struct value){equals + 1, (size_t)(end - equals) - 1}, rdn->avas->value);
}

static bool plain_below(struct value child, unsigned depth, const struct dn *base)
{
	const char *at = child.data, *end = at + child.len;

	if (depth <= base->n)
		return false;
	for (unsigned i = 0; i < depth; i++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma != NULL ? comma : end;
		unsigned above = depth - base->n; /* RDNs that the base does not have */
		if (i >= above && !plain_rdn_equal(at, stop, &base->rdns[i - above]))
			return false;
		at = comma != NULL ? comma + 1 : end;
	}
	return true;
}

bool dn_text_below(struct value child, const struct dn *base)
{
	struct dn dn;
	struct err err;
	unsigned depth = plain_depth(child);

	if (depth > 0)
		return plain_below(child, depth, base);
	struct arena *mem = arena_new();
	bool below = dn_parse(mem, child, &dn, &err) == 0 && dn_below(&dn, base);
	arena_free(mem);
	return below;
}

bool dn_text_equal(struct value a, struct value b)
{
	struct dn x, y;
	struct err err;

	if (value_same(a, b))
		return true;
	if (plain_depth(a) > 0 && plain_depth(b) > 0)
		return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
	struct arena *mem = arena_new();
	bool equal = dn_parse(mem, a, &x, &err) == 0 && dn_parse(mem, b, &y, &err) == 0 &&
		     dn_equal(&x, &y);
	arena_free(mem);
	return equal;
}

unsigned dn_depth(struct value text)
{
	struct dn dn;
	struct err err;
	unsigned depth = plain_depth(text);

	if (depth > 0)
		return depth;
	struct arena *mem = arena_new();
	depth = dn_parse(mem, text, &dn, &err) == 0 ? dn.n : 0;
	arena_free(mem);
	return depth;
}

struct value dn_parent(struct value text)
{
	if (dn_depth(text) == 0)
		return text;
	const char *at = text.data, *end = at + text.len;
	while (at < end && *at != ',')
		at += *at == '\\' ? 2 : 1;
	if (at < end)
		at++;
	while (at < end && *at == ' ')
		at++;
	return (struct value){at, (size_t)(end - at)};
}

/* The parent points into the name: what stands before it, less the comma and blanks. */
struct value dn_leaf(struct value text)
{
	const struct value parent = dn_parent(text);

	if (parent.len == 0 || parent.data == text.data)
		return text;
	struct value rdn = {text.data, (size_t)(parent.data - text.data)};
	while (rdn.data[rdn.len - 1] == ' ')
		rdn.len--;
	rdn.len--;
	return rdn;
}
